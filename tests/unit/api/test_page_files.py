"""The page's files: what is sent, how much of it, and that its texts are whole."""

import gzip
import posixpath
import re
from pathlib import Path

import pytest

import waas_api
from waas_api.http.page_files import PageFiles, build_page_files, load_page_files

WEB = Path(waas_api.__file__).parent / "web"
FIRST_LOAD_BYTES = 150_000
LAYERS = (
    "main.js",
    "account",
    "transcript",
    "upload",
    "jobs",
    "segments",
    "player",
    "elements",
    "styles",
    "service",
    "texts",
    "remembered.js",
)
"""What lies in the folder: each knows only what stands below it."""
AT_ONCE = re.compile(r'from "(\.[^"]+)"')
AT_ANY_TIME = re.compile(r'(?:from |import\(|load\()"(\.[^"]+)"')
CONTENTS = {"index.html": b'<script src="web/main.js"></script><!-- notice -->', "main.js": b"1"}
NAME = re.compile(r'^  "?([-\w]+)"?:', re.MULTILINE)
SAID = re.compile(r'\bsay\("([-\w]+)"')


@pytest.fixture(scope="module")
def files() -> PageFiles:
    return load_page_files()


def sources() -> dict[str, str]:
    return {str(each.relative_to(WEB)): each.read_text() for each in WEB.rglob("*.js")}


def imports(name: str, content: str, when: re.Pattern[str] = AT_ANY_TIME) -> set[str]:
    """Return the modules that one names, by their paths."""
    folder = posixpath.dirname(name)
    return {posixpath.normpath(posixpath.join(folder, each)) for each in when.findall(content)}


def loaded_at_first(files: PageFiles) -> set[str]:
    """Return what a browser fetches for the first view: the page's links and what these import."""
    found = set(re.findall(rf'="/web/{files.version}/([^"]+)"', files.page.content.decode()))
    found |= {"texts/en.js", "upload/upload_view.js"}
    todo = [each for each in found if each.endswith(".js")]
    while todo:
        name = todo.pop()
        news = imports(name, files.others[name].content.decode(), AT_ONCE) - found
        found |= news
        todo += news
    return found


def test_the_page_names_its_files_by_the_version() -> None:
    built = build_page_files(CONTENTS)

    assert built.page.content.decode() == f'<script src="/web/{built.version}/main.js"></script>'
    assert built.others["main.js"].content == b"1"


def test_any_change_makes_another_version() -> None:
    before = build_page_files(CONTENTS)
    after = build_page_files({**CONTENTS, "main.js": b"2"})

    assert before.version != after.version
    assert before.page.etag != after.page.etag


def test_what_an_administrator_says_is_text() -> None:
    built = build_page_files(CONTENTS, 'Ours <b>"alone"</b>')

    assert b"<p class=notice>Ours &lt;b&gt;&quot;alone&quot;&lt;/b&gt;</p>" in built.page.content


def test_what_is_packed_is_the_same(files: PageFiles) -> None:
    for file in (files.page, *files.others.values()):
        assert gzip.decompress(file.packed) == file.content


def test_the_first_view_is_light(files: PageFiles) -> None:
    loaded = loaded_at_first(files)

    assert "elements/elements.js" in loaded
    assert "player/player.js" not in loaded
    plain = len(files.page.content) + sum(len(files.others[each].content) for each in loaded)
    assert plain < FIRST_LOAD_BYTES


def test_everything_that_is_loaded_is_there(files: PageFiles) -> None:
    for name, content in sources().items():
        assert imports(name, content) <= files.others.keys(), name


def test_modules_know_only_those_below_them() -> None:
    for name, content in sources().items():
        place = LAYERS.index(name.partition("/")[0])
        known = {LAYERS.index(each.partition("/")[0]) for each in imports(name, content)}
        assert min(known, default=place) >= place, name


def test_every_style_that_is_loaded_is_there(files: PageFiles) -> None:
    for name, content in sources().items():
        for each in re.findall(r'loadStyle\("([^"]+)"\)', content):
            assert f"styles/{each}.css" in files.others, name
    for name, file in files.others.items():
        for each in re.findall(rb'url\("([^"]+)"\)', file.content):
            assert posixpath.join(posixpath.dirname(name), each.decode()) in files.others, name


NAMES = {b"http://www.w3.org", b"http://schemas.openxmlformats.org"}
"""What XML calls its own words: nothing is asked of these."""


def test_no_file_loads_anything_of_others(files: PageFiles) -> None:
    for name, file in files.others.items():
        found = re.findall(rb"https?://\w[\w.]+", file.content)
        assert set(found) <= NAMES, name


def test_nothing_makes_markup_or_code_of_text() -> None:
    unsafe = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function"
    )
    for name, content in sources().items():
        assert not unsafe.search(content), name


def test_both_languages_say_the_same_things() -> None:
    english, norwegian = (
        NAME.findall((WEB / "texts" / f"{each}.js").read_text()) for each in ("en", "no")
    )

    assert english == norwegian
    assert len(english) == len(set(english))


def test_whatever_is_said_has_a_text() -> None:
    known = set(NAME.findall((WEB / "texts" / "en.js").read_text()))
    for name, content in sources().items():
        assert set(SAID.findall(content)) <= known, name


def test_modules_are_small() -> None:
    for name, content in sources().items():
        if not name.startswith("texts/"):
            assert content.count("\n") <= 300, name
