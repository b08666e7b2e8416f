"""Every pod of ours may run in a namespace that enforces Pod Security `restricted`."""

from collections.abc import Callable
from typing import Any

import pytest

from support.builders import make_settings, make_transcription_job
from waas_operator.job_manifest import build_job
from waas_operator.settings import Profile

SETTINGS = make_settings(
    model_cache_claim="models",
    profiles={
        "default": Profile(),
        "gpu": Profile(
            resources={"limits": {"nvidia.com/gpu": 1}},
            tolerations=({"key": "nvidia.com/gpu", "operator": "Exists"},),
            runtime_class_name="nvidia",
            device="cuda",
        ),
    },
)

Pod = dict[str, Any]
ALLOWED_VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
}


def containers(pod: Pod) -> list[dict[str, Any]]:
    return [
        *pod["containers"],
        *pod.get("initContainers", []),
        *pod.get("ephemeralContainers", []),
    ]


def contexts(pod: Pod) -> list[dict[str, Any]]:
    return [pod["securityContext"], *(each["securityContext"] for each in containers(pod))]


# https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
RESTRICTED: list[tuple[str, Callable[[Pod], bool]]] = [
    (
        "no namespace of the host is shared",
        lambda pod: not any(pod.get(each) for each in ("hostNetwork", "hostPID", "hostIPC")),
    ),
    (
        "no port of the host is taken",
        lambda pod: not any("hostPort" in p for c in containers(pod) for p in c.get("ports", [])),
    ),
    (
        "no container is privileged or a Windows host process",
        lambda pod: not any("privileged" in c or "windowsOptions" in c for c in contexts(pod)),
    ),
    (
        "SELinux, AppArmor, /proc and sysctls are left alone",
        lambda pod: (
            not any(
                {"seLinuxOptions", "appArmorProfile", "procMount", "sysctls"} & context.keys()
                for context in contexts(pod)
            )
        ),
    ),
    (
        "every volume is of a harmless kind",
        lambda pod: all((v.keys() - {"name"}) <= ALLOWED_VOLUMES for v in pod["volumes"]),
    ),
    (
        "no container can gain privileges",
        lambda pod: all(
            each["securityContext"]["allowPrivilegeEscalation"] is False for each in containers(pod)
        ),
    ),
    (
        "every container drops all capabilities and adds none",
        lambda pod: all(
            each["securityContext"]["capabilities"] == {"drop": ["ALL"]} for each in containers(pod)
        ),
    ),
    (
        "nothing runs as root",
        lambda pod: (
            pod["securityContext"]["runAsNonRoot"] is True
            and all(context.get("runAsUser", 1) != 0 for context in contexts(pod))
        ),
    ),
    (
        "system calls are filtered",
        lambda pod: pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"},
    ),
]


@pytest.mark.parametrize("is_kept", [pytest.param(case[1], id=case[0]) for case in RESTRICTED])
@pytest.mark.parametrize(
    "job",
    [
        build_job(make_transcription_job(profile="gpu"), SETTINGS),
        build_job(make_transcription_job(), SETTINGS),
    ],
    ids=["gpu", "cpu"],
)
def test_pods_keep_the_rules_of_pod_security_restricted(
    job: dict[str, Any], is_kept: Callable[[Pod], bool]
) -> None:
    assert is_kept(job["spec"]["template"]["spec"])
