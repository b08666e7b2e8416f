"""What may stand in the annotation of a trace."""

import pytest

from waas_contract.trace_context import read_traceparent

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
CASES = [
    ("one as the standard shows it", f"00-{TRACE}-{SPAN}-01", True),
    ("nothing", "", False),
    ("no trace", f"00-{'0' * 32}-{SPAN}-01", False),
    ("no span", f"00-{TRACE}-{'0' * 16}-01", False),
    ("capital letters", f"00-{TRACE.upper()}-{SPAN}-01", False),
    ("a later version, of which nobody knows the form", f"01-{TRACE}-{SPAN}-01", False),
    ("something after it", f"00-{TRACE}-{SPAN}-01\n", False),
    ("anything else", "$(WAAS_ITEMS)", False),
]


@pytest.mark.parametrize(
    ("text", "is_kept"), [pytest.param(*case[1:], id=case[0]) for case in CASES]
)
def test_what_is_a_traceparent(text: str, is_kept: bool) -> None:
    assert read_traceparent(text) == (text if is_kept else None)
