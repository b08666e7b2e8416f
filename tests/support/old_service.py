"""What the clients of the old service rely on, byte for byte."""

from waas_contract.models import MODEL_NAMES

SRT = "1\n00:00:00,000 --> 00:00:03,920\nHei.\n\n2\n00:00:03,920 --> 01:02:05,500\nA -> B\n"
VTT = "WEBVTT\n\n00:00.000 --> 00:03.920\nHei.\n\n00:03.920 --> 01:02:05.500\nA -> B\n"
"""With the empty line that WebVTT asks for; the old service had none."""

TXT = "\nHei.\nA -> B"
JSON = (
    '{"language":"no","segments":['
    '{"avg_logprob":0.0,"compression_ratio":0.0,"end":3.92,"id":0,"no_speech_prob":0.0,"seek":0,'
    '"start":0.0,"temperature":0.0,"text":" Hei.","tokens":[50364,17]},'
    '{"avg_logprob":0.0,"compression_ratio":0.0,"end":3725.5,"id":1,"no_speech_prob":0.0,"seek":0,'
    '"start":3.92,"temperature":0.0,"text":" A --> B","tokens":[50560]}],'
    '"text":" Hei. A --> B"}\n'
)
JOJO = (
    '{"docVersion": "1.0", "id": "ID", '
    '"audiofile": {"id": "ID", "url": "file://web/Blabaer__1_"}, "segments": ['
    '{"id": "ID", "timeStart": 0, "timeEnd": 392, "text": "Hei."}, '
    '{"id": "ID", "timeStart": 392, "timeEnd": 372550, "text": "A -> B"}]}'
)
"""With "ID" in the place of each id, which are new ones at every download."""

PLAIN = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"

_MODELS = ",".join(f'"{name}"' for name in MODEL_NAMES)
_LANGUAGES = (
    "english chinese german spanish russian korean french japanese portuguese turkish polish "
    "catalan dutch arabic swedish italian indonesian hindi finnish vietnamese hebrew ukrainian "
    "greek malay czech romanian danish hungarian tamil norwegian thai urdu croatian bulgarian "
    "lithuanian latin maori malayalam welsh slovak telugu persian latvian bengali serbian "
    "azerbaijani slovenian kannada estonian macedonian breton basque icelandic armenian nepali "
    "mongolian bosnian kazakh albanian swahili galician marathi punjabi sinhala khmer shona "
    "yoruba somali afrikaans occitan georgian belarusian tajik sindhi gujarati amharic yiddish "
    "lao uzbek faroese haitian_creole pashto turkmen nynorsk maltese sanskrit luxembourgish "
    "myanmar tibetan tagalog malagasy assamese tatar hawaiian lingala hausa bashkir javanese "
    "sundanese cantonese"
)
_QUOTED_LANGUAGES = ",".join(f'"{name}"'.replace("_", " ") for name in _LANGUAGES.split())


def transcription_parameters(default_model: str = "tiny", models: str = _MODELS) -> str:
    """Return the body of the answer to OPTIONS /v1/transcribe."""
    return (
        '{"queryParams":{"email_callback":{"optional":true,"type":"string"},'
        '"filename":{"default":"untitled-transcription","optional":true,"type":"string"},'
        f'"languages":{{"optional":true,"options":[{_QUOTED_LANGUAGES}],"type":"enum"}},'
        f'"model":{{"default":"{default_model}","optional":true,"options":[{models}],'
        '"type":"enum"},'
        '"task":{"default":"transcribe","optional":true,"options":["translate","transcribe"],'
        '"type":"enum"},"webhook_id":{"optional":true,"type":"string"}}}\n'
    )


def detection_parameters(default_model: str = "tiny", models: str = _MODELS) -> str:
    """Return the body of the answer to OPTIONS /v1/detect."""
    return (
        f'{{"queryParams":{{"model":{{"default":"{default_model}","optional":true,'
        f'"options":[{models}],"type":"enum"}}}}}}\n'
    )


DOWNLOAD_PARAMETERS = (
    '{"queryParams":{"output":{"default":"srt","optional":true,'
    '"options":["srt","vtt","json","txt","timecode_txt","jojo"],"type":"enum"}}}\n'
)

OLD_MODELS = (
    "tiny.en", "tiny", "base.en", "base", "small.en", "small", "medium.en", "medium", "large-v1",
    "large-v2", "large-v3", "large",
)  # fmt: skip
"""In the order in which it named them."""

JOB_KEYS = {
    "args", "ended_at", "enqueued_at", "exc_info", "func_name", "last_heartbeat", "meta", "origin",
    "position_in_queue", "queue_size", "result", "seconds_used", "started_at", "status",
    "worker_name",
}  # fmt: skip
"""What GET /v1/jobs/<id> always held."""
