"""OpenAI's own checkpoints.

Addresses and digests are those of openai-whisper 20250625 (`whisper._MODELS`; a test compares
them). Sizes are those of the published files, as several listings of them agree; they only help to
tell how long a download takes and whether it fits: the digest decides.

Memory is rough: 0.7 GiB for the program, and for each weight 2 bytes of checkpoint and 4 of model,
rounded up. On the CPU and with a short clip tiny.en took 0.87 GiB at most, base 1.02; an hour of
audio adds about 0.3.
"""

from waas_contract.catalogue_entries import ModelLayout
from waas_contract.model_catalogue import CatalogueEntry, ModelCatalogue, ModelFile
from waas_contract.models import checkpoint_file_name, is_english_only

_ADDRESS = "https://openaipublic.azureedge.net/main/whisper/models"
_MEBIBYTE = 1024**2

# Name, SHA-256, bytes, MiB of memory.
_PUBLISHED: tuple[tuple[str, str, int, int], ...] = (
    (
        "tiny.en",
        "d3dd57d32accea0b295c96e26691aa14d8822fac7d9d27d5dc00b4ca2826dd03",
        75_571_315,
        1_024,
    ),
    (
        "tiny",
        "65147644a518d12f04e32d6f3b26facc3f8dd46e5390956a9424a650c0ce22b9",
        75_572_083,
        1_024,
    ),
    (
        "base.en",
        "25a8566e1d0c1e2231d1c762132cd20e0f96a85d16145c3a00adf5d1ac670ead",
        145_261_783,
        1_536,
    ),
    (
        "base",
        "ed3a0b6b1c0edf879ad9b11b1af5a0e6ab5db9205f891f668f8b0e6c6326e34e",
        145_262_807,
        1_536,
    ),
    (
        "small.en",
        "f953ad0fd29cacd07d5a9eda5624af0f6bcf2258be67c92b79389873d91e0872",
        483_615_683,
        2_560,
    ),
    (
        "small",
        "9ecf779972d90ba49c06d968637d720dd632c55bbf19d441fb42bf17a411e794",
        483_617_219,
        2_560,
    ),
    (
        "medium.en",
        "d7440d1dc186f76616474e0ff0b3b6b879abc9d1a4926b7adfa41db2d497ab4f",
        1_528_006_491,
        5_632,
    ),
    (
        "medium",
        "345ae4da62f9b3d59415adc60127b97c714f32e89e936602e85993674d08dcb1",
        1_528_008_539,
        5_632,
    ),
    (
        "large-v1",
        "e4b87e7e0bf463eb8e6956e646f1e277e901512310def2c24bf0e11bd3c28e9a",
        3_086_999_982,
        10_240,
    ),
    (
        "large-v2",
        "81f7c96c852ee8fc832187b0132e569d6c3065a3252ed18e56effd0b6a73e524",
        3_086_999_982,
        10_240,
    ),
    (
        "large-v3",
        "e5b1a55b89c1367dacf97e3e19bfd829a01529dbfdeefa8caeb59b3f1b81dadb",
        3_087_371_615,
        10_240,
    ),
    (
        "large-v3-turbo",
        "aff26ae408abcba5fbf8813c21e62b0941638c5f6eebfb145be0c9839262a19a",
        1_617_941_637,
        6_144,
    ),
)

OPENAI_CATALOGUE = ModelCatalogue(
    CatalogueEntry(
        name=name,
        layout=ModelLayout.OPENAI,
        files=(
            ModelFile(
                path=checkpoint_file_name(name),
                address=f"{_ADDRESS}/{sha256}/{checkpoint_file_name(name)}",
                sha256=sha256,
                bytes=size,
            ),
        ),
        languages=("en",) if is_english_only(name) else (),
        memory_bytes=memory * _MEBIBYTE,
        licence="MIT",
        source="OpenAI, https://github.com/openai/whisper",
    )
    for name, sha256, size, memory in _PUBLISHED
)
