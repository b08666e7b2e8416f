"""Reads from a Dockerfile what the catalogue says about it, too. Pure."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass


@dataclass(frozen=True)
class Instruction:
    """One instruction, with its continued lines joined."""

    # In capitals: FROM, RUN, …
    name: str
    text: str

    @property
    def flags(self) -> dict[str, str]:
        """The options before the words, as in `COPY --from=tools`."""
        return dict(re.findall(r"--([a-z]+)=(\S+)", self.text))

    @property
    def words(self) -> list[str]:
        """The words after the options; those of the exec form where that is used."""
        text = re.sub(r"^(?:--[a-z]+=\S+\s+)+", "", self.text)
        return json.loads(text) if text.startswith("[") else shlex.split(text)


def parse(text: str) -> list[Instruction]:
    """Returns a Dockerfile's instructions in their order."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [Instruction(*line.split(maxsplit=1)) for line in joined.splitlines() if line.strip()]


def stages(instructions: list[Instruction]) -> list[list[Instruction]]:
    """Returns the instructions of each stage, its FROM first."""
    found: list[list[Instruction]] = []
    for instruction in instructions:
        if instruction.name == "FROM":
            found.append([])
        if found:
            found[-1].append(instruction)
    return found


def copied_from_context(instructions: list[Instruction]) -> set[str]:
    """Returns the files and folders that the Dockerfile copies from its context."""
    return {
        source
        for instruction in instructions
        if instruction.name in ("COPY", "ADD") and "from" not in instruction.flags
        for source in instruction.words[:-1]
    }
