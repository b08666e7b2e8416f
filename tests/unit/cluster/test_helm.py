"""Which Helm is taken."""

import pytest

from cluster.helm import is_fit

PRINTED = [
    ("the version in the wheel", "v4.3.1", True),
    ("a later one", "v5.0.0", True),
    ("a release candidate", "v4.0.0-rc.1", True),
    ("Helm 3", "v3.19.2", False),
    ("one that was built without a version", "", False),
    ("another program of that name", "helm: the text editor", False),
]


@pytest.mark.parametrize(
    ("printed", "is_taken"), [pytest.param(*case[1:], id=case[0]) for case in PRINTED]
)
def test_helm_is_fit(printed: str, is_taken: bool) -> None:
    assert is_fit(printed) is is_taken
