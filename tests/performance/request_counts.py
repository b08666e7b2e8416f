"""Counts the requests that an API server answered, from its own metrics."""

import re
from collections import Counter

from performance.job_load import KubernetesConnection

_SAMPLE = re.compile(r"^apiserver_request_total\{(?P<labels>[^}]*)\} (?P<value>\S+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')
_RESOURCES = ("transcriptionjobs", "jobs", "secrets", "pods", "leases", "events")

Counts = Counter[str]
"""How many requests of a kind, for example `PUT transcriptionjobs/status`."""


def parse_counts(text: str) -> Counts:
    """Return the requests about what the operator works on, refused ones included."""
    counts: Counts = Counter()
    for sample in _SAMPLE.finditer(text):
        labels = dict(_LABEL.findall(sample["labels"]))
        if labels["resource"] in _RESOURCES and labels["verb"] != "WATCH":
            kind = "/".join(filter(None, (labels["resource"], labels["subresource"])))
            counts[f"{labels['verb']} {kind}"] += int(float(sample["value"]))
    return counts


async def read_counts(kubernetes: KubernetesConnection) -> Counts:
    """Ask the API server how much it has answered so far."""
    return parse_counts(await kubernetes.read_text("/metrics"))
