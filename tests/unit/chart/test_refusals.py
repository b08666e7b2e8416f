"""Values that make no sense are refused in words that say what to do."""

from typing import Any

import pytest

from support.chart import NAMESPACE, STORE, Chart, RenderingRefused


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
        "a storage user beside an identity",
        storage(workloadIdentity={"enabled": True}),
        "objectStorage has both a workloadIdentity and a storage user: which holds? Leave one out.",
    ),
    (
        "a bundled store that would have to know the cluster's identities",
        {"minio": {"enabled": True}, "objectStorage": {"workloadIdentity": {"enabled": True}}},
        "objectStorage.workloadIdentity is for stores that know the cluster's identities, which "
        "minio.enabled's does not.",
    ),
    (
        "nobody to make the bucket by",
        storage(
            accessKey="", secretKey="", workloadIdentity={"enabled": True}, setup={"enabled": True}
        ),
        "objectStorage.setup has nobody to make the bucket by: with a workloadIdentity, name its "
        "own existingSecret, or make the bucket yourself.",
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
            "allowedWebhooks": {
                "existingSecret": "webhooks",
                "webhooks": [{"id": "a", "url": "https://a.example", "token": "t"}],
            },
        },
        "allowedWebhooks has both an existingSecret and a list: which holds? Leave one out.",
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
        "users of a proxy that is not named",
        {**STORE, "api": {"authentication": {"modes": ["forwarded-user"]}}},
        "api.authentication.modes has `forwarded-user` exactly where "
        "api.authentication.forwardedUser.trustedProxies names who is believed: add what is "
        "missing.",
    ),
    (
        "a proxy that lets nobody in",
        {
            **STORE,
            "api": {"authentication": {"forwardedUser": {"trustedProxies": ["10.0.3.7/32"]}}},
        },
        "api.authentication.modes has `forwarded-user` exactly where "
        "api.authentication.forwardedUser.trustedProxies names who is believed: add what is "
        "missing.",
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
        "models that there is nowhere to put",
        {**STORE, "modelCache": {"enabled": False, "pull": {"models": ["base"]}}},
        "modelCache.pull names models, but modelCache.enabled is false: there is nowhere to put "
        "them.",
    ),
    (
        "models that come by an image already",
        {**STORE, "modelCache": {"image": "models:1", "pull": {"models": ["base"]}}},
        "modelCache.pull names models, but modelCache.image brings them already: leave one out.",
    ),
    (
        "models for a claim that nothing may write to",
        {
            **STORE,
            "modelCache": {"accessModes": ["ReadOnlyMany"], "pull": {"models": ["base"]}},
        },
        'modelCache.pull names models, but nothing may write to the claim of "waas-jobs": its '
        "accessModes are ReadOnlyMany.",
    ),
    (
        "a route of no Gateway",
        {**STORE, "api": {"route": {"enabled": True}}},
        "api.route.enabled is true, but api.route.parentRefs names no Gateway that the route "
        "belongs to.",
    ),
    (
        "fewer at most than at least",
        {
            **STORE,
            "api": {"autoscaling": {"enabled": True, "minReplicas": 3, "maxReplicas": 2}},
        },
        "api.autoscaling.minReplicas is 3, more than maxReplicas (2).",
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
        {"jobNamespaces": [{"name": "a", "quotas": 1}]},
        "at '/jobNamespaces/0': additional properties 'quotas' not allowed",
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


@pytest.mark.parametrize("version", ["v1.34.0", "v1.34.2-gke.1", "v1.37.1"])
def test_cluster_that_is_new_enough_is_taken(chart: Chart, version: str) -> None:
    assert chart.render(kubernetes=version)


@pytest.mark.parametrize("version", ["v1.33.9", "v1.33.5-eks-1"])
def test_cluster_that_is_too_old_is_refused(chart: Chart, version: str) -> None:
    with pytest.raises(RenderingRefused, match=r"requires kubeVersion: >=1\.34\.0-0"):
        chart.render(kubernetes=version)
