from __future__ import annotations

import json
from pathlib import Path

import pytest

from images.builders import Build, Buildah, Builder, Engine, canonical, stored_images

API = "docker.io/library/waas-api:0123456789ab"

BUILDAH = Buildah(Path("/cache/images"))
DOCKER = Engine("docker")
PODMAN = Engine("podman")

BUILDAH_WORDS = (
    "env",
    "TMPDIR=/cache/images/tmp",
    "buildah",
    "--root=/cache/images/store",
    "--runroot=/cache/images/run",
    "--storage-driver=overlay",
)

WANTED = Build(
    dockerfile=Path("/src/api/Dockerfile"),
    context=Path("/src"),
    tag=API,
    arguments={"IMAGE": "waas-api:1.0"},
    labels={"version": "1.0"},
    secrets={"host-ca": Path("/etc/ca.crt")},
    mounts={"/mnt": Path("/home/uv")},
    stage="tools",
)
OPTIONS = (
    "--file=/src/api/Dockerfile",
    f"--tag={API}",
    "--target=tools",
    "--build-arg=IMAGE=waas-api:1.0",
    "--label=version=1.0",
    "--secret=id=host-ca,src=/etc/ca.crt",
)


def test_buildah_builds_without_namespaces_or_a_registry_and_mounts_what_is_lent() -> None:
    assert BUILDAH.build(WANTED) == (
        *BUILDAH_WORDS,
        "build",
        "--isolation=chroot",
        "--layers",
        "--pull=never",
        *OPTIONS,
        "--volume=/home/uv:/mnt",
        "/src",
    )


@pytest.mark.parametrize("engine", [DOCKER, PODMAN], ids=lambda engine: engine.program)
def test_an_engine_builds_as_it_would_for_anybody(engine: Engine) -> None:
    assert engine.build(WANTED) == (engine.program, "build", *OPTIONS, "/src")


def test_a_build_asks_for_nothing_that_it_does_not_need() -> None:
    plain = Build(Path("/src/Dockerfile"), Path("/src"), API)
    assert DOCKER.build(plain) == (
        "docker",
        "build",
        "--file=/src/Dockerfile",
        f"--tag={API}",
        "/src",
    )


@pytest.mark.parametrize(
    ("builder", "words"),
    [
        pytest.param(
            BUILDAH,
            (
                *BUILDAH_WORDS,
                "push",
                "--quiet",
                "--disable-compression",
                API,
                f"docker-archive:/dev/stdout:{API}",
            ),
            id="buildah",
        ),
        pytest.param(DOCKER, ("docker", "save", API), id="docker"),
        pytest.param(
            PODMAN, ("podman", "save", "--quiet", "--format=docker-archive", API), id="podman"
        ),
    ],
)
def test_an_archive_goes_to_standard_output(builder: Builder, words: tuple[str, ...]) -> None:
    assert builder.archive(API) == words


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (BUILDAH.tag(API, "waas-api:1.0"), (*BUILDAH_WORDS, "tag", API, "waas-api:1.0")),
        (DOCKER.tag(API, "waas-api:1.0"), ("docker", "tag", API, "waas-api:1.0")),
        (BUILDAH.remove(API), (*BUILDAH_WORDS, "rmi", API)),
        (PODMAN.remove(API), ("podman", "rmi", API)),
        (BUILDAH.pull("debian"), (*BUILDAH_WORDS, "pull", "--quiet", "debian")),
        (BUILDAH.remove_untagged(), (*BUILDAH_WORDS, "rmi", "--prune")),
        (BUILDAH.remove_containers(), (*BUILDAH_WORDS, "rm", "--all")),
        (BUILDAH.describe_layers(API), (*BUILDAH_WORDS, "inspect", "--type=image", API)),
        (
            DOCKER.describe_layers(API),
            ("docker", "history", "--human=false", "--format={{.Size}}", API),
        ),
        (
            BUILDAH.list_images(),
            (*BUILDAH_WORDS, "images", "--no-trunc", "--format={{.Name}}:{{.Tag}} {{.ID}}"),
        ),
        (
            DOCKER.list_images(),
            ("docker", "images", "--no-trunc", "--format={{.Repository}}:{{.Tag}} {{.ID}}"),
        ),
        (DOCKER.find_storage(), ("docker", "info", "--format={{.DockerRootDir}}")),
        (PODMAN.find_storage(), ("podman", "info", "--format={{.Store.GraphRoot}}")),
    ],
)
def test_what_else_is_asked_of_a_builder(words: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert words == expected


def test_stored_images_are_known_by_their_canonical_references() -> None:
    printed = """\
docker.io/library/waas-api:0123456789ab sha256:aa
waas-job:0.1.0 sha256:bb
localhost/waas-stage:tools sha256:cc
<none>:<none> sha256:dd
"""
    assert stored_images(printed) == {
        API: "sha256:aa",
        "docker.io/library/waas-job:0.1.0": "sha256:bb",
        "localhost/waas-stage:tools": "sha256:cc",
    }
    assert canonical(API) == API


def test_layer_sizes_are_read_lowest_first() -> None:
    manifest = {"layers": [{"size": 900}, {"size": 30}, {"size": 1024}]}
    assert BUILDAH.layer_sizes(json.dumps({"Manifest": json.dumps(manifest)})) == [900, 30, 1024]
    assert DOCKER.layer_sizes("0\n30\n0\n900\n") == [900, 30]
