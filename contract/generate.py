"""Writes what follows from the contract, the chart's values and the version; `make generate`."""

import argparse
import re
import sys
import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import yaml
from chart_values import render_schema, render_table

from waas_contract.custom_resource_definition import build_custom_resource_definition

ROOT = Path(__file__).parents[1]
CHART = ROOT / "charts" / "waas"
VALUES = CHART / "values.yaml"
CRD_HEADER = "# Generated from contract/ by `make generate`. Edit the models, not this file.\n"
TABLE_HEADER = """\
# Values of the chart

Generated from [values.yaml](values.yaml) by `make generate`; `values.schema.json` refuses every
other value. [README.md](README.md) tells where to start.

"""


def render_crd() -> str:
    """Return the CustomResourceDefinition as the chart holds it."""
    definition = build_custom_resource_definition()
    return CRD_HEADER + yaml.safe_dump(definition, sort_keys=False, width=100, allow_unicode=True)


def render_with_version(file: Path) -> str:
    """Return a project's or the chart's file with the version of the workspace's root."""
    workspace = tomllib.loads((ROOT / "pyproject.toml").read_text())
    version = workspace["project"]["version"]
    return re.sub(
        r'^(version(?: =|:)|appVersion:) ("?)[^"\n]+("?)$',
        rf"\1 \g<2>{version}\3",
        file.read_text(),
        flags=re.MULTILINE,
    )


VERSIONED = [
    CHART / "Chart.yaml",
    *(
        ROOT / member / "pyproject.toml"
        for member in ("contract", "api", "operator", "job-image", "standalone", "client")
    ),
]
GENERATED: dict[Path, Callable[[], str]] = {
    **{file: partial(render_with_version, file) for file in VERSIONED},
    CHART / "files" / "crds" / "transcriptionjobs.yaml": render_crd,
    CHART / "values.schema.json": lambda: render_schema(VALUES.read_text()),
    CHART / "VALUES.md": lambda: TABLE_HEADER + render_table(VALUES.read_text()),
}


def main() -> int:
    """Write the files, or with --check only compare them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail if a file is out of date")
    arguments = parser.parse_args()
    outdated = [
        file
        for file, render in GENERATED.items()
        if not file.exists() or file.read_text() != render()
    ]
    for file in outdated:
        if arguments.check:
            sys.stderr.write(f"{file} is out of date: run `make generate` and commit it\n")
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(GENERATED[file]())
    return 1 if arguments.check and outdated else 0


if __name__ == "__main__":
    sys.exit(main())
