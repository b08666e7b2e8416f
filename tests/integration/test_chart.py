"""The chart on a real API server: admission, rights, upgrade, and what stays when it goes."""

import io
import json
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from minio import Minio
from minio.error import S3Error

from cluster import minio_server as minio_servers
from cluster.control_plane import ControlPlane
from cluster.errors import BinaryUnavailable
from cluster.fixtures import GetBinaries
from cluster.helm import helm_command
from cluster.minio_server import MinioServer
from support.chart import CHART, Chart, container
from support.installation import Installation
from support.kubernetes_api import (
    KubernetesApi,
    Refusal,
    Resource,
    jobs_path,
    pods_path,
    transcription_job_resource,
    transcription_jobs_path,
)
from support.service import (
    API_RULES,
    BUCKET,
    HELD_LEASE_RULES,
    OPERATOR_RULES,
    REVIEW_RULES,
    Program,
    free_port,
)
from support.waiting import wait_until

pytestmark = pytest.mark.integration

RESTRICTED = {
    f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")
}
WITH_MINIO = {"minio": {"enabled": True, "persistence": {"enabled": False}}}


@pytest.fixture
def installation(
    control_plane: ControlPlane, kubernetes_api: KubernetesApi, tmp_path: Path
) -> Iterator[Installation]:
    """A place for a release, in a namespace that enforces Pod Security `restricted`."""
    try:
        helm = helm_command()
    except BinaryUnavailable as error:
        pytest.skip(str(error))
    suffix = secrets.token_hex(4)
    found = Installation(
        helm,
        control_plane,
        kubernetes_api,
        namespace=f"release-{suffix}",
        job_namespace=f"jobs-{suffix}",
        folder=tmp_path,
    )
    metadata = {"name": found.namespace, "labels": RESTRICTED}
    kubernetes_api.create_namespace(metadata)
    yield found
    found.remove()


@pytest.fixture
def store_values(minio_server: MinioServer, object_store: Minio) -> dict[str, Any]:  # noqa: ARG001
    """Values for the tests' store, in which the bucket is made."""
    return {
        "objectStorage": {
            "endpoint": f"http://{minio_server.endpoint}",
            "bucket": BUCKET,
            "accessKey": minio_server.access_key,
            "secretKey": minio_server.secret_key,
        }
    }


def test_notes_name_the_next_commands(installation: Installation) -> None:
    notes = installation.install(WITH_MINIO)

    release, jobs = installation.namespace, installation.job_namespace
    for command in (
        f"kubectl --namespace {release} rollout status deployment/waas-api",
        f"kubectl --namespace {release} port-forward service/waas-api 3000:80",
        f"kubectl --namespace {jobs} create serviceaccount reporter",
        f"kubectl --namespace {jobs} create rolebinding reporter --role waas-user",
        f"key=$(kubectl --namespace {jobs} create token reporter --audience waas)",
        "--header 'Content-Type: audio/mpeg' --data-binary @recording.mp3",
        f"kubectl --namespace {jobs} get transcriptionjobs --watch",
        f"helm test --namespace {release} waas",
    ):
        assert command in notes


def test_pods_are_admitted_where_pod_security_is_restricted(installation: Installation) -> None:
    webhooks = [{"id": "desk", "url": "https://desk.example", "token": "t0ken"}]
    installation.install(
        {**WITH_MINIO, "api": {"replicas": 2}, "allowedWebhooks": {"webhooks": webhooks}}
    )

    installation.wait_for_pods(api=2, operator=2, minio=1)
    assert installation.complaints(installation.namespace) == []


@pytest.mark.parametrize("kind", ["namespace", "job_namespace"])
def test_other_pods_are_not_admitted_there(installation: Installation, kind: str) -> None:
    installation.install(WITH_MINIO)
    pod = {
        "metadata": {"name": "careless"},
        "spec": {"containers": [{"name": "main", "image": "careless"}]},
    }

    with pytest.raises(Refusal, match='violates PodSecurity "restricted'):
        installation.api.create(pods_path(getattr(installation, kind)), pod)


def test_pod_that_fills_the_model_cache_is_admitted(installation: Installation) -> None:
    installation.install(WITH_MINIO)
    [pod] = (
        document
        for block in re.findall(r"```yaml\n(.*?)```", (CHART / "README.md").read_text(), re.DOTALL)
        if (document := yaml.safe_load(block)).get("kind") == "Pod"
    )

    made = installation.api.create(pods_path(installation.job_namespace), pod)

    [volume] = made["spec"]["volumes"]
    claims = f"/api/v1/namespaces/{installation.job_namespace}/persistentvolumeclaims"
    assert installation.api.get(f"{claims}/{volume['persistentVolumeClaim']['claimName']}")


def review_rules(
    installation: Installation, component: str, namespace: str
) -> set[tuple[str, str, str]]:
    """Return what a ServiceAccount may do in a namespace as group, resource and verb."""
    path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
    with closing(KubernetesApi(installation.kubeconfig_of(component))) as api:
        review = api.create(path, {"spec": {"namespace": namespace}})
    return flatten(review["status"]["resourceRules"])


def flatten(rules: list[Resource]) -> set[tuple[str, str, str]]:
    return {
        (group, resource, verb)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


@pytest.mark.parametrize(
    ("component", "rules", "own_rules"),
    [("api", API_RULES, []), ("operator", OPERATOR_RULES, HELD_LEASE_RULES)],
)
def test_service_account_has_the_rights_of_its_program_and_no_others(
    installation: Installation, component: str, rules: list[Resource], own_rules: list[Resource]
) -> None:
    installation.install(WITH_MINIO)
    jobs = installation.job_namespace

    everybodys = review_rules(installation, "stranger", jobs)
    everywhere = flatten(REVIEW_RULES) if component == "api" else set()
    assert review_rules(installation, component, jobs) - everybodys == flatten(rules) | everywhere
    own = review_rules(installation, component, installation.namespace)
    assert own - everybodys == flatten(own_rules) | everywhere


def run(installation: Installation, component: str, **variables: str) -> Program:
    """Run a program as its pod would: as its ServiceAccount, in its container's environment."""
    return Program(
        [str(Path(sys.executable).with_name(f"waas-{component}"))],
        {
            "KUBECONFIG": str(installation.kubeconfig_of(component)),
            **installation.variables_of(installation.deployment(component)),
            **variables,
        },
        installation.folder / f"{component}.log",
    )


def answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.TransportError:
        return False


def make_reporter(installation: Installation) -> str:
    """Give somebody the rights of a user, as the notes say; returns their token."""
    jobs = installation.job_namespace
    accounts = f"/api/v1/namespaces/{jobs}/serviceaccounts"
    rbac = "rbac.authorization.k8s.io"
    installation.api.create(accounts, {"metadata": {"name": "reporter"}})
    installation.api.create(
        f"/apis/{rbac}/v1/namespaces/{jobs}/rolebindings",
        {
            "metadata": {"name": "reporter"},
            "roleRef": {"apiGroup": rbac, "kind": "Role", "name": "waas-user"},
            "subjects": [{"kind": "ServiceAccount", "name": "reporter", "namespace": jobs}],
        },
    )
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest"}
    answer = installation.api.create(
        f"{accounts}/reporter/token", {**request, "spec": {"audiences": ["waas"]}}
    )
    token: str = answer["status"]["token"]
    return token


def test_programs_make_a_pod_of_an_upload_with_what_the_chart_gives_them(
    installation: Installation, store_values: dict[str, Any]
) -> None:
    installation.install(store_values)
    port, health_port = free_port(), free_port()
    api, health = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{health_port}"
    programs = [
        run(installation, "api", WAAS_PORT=str(port), WAAS_HOST="127.0.0.1"),
        run(installation, "operator", WAAS_HEALTH_PORT=str(health_port)),
    ]
    try:
        wait_until(
            lambda: answers(f"{api}/readyz") and answers(f"{health}/readyz"),
            "both programs are ready",
        )
        login = {"Authorization": f"Bearer {make_reporter(installation)}"}
        address = f"{api}/v1/transcribe?email_callback="
        assert httpx.post(address, content=b"speech").status_code == 401
        answer = httpx.post(address, content=b"speech", headers=login)
        assert answer.status_code == 201, answer.text

        def find_pods() -> list[Resource]:
            return installation.api.items(pods_path(installation.job_namespace))

        [pod] = wait_until(find_pods, "the Job has its pod")
        assert pod["spec"]["containers"][0]["image"] == "waas-job:0.1.0"
        claim = {"claimName": "waas-models", "readOnly": True}
        assert {"name": "models", "persistentVolumeClaim": claim} in pod["spec"]["volumes"]
        assert installation.complaints(installation.job_namespace) == []
    finally:
        for program in programs:
            program.stop()


def test_bundled_store_is_prepared_by_the_job_of_the_release(
    installation: Installation, cluster_binaries: GetBinaries
) -> None:
    installation.install(WITH_MINIO)
    deployment, setup = installation.deployment("minio"), installation.job("store-setup")
    server = container(deployment)
    address = f"127.0.0.1:{free_port()}"
    data = {each["mountPath"]: installation.folder / "data" for each in server["volumeMounts"]}
    arguments = [str(data.get(each, each)).replace(":9000", address) for each in server["args"]]
    program = Program(
        [str(cluster_binaries([minio_servers.NAME])[minio_servers.NAME]), *arguments],
        installation.variables_of(deployment),
        installation.folder / "minio.log",
    )
    try:
        # It need not wait for the store: the program does.
        [command] = container(setup)["command"]
        variables = installation.variables_of(setup)
        prepared = subprocess.run(
            [Path(sys.executable).with_name(command)],
            env={**variables, "WAAS_S3_ENDPOINT": f"http://{address}"},
            check=False,
        )
        assert prepared.returncode == 0
        user = installation.read_secret("waas-object-storage")
        store = Minio(
            address, user["access-key"], user["secret-key"], secure=False, region="us-east-1"
        )
        store.put_object("waas", "jobs/a.txt", io.BytesIO(b"speech"), 6)
        with pytest.raises(S3Error, match="AccessDenied"):
            store.make_bucket("mine")
    finally:
        program.stop()


# Kinds that a cluster has from somebody else.
OTHERS = {"monitoring.coreos.com", "gateway.networking.k8s.io", "kueue.x-k8s.io"}


@pytest.mark.parametrize(
    "values", sorted(CHART.glob("ci/*-values.yaml")), ids=lambda path: path.stem
)
def test_api_server_takes_all_that_the_values_make(
    values: Path, installation: Installation, kubectl: list[str]
) -> None:
    rendered = Chart(installation.helm).render(
        yaml.safe_load(values.read_text()), namespace=installation.namespace
    )
    for namespace in rendered.of_kind("Namespace"):
        if installation.api.find(f"/api/v1/namespaces/{namespace['metadata']['name']}") is None:
            installation.api.create_namespace(namespace["metadata"])
    # A pod is asked for its ServiceAccount even where nothing is made.
    [test] = rendered.of_kind("Pod")
    installation.api.create(
        f"/api/v1/namespaces/{installation.namespace}/serviceaccounts",
        {"metadata": {"name": test["spec"]["serviceAccountName"]}},
    )
    ours = [each for each in rendered.resources if each["apiVersion"].split("/")[0] not in OTHERS]
    assert len(ours) > 15

    result = subprocess.run(
        [
            *(*kubectl, "apply", "--server-side", "--dry-run=server", "--validate=strict"),
            *("--force-conflicts", "--output=name", "--filename=-"),
        ],
        input="\n---\n".join(json.dumps(each) for each in ours),
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stderr
    # Pod Security warns of what it would not admit.
    assert "would violate" not in result.stderr
    assert len(result.stdout.splitlines()) == len(ours)


def test_upgrade_restarts_only_whose_settings_changed(installation: Installation) -> None:
    installation.install(WITH_MINIO)
    before = {each["metadata"]["name"]: each for each in installation.deployments()}
    password = installation.read_secret("waas-object-storage")

    installation.upgrade({**WITH_MINIO, "api": {"settings": {"uploadsAtOnce": 3}}})

    after = {each["metadata"]["name"]: each for each in installation.deployments()}
    restarted = {
        name
        for name in before
        if before[name]["spec"]["template"] != after[name]["spec"]["template"]
    }
    assert restarted == {"waas-api"}
    assert installation.read_secret("waas-object-storage") == password


def test_uninstall_leaves_what_people_made_and_a_new_install_finds_it(
    installation: Installation,
) -> None:
    installation.install(WITH_MINIO)
    jobs = installation.job_namespace
    recording = transcription_job_resource("interview", source={"key": f"{jobs}/interview.mp3"})
    made = installation.api.create(transcription_jobs_path(jobs), recording)

    installation.uninstall()

    assert installation.deployments() == []
    assert (
        installation.api.find(
            f"/apis/rbac.authorization.k8s.io/v1/namespaces/{jobs}/roles/waas-api"
        )
        is None
    )
    claims = installation.api.items(f"/api/v1/namespaces/{jobs}/persistentvolumeclaims")
    assert [each["metadata"]["name"] for each in claims] == ["waas-models"]

    installation.install(WITH_MINIO)

    kept = installation.api.get(transcription_jobs_path(jobs, "interview"))
    assert kept["metadata"]["uid"] == made["metadata"]["uid"]
    assert installation.api.items(jobs_path(jobs)) == []
