"""What is found to be transcribed, and what its transcripts are called."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from waas_client.command_line.exit_codes import CommandError, ExitCode, combine
from waas_client.command_line.inputs import find_inputs
from waas_client.command_line.outputs import write_output


def make_tree(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def outputs_of(sources: Sequence[object], folder: Path | None = None) -> list[tuple[str, str]]:
    found = find_inputs([str(each) for each in sources], folder)
    return [(each.name, str(each.output("srt"))) for each in found]


def test_a_folder_is_searched_for_recordings(tmp_path: Path) -> None:
    make_tree(tmp_path, "b.MP3", "a.wav", "notes.txt", ".hidden.mp3", "sub/c.mkv", ".git/d.mp3")

    assert outputs_of([tmp_path]) == [
        (f"{tmp_path}/a.wav", f"{tmp_path}/a.srt"),
        (f"{tmp_path}/b.MP3", f"{tmp_path}/b.srt"),
        (f"{tmp_path}/sub/c.mkv", f"{tmp_path}/sub/c.srt"),
    ]


def test_a_folder_s_shape_is_kept_in_the_output_folder(tmp_path: Path) -> None:
    make_tree(tmp_path, "in/a.wav", "in/sub/a.wav")

    found = outputs_of([tmp_path / "in"], tmp_path / "out")

    assert [output for _, output in found] == [
        f"{tmp_path}/out/a.srt",
        f"{tmp_path}/out/sub/a.srt",
    ]


def test_a_file_that_is_named_is_taken_whatever_its_suffix(tmp_path: Path) -> None:
    make_tree(tmp_path, "call.dat")

    assert outputs_of([tmp_path / "call.dat"]) == [(f"{tmp_path}/call.dat", f"{tmp_path}/call.srt")]


def test_a_recording_that_is_named_twice_is_taken_once(tmp_path: Path) -> None:
    make_tree(tmp_path, "a.wav")

    assert len(outputs_of([tmp_path, tmp_path / "a.wav"])) == 1


def test_recordings_that_differ_in_their_suffix_get_transcripts_of_their_own(
    tmp_path: Path,
) -> None:
    make_tree(tmp_path, "a.mp3", "A.wav", "b.mp3")

    found = outputs_of([tmp_path])

    assert [Path(output).name for _, output in found] == ["A.wav.srt", "a.mp3.srt", "b.srt"]


@pytest.mark.parametrize(
    ("address", "output"),
    [
        ("https://media.example/a/talk%20one.mp3?token=x", "talk one.srt"),
        ("https://media.example/", "recording.srt"),
        ("HTTP://media.example/..%2F..%2Fetc/passwd", "passwd.srt"),
    ],
)
def test_an_address_gives_its_last_part_as_a_name(
    address: str, output: str, tmp_path: Path
) -> None:
    shown = address.partition("?")[0]
    assert outputs_of([address]) == [(shown, output)]
    assert outputs_of([address], tmp_path) == [(shown, f"{tmp_path}/{output}")]


@pytest.mark.parametrize(
    ("sources", "outputs"),
    [
        (["mon/a.mp3", "tue/a.mp3"], ["mon-a", "tue-a"]),
        (["mon/a.mp3", "mon/a.wav", "tue/a.mp3"], ["mon-a", "a.wav", "tue-a"]),
        (["1/mon/a.mp3", "2/mon/a.mp3"], ["mon-a.mp3", "mon-a.mp3-2"]),
        (["a.mp3", "a.wav", "a.mp3.ogg"], ["a.mp3", "a.wav", "a.mp3.ogg"]),
        (["https://a/x.mp3", "https://b/x.mp3"], ["a-x", "b-x"]),
        (["https://a/1/x.mp3", "https://a/2/x.mp3"], ["a-1-x", "a-2-x"]),
        (["https://a/x?id=1", "https://a/x?id=2"], ["a-x", "a-x-2"]),
        (["https://a/x?id=1", "https://a/x?id=2", "x/a-x-2.mp3"], ["a-x", "a-x-3", "a-x-2"]),
    ],
)
def test_no_transcript_takes_another_s_place(
    sources: list[str], outputs: list[str], tmp_path: Path
) -> None:
    found = outputs_of(sources, tmp_path)

    assert [Path(output).name.removesuffix(".srt") for _, output in found] == outputs


def test_an_output_is_written_with_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "out" / "a.srt"

    write_output(path, b"text", overwrite=False)

    assert path.read_bytes() == b"text"
    assert [each.name for each in path.parent.iterdir()] == ["a.srt"]


def test_an_output_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.srt"
    seen = []
    monkeypatch.setattr("os.fsync", lambda _: seen.append(path.exists()))
    monkeypatch.setattr("os.umask", lambda _: seen.append(True))

    write_output(path, b"text", overwrite=False)

    assert (seen, path.is_file()) == ([False], True)


def test_what_is_there_stays_unless_it_is_to_go(tmp_path: Path) -> None:
    path = tmp_path / "a.srt"
    path.write_bytes(b"mine")

    with pytest.raises(CommandError, match="is there already: give --overwrite") as caught:
        write_output(path, b"text", overwrite=False)

    assert caught.value.exit_code is ExitCode.CANNOT_WRITE
    assert path.read_bytes() == b"mine"
    write_output(path, b"text", overwrite=True)
    assert path.read_bytes() == b"text"
    assert [each.name for each in tmp_path.iterdir()] == ["a.srt"]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(CommandError, match="file is not a folder"):
        write_output(tmp_path / "file" / "a.srt", b"text", overwrite=False)


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ([], 0),
        ([0, 0], 0),
        ([65, 65], 65),
        ([0, 65], 1),
        ([69, 65], 1),
    ],
)
def test_many_files_end_with_what_they_have_in_common(codes: list[int], expected: int) -> None:
    assert combine([ExitCode(code) for code in codes]) == expected
