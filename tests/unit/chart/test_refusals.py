"""Values that make no sense are refused in words that say what to do."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from support.chart import CHART, NAMESPACE, STORE, Chart, RenderingRefused


def storage(**changes: Any) -> dict[str, Any]:
    return {"objectStorage": {**STORE["objectStorage"], **changes}}


API_KEY = {
    "id": "desk",
    "hash": f"sha256:{'0' * 64}",
    "namespace": "newsroom",
    "owner": "desk",
    "permissions": ["read"],
}
NONSENSE: list[tuple[str, dict[str, Any], str]] = [
    (
        "no job namespace",
        {**STORE, "jobNamespaces": []},
        "jobNamespaces is empty: name at least one namespace in which TranscriptionJobs shall run.",
    ),
    (
        "a job namespace twice",
        {**STORE, "jobNamespaces": [{"name": "newsroom"}, {"name": "newsroom"}]},
        'jobNamespaces names "newsroom" twice.',
    ),
    (
        "jobs beside the service",
        {**STORE, "jobNamespaces": [{"name": NAMESPACE}]},
        'jobNamespaces names "waas-system", the namespace of the release itself: whoever may make '
        "TranscriptionJobs there would come near the storage password. Install the release into "
        "another namespace.",
    ),
    (
        "an api for a namespace that nobody serves",
        {**STORE, "jobNamespaces": [{"name": "newsroom"}], "api": {"namespace": "radio"}},
        'api.namespace is "radio", which jobNamespaces does not list (newsroom).',
    ),
    (
        "no store",
        storage(endpoint=""),
        "objectStorage.endpoint is empty: name your S3 server, or set minio.enabled for an "
        "evaluation.",
    ),
    (
        "no storage user",
        storage(secretKey=""),
        "objectStorage names no storage user: set accessKey and secretKey, or existingSecret.",
    ),
    (
        "two storage users",
        storage(existingSecret="store-user"),
        "objectStorage has both an existingSecret and keys of its own: which is the storage user? "
        "Leave one out.",
    ),
    (
        "a password that MinIO refuses",
        {**storage(secretKey="1234567"), "minio": {"enabled": True}},
        "objectStorage.secretKey is shorter than the 8 characters that MinIO asks for.",
    ),
    (
        "two lists of webhooks",
        {
            **STORE,
            "api": {
                "allowedWebhooks": {
                    "existingSecret": "webhooks",
                    "webhooks": [{"id": "a", "url": "https://a.example", "token": "t"}],
                }
            },
        },
        "api.allowedWebhooks has both an existingSecret and a list: which holds? Leave one out.",
    ),
    (
        "a login that nobody needs",
        {**STORE, "api": {"authentication": {"modes": ["none", "kubernetes"]}}},
        "api.authentication.modes has `none` beside a login, which nobody would need then.",
    ),
    (
        "keys that nobody has made",
        {**STORE, "api": {"authentication": {"modes": ["api-keys"]}}},
        "api.authentication.modes has `api-keys`, but there are none: set "
        "api.authentication.apiKeys.keys or existingSecret.",
    ),
    (
        "keys that let nobody in",
        {**STORE, "api": {"authentication": {"apiKeys": {"existingSecret": "keys"}}}},
        "api.authentication.apiKeys has keys that let nobody in: add `api-keys` to "
        "api.authentication.modes.",
    ),
    (
        "two lists of keys",
        {
            **STORE,
            "api": {
                "authentication": {
                    "modes": ["api-keys"],
                    "apiKeys": {"existingSecret": "keys", "keys": [API_KEY]},
                }
            },
        },
        "api.authentication.apiKeys has both an existingSecret and a list: which holds? Leave one "
        "out.",
    ),
    (
        "a key for a namespace that nobody serves",
        {
            **STORE,
            "jobNamespaces": [{"name": "radio"}],
            "api": {"authentication": {"modes": ["api-keys"], "apiKeys": {"keys": [API_KEY]}}},
        },
        'api.authentication.apiKeys: the key "desk" is for the namespace "newsroom", which '
        "jobNamespaces does not list.",
    ),
    (
        "no default profile",
        {**STORE, "jobs": {"profiles": {"default": None, "gpu": {}}}},
        "jobs.profiles has no `default`, which a TranscriptionJob gets that names none.",
    ),
]


@pytest.mark.parametrize(
    ("values", "sentence"), [pytest.param(*case[1:], id=case[0]) for case in NONSENSE]
)
def test_nonsense_is_refused_in_a_sentence(
    chart: Chart, values: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(RenderingRefused) as refused:
        chart.render(values)

    assert sentence in str(refused.value)


MISTAKES: list[tuple[str, dict[str, Any], str]] = [
    ("an unknown value", {"replicas": 2}, "additional properties 'replicas' not allowed"),
    (
        "an unknown setting",
        {"api": {"settings": {"uploads_at_once": 2}}},
        "at '/api/settings': additional properties 'uploads_at_once' not allowed",
    ),
    (
        "an unknown field of a namespace",
        {"jobNamespaces": [{"name": "a", "quota": 1}]},
        "at '/jobNamespaces/0': additional properties 'quota' not allowed",
    ),
    (
        "an unknown field of a profile",
        {"jobs": {"profiles": {"gpu": {"gpus": 1}}}},
        "at '/jobs/profiles/gpu': additional properties 'gpus' not allowed",
    ),
    ("a namespace without a name", {"jobNamespaces": [{}]}, "missing property 'name'"),
    ("a name that no namespace may have", {"jobNamespaces": [{"name": "A"}]}, "'A' does not match"),
    ("an address with a path", storage(endpoint="http://s3/x"), "at '/objectStorage/endpoint'"),
    ("an address without a scheme", storage(endpoint="s3:9000"), "at '/objectStorage/endpoint'"),
    (
        "a part that S3 refuses",
        {"api": {"settings": {"uploadPartBytes": 1048576}}},
        "at '/api/settings/uploadPartBytes': minimum",
    ),
    (
        "URLs that live longer than S3 allows",
        {"operator": {"settings": {"urlLifetimeSeconds": 604801}}},
        "at '/operator/settings/urlLifetimeSeconds': maximum",
    ),
    ("a digest that is none", {"api": {"image": {"digest": "latest"}}}, "at '/api/image/digest'"),
    ("a text for a number", {"api": {"replicas": "two"}}, "got string, want integer"),
]


@pytest.mark.parametrize(
    ("values", "words"), [pytest.param(*case[1:], id=case[0]) for case in MISTAKES]
)
def test_mistake_is_refused_with_its_place(
    chart: Chart, values: dict[str, Any], words: str
) -> None:
    with pytest.raises(RenderingRefused) as refused:
        chart.render({**STORE, **values})

    assert words in str(refused.value)


def test_values_of_a_larger_chart_are_let_through(chart: Chart) -> None:
    assert chart.render({**STORE, "global": {"anything": 1}})


SCHEMA = json.loads((CHART / "values.schema.json").read_text())

# What is the user's own below these is not described.
FREE = {"profiles"}


def described(schema: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Yield the path of every value in the schema."""
    if "$ref" in schema:
        schema = SCHEMA["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    if schema.get("type") == "array":
        yield from described(schema["items"], path)
    for name, each in schema.get("properties", {}).items():
        yield f"{path}/{name}"
        if name not in FREE:
            yield from described(each, f"{path}/{name}")


def written(values: object, path: str = "") -> Iterator[str]:
    """Yield the path of every value in values.yaml."""
    if isinstance(values, list):
        for item in values:
            yield from written(item, path)
    elif isinstance(values, dict):
        for name, each in values.items():
            yield f"{path}/{name}"
            if name not in FREE:
                yield from written(each, f"{path}/{name}")


def test_values_file_and_schema_know_the_same_values() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    # Lists and maps that are empty by default: the README and the comments tell of their items.
    inside_empty = (
        "/global",
        "/imagePullSecrets/",
        "/jobNamespaces/modelCache/",
        "/api/allowedWebhooks/webhooks/",
        "/api/authentication/apiKeys/keys/",
        "/jobs/priorityClasses/",
    )
    in_schema = {each for each in described(SCHEMA) if not each.startswith(inside_empty)}
    in_values = set(written(values))

    # Of resources, Kubernetes knows kinds that have no default here.
    in_schema = {each for each in in_schema if "/resources/" not in each}
    in_values = {each for each in in_values if "/resources/" not in each}
    assert in_values == in_schema
