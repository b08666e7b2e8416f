"""The table in docs/transitions.md, as tests read it."""

import re
from pathlib import Path

from waas_contract.job_status import Phase

_DOCUMENT = Path(__file__).parents[2] / "docs" / "transitions.md"
_ROW = re.compile(r"^\| (\w+) \| ?([\w, ]*?) ?\|$", re.MULTILINE)


def read_transitions() -> dict[Phase, frozenset[Phase]]:
    """Return which phases may follow each phase."""
    first_table = _DOCUMENT.read_text().split("\n- **")[0]
    return {
        Phase(phase): frozenset(Phase(each) for each in followers.split(", ") if each)
        for phase, followers in _ROW.findall(first_table)
        if phase != "From"
    }
