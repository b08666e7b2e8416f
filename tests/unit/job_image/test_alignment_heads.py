"""The heads that follow the words are the ones that OpenAI found."""

import base64
import gzip

import numpy as np
import pytest
import whisper

from waas_job.engine.alignment_heads import OPENAI_HEADS


def test_every_model_of_openais_is_known() -> None:
    assert set(OPENAI_HEADS) == set(whisper.available_models())


@pytest.mark.parametrize("model", sorted(OPENAI_HEADS))
def test_heads_are_those_of_openais_package(model: str) -> None:
    flags = np.frombuffer(gzip.decompress(base64.b85decode(whisper._ALIGNMENT_HEADS[model])), bool)
    heads_in_layer = {1: 6, 2: 8, 3: 12, 4: 16, 5: 20}
    widths = [width for width in heads_in_layer.values() if flags.size % width == 0]
    assert any(
        tuple((at // width, at % width) for at in np.flatnonzero(flags).tolist())
        == OPENAI_HEADS[model]
        for width in widths
    )
