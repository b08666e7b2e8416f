"""The shapes that several of the chart's values have, as JSON Schema; values.yaml names them."""

from __future__ import annotations

from typing import Any

_DNS_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/$defs/{name}"}


def _closed(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    shape = {"type": "object", "additionalProperties": False, "properties": properties}
    return {**shape, "required": list(required)} if required else shape


_TEXT = {"type": "string"}
_NAMES = {"type": "object", "additionalProperties": _TEXT}

SHAPES: dict[str, dict[str, Any]] = {
    # Kubernetes' own.
    "labels": _NAMES,
    "annotations": _NAMES,
    "quantity": {
        "description": "A Kubernetes quantity, for example 20Gi, 500m or 2.",
        "type": ["string", "integer"],
        "pattern": "^[0-9.]+([EPTGMk]i?|m)?$",
    },
    "quantities": {"type": "object", "additionalProperties": _reference("quantity")},
    "resources": _closed(
        {
            "requests": _reference("quantities"),
            "limits": _reference("quantities"),
            "claims": _reference("objects"),
        }
    ),
    "objects": {"type": "array", "items": {"type": "object"}},
    "named": {"type": "array", "items": {"type": "object", "required": ["name"]}},
    "mounts": {"type": "array", "items": {"type": "object", "required": ["name", "mountPath"]}},
    "accessModes": {
        "type": "array",
        "minItems": 1,
        "items": {"enum": ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"]},
    },
    "name": {"type": "string", "minLength": 1, "maxLength": 63, "pattern": f"^{_DNS_LABEL}$"},
    "nameOrEmpty": {"type": "string", "maxLength": 63, "pattern": f"^({_DNS_LABEL})?$"},
    "port": {"type": "integer", "minimum": 1, "maximum": 65535},
    "address": {"type": "string", "pattern": "^[0-9A-Fa-f.:]+/[0-9]{1,3}$"},
    "textOrNull": {"type": ["string", "null"]},
    "secretName": _closed({"name": _reference("name")}, "name"),
    # S3's.
    "bucket": {
        "type": "string",
        "minLength": 3,
        "maxLength": 63,
        "pattern": "^[a-z0-9][a-z0-9.-]*[a-z0-9]$",
    },
    "endpoint": {
        "description": "Scheme, host and port.",
        "type": "string",
        "pattern": "^(https?://[^/?#]+/?)?$",
    },
    # The chart's own.
    "image": _closed(
        {
            "repository": {"type": "string", "minLength": 1},
            "tag": _TEXT,
            "digest": {"type": "string", "pattern": "^(sha256:[0-9a-f]{64})?$"},
            "pullPolicy": {"enum": ["", "Always", "IfNotPresent", "Never"]},
        }
    ),
    "namespaceModelCache": _closed(
        {
            "create": {"type": "boolean"},
            "storageClassName": _reference("textOrNull"),
            "volumeName": _TEXT,
            "size": _reference("quantity"),
            "accessModes": _reference("accessModes"),
        }
    ),
    "priorityClasses": _closed(
        {level: _reference("textOrNull") for level in ("low", "normal", "high")}
    ),
    "profile": _closed(
        {
            "resources": {"type": "object", "additionalProperties": _reference("quantities")},
            "nodeSelector": _reference("labels"),
            "tolerations": _reference("objects"),
            "affinity": {"type": "object"},
            "podLabels": _reference("labels"),
            "podAnnotations": _reference("annotations"),
            "extraEnv": _reference("named"),
            "runtimeClassName": _TEXT,
            "priorityClassName": _TEXT,
            "image": _TEXT,
            "device": {"enum": ["auto", "cpu", "cuda"]},
            "precision": {"enum": ["auto", "float32", "bfloat16"]},
            "queueName": _TEXT,
        }
    ),
    "webhook": _closed(
        {
            "id": {"type": "string", "minLength": 1, "maxLength": 128},
            "url": {"type": "string", "pattern": "^https?://"},
            "token": {"type": "string", "minLength": 1},
        },
        "id",
        "url",
        "token",
    ),
    "apiKey": _closed(
        {
            "id": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"},
            "hash": {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"},
            "namespace": {"type": "string", "minLength": 1, "maxLength": 63},
            "owner": {"type": "string", "minLength": 1, "maxLength": 253},
            "permissions": {
                "type": "array",
                "minItems": 1,
                "items": {"enum": ["read", "create", "change", "delete", "manage"]},
            },
            "expires": _TEXT,
        },
        "id",
        "hash",
        "namespace",
        "owner",
        "permissions",
    ),
}
