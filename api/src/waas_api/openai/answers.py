"""Shows transcripts and models as OpenAI's API does."""

import json
import math
from collections.abc import Sequence

from waas_api.openai.request import WHISPER_1, Granularity, ResponseFormat
from waas_contract.formats import CONTENT_TYPES, OutputFormat, render_transcript
from waas_contract.languages import LANGUAGE_NAMES
from waas_contract.transcript import Segment, Transcript
from waas_contract.transcription_job import Task

OWNER = "waas"
_JSON = "application/json"
_CAPTIONS = {ResponseFormat.SRT: OutputFormat.SRT, ResponseFormat.VTT: OutputFormat.VTT}


def media_type_of(response_format: ResponseFormat) -> str:
    """Return the media type of an answer."""
    if response_format in _CAPTIONS:
        return CONTENT_TYPES[_CAPTIONS[response_format]]
    is_text = response_format is ResponseFormat.TEXT
    return "text/plain; charset=utf-8" if is_text else _JSON


def render_answer(
    transcript: Transcript,
    response_format: ResponseFormat,
    task: Task,
    granularities: frozenset[Granularity],
) -> str:
    """Return the body of an answer."""
    if response_format in _CAPTIONS:
        return render_transcript(transcript, _CAPTIONS[response_format])
    text = spoken_text(transcript)
    if response_format is ResponseFormat.TEXT:
        return f"{text}\n"
    if response_format is ResponseFormat.JSON:
        answer: dict[str, object] = {"text": text}
    else:
        answer = _show_verbosely(transcript, text, task, granularities)
    if task is Task.TRANSCRIBE:
        # Whole seconds, as OpenAI bills them; its translations do not tell.
        answer["usage"] = {"type": "duration", "seconds": math.ceil(transcript.duration)}
    return json.dumps(answer, ensure_ascii=False)


def spoken_text(transcript: Transcript) -> str:
    """Return what was said, as one line."""
    return transcript.text.strip()


def _show_verbosely(
    transcript: Transcript, text: str, task: Task, granularities: frozenset[Granularity]
) -> dict[str, object]:
    # A translation's language is that of its text, which is always English.
    language = "en" if task is Task.TRANSLATE else transcript.language
    answer: dict[str, object] = {
        "task": task.value,
        "language": LANGUAGE_NAMES.get(language, language),
        "duration": transcript.duration,
        "text": text,
    }
    if Granularity.WORD in granularities:
        answer["words"] = [
            {"word": word.word.strip(), "start": word.start, "end": word.end}
            for segment in transcript.segments
            for word in segment.words or ()
        ]
    if Granularity.SEGMENT in granularities:
        answer["segments"] = [_show_segment(segment) for segment in transcript.segments]
    return answer


def _show_segment(segment: Segment) -> dict[str, object]:
    return {
        "id": segment.id,
        "seek": segment.seek,
        "start": segment.start,
        "end": segment.end,
        "text": segment.text,
        "tokens": list(segment.tokens),
        "temperature": segment.temperature,
        "avg_logprob": segment.avg_logprob,
        "compression_ratio": segment.compression_ratio,
        "no_speech_prob": segment.no_speech_prob,
    }


def list_model_ids(names: Sequence[str]) -> tuple[str, ...]:
    """Return the models that a client of OpenAI's may name."""
    return (*names, WHISPER_1) if WHISPER_1 not in names else tuple(names)


def show_model(model_id: str) -> dict[str, object]:
    """Return a model; when it was made is not known, which 0 has to say in a number."""
    return {"id": model_id, "object": "model", "created": 0, "owned_by": OWNER}


def show_models(names: Sequence[str]) -> dict[str, object]:
    """Return the list of the models."""
    return {"object": "list", "data": [show_model(each) for each in list_model_ids(names)]}
