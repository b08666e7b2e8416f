"""What is in the images, and what is not."""

import functools
import re
from collections.abc import Callable

import pytest

from cluster.reporting import terminal_report
from images import archives
from images.building import archive_command, ensure, ensure_variant, sizes
from images.catalogue import IMAGES, VERSION
from images.errors import ImagesUnavailable

pytestmark = pytest.mark.e2e

PROGRAMS = ("api", "operator", "job")
MEGABYTE = 1e6
# A distribution's name and version; what others carry within themselves lies deeper.
INSTALLED = re.compile(
    r"opt/waas/venv/lib/[^/]+/site-packages/([^/]+)-([^-/]+)\.dist-info/METADATA"
)

by_name = pytest.mark.parametrize("name", IMAGES)
by_program = pytest.mark.parametrize("name", PROGRAMS)


Reference = Callable[[str], str]
Contents = Callable[[str], archives.Contents]


@pytest.fixture(scope="module")
def reference(pytestconfig: pytest.Config, machine_for_node: bool) -> Reference:
    """Builds the image of a name; only where a node could run it, since it takes long and much."""
    assert machine_for_node
    report = terminal_report(pytestconfig)

    @functools.cache
    def build(name: str) -> str:
        try:
            return ensure([name], report)[name]
        except ImagesUnavailable as error:
            pytest.skip(str(error))

    return build


@pytest.fixture(scope="module")
def contents(reference: Reference) -> Contents:
    """Builds the image of a name and looks into it."""

    @functools.cache
    def read(name: str) -> archives.Contents:
        return archives.read(archive_command(reference(name)))

    return read


@by_name
def test_it_runs_as_nobody(contents: Contents, name: str) -> None:
    assert contents(name).configuration["config"]["User"] == "65532:65532"


@by_name
def test_its_files_are_roots_and_nobody_else_can_change_them(contents: Contents, name: str) -> None:
    for path, member in contents(name).files().items():
        if path in ("tmp", "var/tmp", "run/lock"):
            continue
        assert member.uid == 0, path
        assert member.gid != 65532, path
        assert member.issym() or not member.mode & 0o002, path


@by_program
def test_it_brings_nothing_to_install_or_compile_with(contents: Contents, name: str) -> None:
    files = contents(name).files()
    programs = {path.rpartition("/")[2] for path, member in files.items() if not member.isdir()}
    assert not programs & {"uv", "uvx", "pip", "pip3", "gcc", "cc", "g++", "make"}


@by_name
def test_it_keeps_nothing_of_the_machine_that_built_it(contents: Contents, name: str) -> None:
    image = contents(name)
    files = image.files()
    assert not [
        path for path in files if path.startswith(("mnt/", "opt/host", "run/host", "opt/uv"))
    ]
    assert not files.keys() & {"etc/pip.conf", "etc/uv", "root/.cache", "root/.config"}
    for path in ("etc/resolv.conf", "etc/hosts", "etc/hostname"):
        assert path not in files or files[path].size == 0, path
    settings = [*image.configuration["config"].get("Env", [])]
    assert not [each for each in settings if "host" in each or "://" in each]
    steps = [step.get("created_by", "") for step in image.configuration["history"]]
    # Arguments stand before a step as `|1 NAME=value`.
    assert not [step for step in steps if "CERT_FILE=/" in step or "PROXY=" in step.upper()]


@by_program
def test_its_code_is_compiled_since_nothing_can_be_written_where_it_runs(
    contents: Contents, name: str
) -> None:
    [*_, top] = contents(name).layers
    names = {member.name for member in top}
    sources = {each for each in names if each.endswith(".py")}
    assert sources
    for source in sources:
        folder, _, module = source.rpartition("/")
        compiled = module.replace(".py", ".cpython-311.pyc")
        assert f"{folder}/__pycache__/{compiled}" in names


@by_program
def test_its_top_layer_is_the_code_and_small(contents: Contents, name: str) -> None:
    [*_, top] = contents(name).layers
    for member in top:
        assert f"{member.name}/".startswith(("opt/", "opt/waas/", "opt/waas/program/"))
    [measured] = sizes([name]).values()
    assert measured is not None
    assert measured.top_layer < 3 * MEGABYTE


@pytest.mark.parametrize("name", ["api", "operator"])
def test_it_is_small(reference: Reference, name: str) -> None:
    reference(name)
    [measured] = sizes([name]).values()
    assert measured is not None
    if measured.over_base is None:
        pytest.skip(
            "this builder does not keep the base image, so nobody knows what is added to it"
        )
    assert measured.over_base < 170 * MEGABYTE


@by_name
def test_it_tells_what_it_is(contents: Contents, name: str) -> None:
    labels = contents(name).configuration["config"]["Labels"]
    assert labels["org.opencontainers.image.title"] == IMAGES[name].name
    assert labels["org.opencontainers.image.version"] == IMAGES[name].version


@by_program
def test_it_lists_the_packages_that_are_installed_in_it(contents: Contents, name: str) -> None:
    image = contents(name)
    components = image.bill_of_materials["components"]
    listed = {(each["name"], each["version"]) for each in components}

    matches = (INSTALLED.fullmatch(path) for path in image.files())
    installed = {(normalized(each[1]), each[2]) for each in matches if each}
    assert len(installed) > 10
    assert installed <= listed


def normalized(name: str) -> str:
    """Return a distribution's name as indexes write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_a_build_whose_content_is_stored_is_not_done_again(reference: Reference) -> None:
    reference("api")
    messages: list[str] = []
    assert ensure(["api"], messages.append)["api"] == reference("api")
    assert messages == []


def test_a_variant_is_another_image_with_the_same_layers(contents: Contents) -> None:
    original = contents("operator")
    variant = archives.read(archive_command(ensure_variant("operator", "test")))
    assert variant.configuration["config"]["Labels"]["dev.waas.variant"] == "test"
    assert variant.configuration != original.configuration
    diffs = [each.configuration["rootfs"]["diff_ids"] for each in (original, variant)]
    assert diffs[0] == diffs[1][: len(diffs[0])]


def test_an_image_has_the_version_for_people_as_a_tag_too(
    reference: Reference, contents: Contents
) -> None:
    name = reference("api").rpartition(":")[0]
    tagged = archives.read(archive_command(f"{name}:{VERSION}"))
    assert tagged.configuration == contents("api").configuration
