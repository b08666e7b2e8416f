"""Names of resources, whatever the release is called."""

import hashlib
import re

import pytest
import yaml

from support.chart import CHART, STORE, Chart

DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
LONGEST_RELEASE = "r" * 53  # Helm takes no longer one
ENDS_IN_DASH = f"{'r' * 30}-{'s' * 20}"


def digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:8]


NAMES: list[tuple[str, str, dict[str, str], str]] = [
    ("a release named as the chart", "waas", {}, "waas"),
    ("a release with the chart's name in it", "my-waas", {}, "my-waas"),
    ("another release", "speech", {}, "speech-waas"),
    ("another name", "speech", {"nameOverride": "text"}, "speech-text"),
    ("a name of its own", "speech", {"fullnameOverride": "scribe"}, "scribe"),
    ("the longest release", LONGEST_RELEASE, {}, f"{'r' * 31}-{digest(f'{LONGEST_RELEASE}-waas')}"),
    (
        "a name cut at a dash",
        ENDS_IN_DASH,
        {},
        f"{'r' * 30}-{digest(f'{ENDS_IN_DASH}-waas')}",
    ),
]


@pytest.mark.parametrize(
    ("release", "values", "beginning"), [pytest.param(*case[1:], id=case[0]) for case in NAMES]
)
def test_names_begin_with_release_and_chart(
    chart: Chart, release: str, values: dict[str, str], beginning: str
) -> None:
    manifests = chart.render({**STORE, **values}, release=release)

    assert sorted(manifests.names("Deployment")) == [f"{beginning}-api", f"{beginning}-operator"]


@pytest.mark.parametrize("values", [{}, {"fullnameOverride": "f" * 63}, {"nameOverride": "n" * 63}])
def test_names_and_labels_fit_for_the_longest_release(chart: Chart, values: dict[str, str]) -> None:
    webhooks = [{"id": "desk", "url": "https://desk.example", "token": "t"}]
    manifests = chart.render(
        {
            **STORE,
            "minio": {"enabled": True},
            "allowedWebhooks": {"webhooks": webhooks},
            **values,
        },
        release=LONGEST_RELEASE,
    )

    for each in manifests.resources:
        metadata = each["metadata"]
        if each["kind"] != "CustomResourceDefinition":
            assert DNS_LABEL.fullmatch(metadata["name"])
            assert len(metadata["name"]) <= 63
        assert all(len(value) <= 63 for value in metadata.get("labels", {}).values())


def test_everything_and_its_pods_have_the_labels_that_all_are_to_have(chart: Chart) -> None:
    values = yaml.safe_load((CHART / "ci/full-values.yaml").read_text())
    wanted = {"team": "news", "app.kubernetes.io/component": "other"}

    manifests = chart.render({**values, "commonLabels": wanted})

    for each in manifests.resources:
        if each["kind"] == "CustomResourceDefinition":
            continue
        made = [each["metadata"]]
        if "template" in each.get("spec", {}):
            made.append(each["spec"]["template"]["metadata"])
        for metadata in made:
            assert metadata["labels"]["team"] == "news", each["metadata"]["name"]
            assert metadata["labels"]["app.kubernetes.io/component"] != "other", "the chart's own"
    for each in manifests.of_kind("Deployment"):
        assert "team" not in each["spec"]["selector"]["matchLabels"], "nobody can change a selector"


def test_two_long_releases_do_not_share_a_name(chart: Chart) -> None:
    one, other = (
        chart.render(release=f"{'r' * 52}{end}").names("Deployment") for end in ("a", "b")
    )

    assert not set(one) & set(other)
