"""The size of a Whisper model, in the names of OpenAI's checkpoints."""

from dataclasses import dataclass

_FIRST_MULTILINGUAL_VOCABULARY = 51865


@dataclass(frozen=True)
class ModelDimensions:
    """How large each part of a model is."""

    n_mels: int
    n_audio_ctx: int
    """Positions of the encoder's output: 1500 of 0.02 s each."""

    n_audio_state: int
    n_audio_head: int
    n_audio_layer: int
    n_vocab: int
    n_text_ctx: int
    """Positions of the decoder; half of them are left to the prompt."""

    n_text_state: int
    n_text_head: int
    n_text_layer: int

    @property
    def is_multilingual(self) -> bool:
        """Tell whether the model knows other languages than English."""
        return self.n_vocab >= _FIRST_MULTILINGUAL_VOCABULARY

    @property
    def n_languages(self) -> int:
        """Return how many languages have a token: every larger vocabulary added one."""
        return self.n_vocab - 51765 - int(self.is_multilingual)

    @property
    def prompt_budget(self) -> int:
        """Return how many tokens of a prompt fit before the window's own."""
        return self.n_text_ctx // 2 - 1

    def sample_budget(self, begun: int) -> int:
        """Return the most tokens that are decoded in a window, after those that it begins with."""
        return min(self.n_text_ctx // 2, self.n_text_ctx + 1 - begun)

    def list_shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of every tensor that a model of this size has, by OpenAI's names."""
        audio, text = self.n_audio_state, self.n_text_state
        shapes: dict[str, tuple[int, ...]] = {
            "encoder.conv1.weight": (audio, self.n_mels, 3),
            "encoder.conv1.bias": (audio,),
            "encoder.conv2.weight": (audio, audio, 3),
            "encoder.conv2.bias": (audio,),
            "encoder.positional_embedding": (self.n_audio_ctx, audio),
            "decoder.token_embedding.weight": (self.n_vocab, text),
            "decoder.positional_embedding": (self.n_text_ctx, text),
            **_norm_shapes("encoder.ln_post", audio),
            **_norm_shapes("decoder.ln", text),
        }
        for layer in range(self.n_audio_layer):
            shapes |= _block_shapes(f"encoder.blocks.{layer}", audio, has_cross_attention=False)
        for layer in range(self.n_text_layer):
            shapes |= _block_shapes(f"decoder.blocks.{layer}", text, has_cross_attention=True)
        return shapes


def _block_shapes(
    block: str, width: int, *, has_cross_attention: bool
) -> dict[str, tuple[int, ...]]:
    shapes = {
        f"{block}.mlp.0.weight": (4 * width, width),
        f"{block}.mlp.0.bias": (4 * width,),
        f"{block}.mlp.2.weight": (width, 4 * width),
        f"{block}.mlp.2.bias": (width,),
        **_norm_shapes(f"{block}.mlp_ln", width),
    }
    for attention in ("attn", "cross_attn") if has_cross_attention else ("attn",):
        shapes |= _norm_shapes(f"{block}.{attention}_ln", width)
        for projection in ("query", "key", "value", "out"):
            shapes[f"{block}.{attention}.{projection}.weight"] = (width, width)
            if projection != "key":
                shapes[f"{block}.{attention}.{projection}.bias"] = (width,)
    return shapes


def _norm_shapes(name: str, width: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}
