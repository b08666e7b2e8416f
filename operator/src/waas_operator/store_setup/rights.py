"""The storage user's rights: as few as api, operator and jobs' URLs need. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

# Without the right to list, a missing object looks like a forbidden one.
_READ_BUCKET = ["s3:GetBucketLocation", "s3:ListBucket"]
_USE_BUCKET = [*_READ_BUCKET, "s3:ListBucketMultipartUploads"]
_READ_OBJECT = ["s3:GetObject"]
_USE_OBJECT = [
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
]


def build_policy(bucket: str, source_buckets: Sequence[str]) -> dict[str, Any]:
    """Returns the policy, in AWS's language, of who uses one bucket and reads others."""
    statements = [
        _allow(_USE_BUCKET, _bucket(bucket)),
        _allow(_USE_OBJECT, _objects(bucket)),
    ]
    if source_buckets:
        statements += [
            _allow(_READ_BUCKET, *map(_bucket, source_buckets)),
            _allow(_READ_OBJECT, *map(_objects, source_buckets)),
        ]
    return {"Version": "2012-10-17", "Statement": statements}


def _allow(actions: Sequence[str], *resources: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}


def _bucket(name: str) -> str:
    return f"arn:aws:s3:::{name}"


def _objects(bucket: str) -> str:
    return f"{_bucket(bucket)}/*"
