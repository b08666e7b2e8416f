import json
from pathlib import Path

import pytest
import whisper

from waas_contract.catalogue_entries import ModelLayout
from waas_contract.model_catalogue import (
    BadCatalogue,
    CatalogueEntry,
    ModelCatalogue,
    ModelFile,
    parse_catalogue,
    render_catalogue,
)
from waas_contract.models import MODEL_NAMES, checkpoint_file_name, other_names
from waas_contract.openai_catalogue import OPENAI_CATALOGUE

A = "a" * 64
B = "b" * 64

NEWSROOM = f"""
[[models]]
name = "newsroom-small"
layout = "openai"
address = "https://models.example/newsroom-small.pt"
sha256 = "{A}"
bytes = 483617219
languages = ["no", "nn"]
licence = "MIT"
source = "The newsroom's own"
memoryBytes = 2147483648
alignmentHeads = [[5, 3], [5, 9]]

[[models]]
name = "nb-whisper"
layout = "safetensors"
address = "https://models.example/nb-whisper/"
[models.files]
"config.json" = {{ sha256 = "{A}" }}
"model.safetensors" = {{ sha256 = "{B}", bytes = 7, address = "weights/nb.safetensors" }}
"""


def parse(text: str, *, file: str = "/etc/waas/models.toml") -> ModelCatalogue:
    return parse_catalogue(text, file=Path(file))


def parse_one(**fields: object) -> CatalogueEntry:
    """Parse a model of one file with some fields changed; None leaves a field out."""
    entry = {"name": "parrot", "layout": "openai", "address": "parrot.pt", "sha256": A} | fields
    told = {name: value for name, value in entry.items() if value is not None}
    (parsed,) = parse(json.dumps({"models": [told]}), file="/etc/waas/models.json")
    return parsed


def test_every_field_of_both_layouts_is_read() -> None:
    assert list(parse(NEWSROOM)) == [
        CatalogueEntry(
            name="newsroom-small",
            layout=ModelLayout.OPENAI,
            files=(
                ModelFile(
                    path="newsroom-small.pt",
                    address="https://models.example/newsroom-small.pt",
                    sha256=A,
                    bytes=483617219,
                ),
            ),
            languages=("no", "nn"),
            alignment_heads=((5, 3), (5, 9)),
            memory_bytes=2147483648,
            licence="MIT",
            source="The newsroom's own",
        ),
        CatalogueEntry(
            name="nb-whisper",
            layout=ModelLayout.SAFETENSORS,
            files=(
                ModelFile(
                    "nb-whisper/config.json", "https://models.example/nb-whisper/config.json", A
                ),
                ModelFile(
                    "nb-whisper/model.safetensors", "file:///etc/waas/weights/nb.safetensors", B, 7
                ),
            ),
        ),
    ]


def test_what_is_rendered_is_read_back() -> None:
    for catalogue in (parse(NEWSROOM), OPENAI_CATALOGUE):
        text = render_catalogue(catalogue)
        assert list(parse(text, file="/elsewhere/catalogue.json")) == list(catalogue)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/srv/models/parrot.pt", "file:///srv/models/parrot.pt"),
        ("a parrot.pt", "file:///etc/waas/a%20parrot.pt"),
        ("file:///srv/parrot.pt", "file:///srv/parrot.pt"),
        ("http://10.0.0.7/parrot.pt?version=2", "http://10.0.0.7/parrot.pt?version=2"),
    ],
)
def test_address_is_a_url_or_a_path_beside_the_catalogue(address: str, expected: str) -> None:
    (file,) = parse_one(address=address).files
    assert file.address == expected


FOLDER = {"layout": "safetensors", "sha256": None, "address": "https://models.example/parrot"}
CONFIG = {"sha256": A}


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"sha256": None}, "model 'parrot': sha256: Field required"),
        ({"sha256": A.upper()}, "model 'parrot': sha256: String should match pattern"),
        ({"address": None}, "model 'parrot': address: Field required"),
        ({"address": ""}, "model 'parrot': address: String should have at least 1 character"),
        ({"address": "ftp://models/parrot.pt"}, "address: must be an http, https or file URL"),
        ({"address": "https:///parrot.pt"}, "address: names no host"),
        ({"address": "https://[models/parrot.pt"}, "address: Invalid IPv6 URL"),
        ({"bytes": "7"}, "bytes: Input should be a valid integer"),
        ({"bytes": 0}, "bytes: Input should be greater than 0"),
        ({"license": "MIT"}, "model 'parrot': license: Extra inputs are not permitted"),
        ({"languages": ["norwegian"]}, r"languages\.0: 'norwegian' is not the code of a language"),
        ({"alignmentHeads": []}, "alignmentHeads: Tuple should have at least 1 item"),
        ({"alignmentHeads": [[1, -1]]}, r"alignmentHeads\.0\.1: Input should be greater than"),
        ({"layout": "gguf"}, "layout: Input should be 'openai' or 'safetensors'"),
        ({"layout": None}, "model 'parrot': layout: Field required"),
        ({"name": None}, "model number 1: name: Field required"),
        ({"name": "../parrot"}, "name: must be letters, digits"),
        ({"name": "base.pt"}, "name: must be letters, digits"),
        ({"name": "catalogue.json"}, "name: must be letters, digits"),
        ({"name": "turbo"}, "name: is OpenAI's other name for 'large-v3-turbo'"),
        (FOLDER, "files: Field required"),
        (FOLDER | {"files": {}}, "files: config.json is missing"),
        (FOLDER | {"files": {"config.json": CONFIG}}, "files: there is no file with weights"),
        (
            FOLDER | {"files": {"../config.json": CONFIG}},
            r"files: '\.\./config.json' is not the plain name",
        ),
        (
            FOLDER | {"files": {"config.json": CONFIG, "pytorch_model.bin": CONFIG}},
            "files: 'pytorch_model.bin' is not the plain name of a .json or .safetensors file",
        ),
        (
            FOLDER | {"files": {"config.json": {"sha256": "abc"}}},
            r"files\.config\.json\.sha256: String should match",
        ),
        (
            FOLDER
            | {"address": None, "files": {"config.json": CONFIG, "model.safetensors": CONFIG}},
            "the entry: neither it nor its file config.json has an address",
        ),
    ],
)
def test_slip_of_the_pen_is_told_with_file_model_and_field(
    fields: dict[str, object], complaint: str
) -> None:
    with pytest.raises(BadCatalogue, match=complaint) as caught:
        parse_one(**fields)
    assert str(caught.value).startswith("/etc/waas/models.json, model ")


@pytest.mark.parametrize(
    ("text", "file", "complaint"),
    [
        ("[[models]", "/m.toml", r"/m\.toml: is no TOML: .*line 1"),
        ('{"models": [', "/m.json", r"/m\.json: is no JSON: .*line 1"),
        ("models: []", "/m.yaml", r"/m\.yaml: a catalogue's name has to end in \.toml or \.json"),
        ("[]", "/m.json", "must hold one list, 'models'"),
        ("model = []", "/m.toml", "must hold one list, 'models'"),
        ("models = []\nversion = 2", "/m.toml", "must hold one list, 'models', and nothing else"),
        ("models = [7]", "/m.toml", "model number 1: the entry: Input should be a valid"),
        (NEWSROOM + NEWSROOM, "/m.toml", "the model 'newsroom-small' is there twice"),
    ],
)
def test_what_is_no_catalogue_is_told(text: str, file: str, complaint: str) -> None:
    with pytest.raises(BadCatalogue, match=complaint):
        parse(text, file=file)


def test_later_catalogue_has_the_last_word() -> None:
    own = parse_one(name="base")
    catalogue = OPENAI_CATALOGUE.extended_by(ModelCatalogue([own]))
    assert catalogue.find("base") is own
    assert catalogue.find("tiny") == OPENAI_CATALOGUE.find("tiny")
    assert catalogue.find("parrot") is None


def test_openais_models_are_those_of_its_package() -> None:
    for name in MODEL_NAMES:
        entry = OPENAI_CATALOGUE.find(name)
        assert entry is not None
        (file,) = entry.files
        assert file.address == whisper._MODELS[name]
        # Where the digest is written; openai-whisper checks it so, too.
        assert file.sha256 == whisper._MODELS[name].split("/")[-2]
        assert file.path == checkpoint_file_name(name)
        assert entry.is_english_only is name.endswith(".en")
    names = [entry.name for entry in OPENAI_CATALOGUE]
    assert [*names, "large", "turbo"] == sorted(MODEL_NAMES, key=[*names, "large", "turbo"].index)
    assert other_names("large-v3") == ("large",)
    assert other_names("base") == ()


def test_size_of_a_model_is_known_where_each_file_is() -> None:
    newsroom, nb_whisper = parse(NEWSROOM)
    assert (newsroom.bytes, nb_whisper.bytes) == (483617219, None)
