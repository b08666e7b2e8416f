"""Words of Whisper's tokens, whatever a letter is written with."""

import warnings

import pytest
from whisper.tokenizer import get_tokenizer

from support.engine_builders import DIMENSIONS
from support.paragraphs import PARAGRAPHS, paragraph
from waas_job.engine.tokenizer import Tokenizer
from waas_job.engine.word_splitting import UNSPACED_LANGUAGES, TextWithTokens, split_to_words

TOKENIZER = Tokenizer(DIMENSIONS)

with warnings.catch_warnings():
    # It reads its vocabulary, once, from a file that it leaves to be closed.
    warnings.simplefilter("ignore", ResourceWarning)
    get_tokenizer(multilingual=True)

CODES = {
    "English": "en",
    "Russian": "ru",
    "French": "fr",
    "Arabic": "ar",
    "Hindi": "hi",
    "Tamil": "ta",
    "Georgian": "ka",
    "Korean": "ko",
    "Chinese": "zh",
    "Thai": "th",
}


def split(tokens: list[int], language: str = "en") -> list[TextWithTokens]:
    pieces = [(each, TOKENIZER.bytes_of(each)) for each in tokens]
    return split_to_words(pieces, has_spaces=language not in UNSPACED_LANGUAGES)


@pytest.mark.parametrize("script", PARAGRAPHS)
def test_whole_text_has_the_words_that_openai_whisper_finds(script: str) -> None:
    tokens = TOKENIZER.encode(f" {paragraph(script)}")
    of_language = get_tokenizer(multilingual=True, language=CODES[script])
    words, word_tokens = of_language.split_to_word_tokens(tokens)

    assert split(tokens, CODES[script]) == list(zip(words, map(tuple, word_tokens), strict=True))


@pytest.mark.parametrize("script", PARAGRAPHS)
def test_no_token_is_lost_where_a_letter_is_left_unfinished(script: str) -> None:
    tokens = TOKENIZER.encode(f" {paragraph(script)}")
    for gap in range(len(tokens)):
        broken = tokens[:gap] + tokens[gap + 1 :]
        words = split(broken, CODES[script])
        assert [token for _, its in words for token in its] == broken
        assert "".join(text for text, _ in words) == TOKENIZER.decode(broken)


def test_token_without_bytes_is_kept() -> None:
    day, unfinished, nothing = *TOKENIZER.encode(" day"), TOKENIZER.encode(" კ")[1], 50256
    assert TOKENIZER.bytes_of(nothing) == b""
    assert [its for _, its in split([day, unfinished, nothing, day])] == [
        (day, unfinished),
        (nothing,),
        (day,),
    ]


@pytest.mark.parametrize(
    ("sentence", "text", "words"),
    [
        ("there is no text", "", []),
        ("words begin with a space", " He was not", [" He", " was", " not"]),
        ("a mark begins another", " ill-disposed.", [" ill", "-disposed", "."]),
        ("what comes first is a word", "day and", ["day", " and"]),
        ("Chinese words are characters", "我妹妹", ["我", "妹", "妹"]),
    ],
)
def test_words(sentence: str, text: str, words: list[str]) -> None:
    language = "zh" if "Chinese" in sentence else "en"
    assert [word for word, _ in split(TOKENIZER.encode(text), language)] == words, sentence
