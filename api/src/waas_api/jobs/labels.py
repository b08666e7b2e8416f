"""Labels that people give their jobs: Kubernetes' rules, and none of the system's own."""

import re
from collections.abc import Mapping

from waas_api.errors import Fault
from waas_contract.transcription_job import GROUP

MOST_LABELS = 32
_LONGEST_PREFIX = 253
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_PREFIX = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_RESERVED_DOMAINS = (GROUP, "kubernetes.io", "k8s.io", "x-k8s.io")


def find_label_faults(labels: Mapping[str, str]) -> list[Fault]:
    """Return what keeps labels from being a TranscriptionJob's."""
    if len(labels) > MOST_LABELS:
        return [Fault("labels", f"at most {MOST_LABELS} labels")]
    faults = []
    for key, value in labels.items():
        prefix, slash, name = key.rpartition("/")
        if slash and not (_PREFIX.fullmatch(prefix) and len(prefix) <= _LONGEST_PREFIX):
            faults.append(Fault(f"labels.{key}", "before '/' comes a DNS name in lower case"))
        elif _is_reserved(prefix):
            faults.append(Fault(f"labels.{key}", f"{prefix}/ is the system's own; take another"))
        if not _NAME.fullmatch(name):
            faults.append(
                Fault(f"labels.{key}", "a key has 1 to 63 letters, digits, '-', '_' and '.'")
            )
        if value and not _NAME.fullmatch(value):
            faults.append(
                Fault(f"labels.{key}", "a value has up to 63 letters, digits, '-', '_' and '.'")
            )
    return faults


def _is_reserved(prefix: str) -> bool:
    return any(prefix == each or prefix.endswith(f".{each}") for each in _RESERVED_DOMAINS)


def clients_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """Return the labels without the system's own."""
    return {key: value for key, value in labels.items() if not _is_reserved(key.rpartition("/")[0])}
