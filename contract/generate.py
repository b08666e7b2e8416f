"""Writes what the chart derives from the contract; `make generate` and `make check-generated`."""

import argparse
import sys
from pathlib import Path

import yaml

from waas_contract.custom_resource_definition import build_custom_resource_definition

CHART = Path(__file__).parents[1] / "charts" / "waas"
CRD_FILE = CHART / "files" / "crds" / "transcriptionjobs.yaml"
HEADER = "# Generated from contract/ by `make generate`. Edit the models, not this file.\n"


def render_crd() -> str:
    """Return the CustomResourceDefinition as the chart holds it."""
    definition = build_custom_resource_definition()
    return HEADER + yaml.safe_dump(definition, sort_keys=False, width=100, allow_unicode=True)


def main() -> int:
    """Write the file, or with --check only compare it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail if the file is out of date")
    arguments = parser.parse_args()
    wanted = render_crd()
    if arguments.check:
        if not CRD_FILE.exists() or CRD_FILE.read_text() != wanted:
            sys.stderr.write(f"{CRD_FILE} is out of date: run `make generate` and commit it\n")
            return 1
        return 0
    CRD_FILE.parent.mkdir(parents=True, exist_ok=True)
    CRD_FILE.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
