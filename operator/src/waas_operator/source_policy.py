"""Which audio a namespace may read: the operator must be no confused deputy.

The operator signs URLs with rights over the whole store, so it signs only what the resource's own
namespace could have put there, however the resource came to be.
"""

from collections.abc import Mapping, Sequence

from waas_contract.object_keys import tenant_prefix
from waas_contract.transcription_job import Source


def explain_forbidden_source(
    source: Source, namespace: str, *, listed_buckets: Mapping[str, Sequence[str]], own_bucket: str
) -> str | None:
    """Return why a source may not be read, or None where it may."""
    if source.bucket is not None and source.bucket != own_bucket:
        if source.bucket in listed_buckets.get(namespace, ()):
            return None
        return (
            f"spec.source.bucket: an administrator has not listed bucket '{source.bucket}' "
            f"for namespace '{namespace}'"
        )
    prefix = tenant_prefix(namespace)
    if not source.key.startswith(prefix) or ".." in source.key.split("/"):
        return f"spec.source.key: must begin with '{prefix}', the prefix of its own namespace"
    return None
