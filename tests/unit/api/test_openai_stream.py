"""The text of a stream, whatever the partial transcripts and the last one say."""

import json
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from waas_api.openai.answers import spoken_text
from waas_api.openai.errors import OpenAIError
from waas_api.openai.stream import GrowingText, render_delta, render_done, render_failure
from waas_contract.transcript import Segment, Transcript


def segments_of(*texts: str) -> tuple[Segment, ...]:
    return tuple(
        Segment(id=number, start=number, end=number + 1.0, text=text)
        for number, text in enumerate(texts)
    )


def transcript_of(*texts: str) -> Transcript:
    return Transcript(
        language="en", duration=len(texts), text="".join(texts), segments=segments_of(*texts)
    )


def stream(partials: Sequence[Sequence[str]], last: Sequence[str]) -> tuple[list[str], GrowingText]:
    text = GrowingText()
    deltas = [text.grow(segments_of(*each)) for each in partials]
    return [*deltas, text.finish(transcript_of(*last))], text


def test_a_segment_is_sent_once_another_follows() -> None:
    deltas, text = stream(
        [[" A"], [" A", " b"], [" A", " b."], [" A", " b.", " C"]], [" A", " b.", " C."]
    )

    assert deltas == ["", "A", "", " b.", " C."]
    assert not text.is_revised


def test_without_partials_all_comes_at_the_end() -> None:
    assert stream([], [" A", " b."])[0] == ["A b."]
    assert stream([[], []], [])[0] == ["", "", ""]


def test_what_was_sent_stays_and_the_rest_follows_from_there() -> None:
    deltas, text = stream([[" Ay", " bee", " sea"]], [" A.", " B.", " C.", " D."])

    assert deltas == ["Ay bee", " C. D."]
    assert text.sent == "Ay bee C. D."
    assert text.is_revised


def test_an_attempt_that_begins_anew_sends_nothing_twice() -> None:
    deltas, text = stream(
        [[" A", " b", " c"], [" A"], [" X", " y"], [" A", " b", " c", " d"]], [" A", " b", " c"]
    )

    assert deltas == ["A b", "", "", " c", ""]
    assert not text.is_revised


TEXTS = st.lists(st.text(alphabet=" ab.\n", max_size=4), max_size=6)


@given(partials=st.lists(TEXTS, max_size=5), last=TEXTS)
def test_the_deltas_are_always_the_text_that_done_repeats(
    partials: list[list[str]], last: list[str]
) -> None:
    deltas, text = stream(partials, last)

    assert "".join(deltas) == text.sent
    if not text.is_revised:
        assert text.sent == spoken_text(transcript_of(*last))


@given(last=TEXTS, data=st.data())
def test_partials_that_held_are_no_revision(last: list[str], data: st.DataObject) -> None:
    lengths = data.draw(st.lists(st.integers(0, len(last)), max_size=5).map(sorted))

    _, text = stream([last[:length] for length in lengths], last)

    assert not text.is_revised


def test_events_are_one_line_each() -> None:
    assert render_delta(" Blå\nbær").decode() == (
        'data: {"type": "transcript.text.delta", "delta": " Blå\\nbær"}\n\n'
    )
    assert render_done("A").decode() == 'data: {"type": "transcript.text.done", "text": "A"}\n\n'
    event, data = render_failure(OpenAIError(500, "server_error", message="No.")).splitlines()[:2]
    assert event == b"event: error"
    assert json.loads(data.removeprefix(b"data: "))["error"]["message"] == "No."
