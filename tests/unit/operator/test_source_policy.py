import pytest

from waas_contract.transcription_job import Source
from waas_operator.source_policy import explain_forbidden_source

LISTED_BUCKETS = {"newsroom": ("archive", "tapes"), "payroll": ("salaries",)}
PREFIX_RULE = "spec.source.key: must begin with 'newsroom/', the prefix of its own namespace"

CASES = [
    ("an upload of its own", Source(key="newsroom/a/audio/x.mp3"), None),
    ("its own bucket by name", Source(bucket="waas", key="newsroom/a.mp3"), None),
    ("anything in a listed bucket", Source(bucket="archive", key="1999/x.mp3"), None),
    ("another namespace's object", Source(key="payroll/a/audio/x.mp3"), PREFIX_RULE),
    (
        "another namespace's object in its own bucket by name",
        Source(bucket="waas", key="payroll/a.mp3"),
        PREFIX_RULE,
    ),
    ("a namespace that begins alike", Source(key="newsroom2/a.mp3"), PREFIX_RULE),
    ("the prefix without an object's own name", Source(key="newsroom"), PREFIX_RULE),
    ("a way up", Source(key="newsroom/../payroll/a.mp3"), PREFIX_RULE),
    ("dots that are no way up", Source(key="newsroom/a..b/x...mp3"), None),
    ("a leading slash", Source(key="/newsroom/a.mp3"), PREFIX_RULE),
    (
        "a bucket that is listed for another namespace",
        Source(bucket="salaries", key="newsroom/a.mp3"),
        "spec.source.bucket: an administrator has not listed bucket 'salaries' "
        "for namespace 'newsroom'",
    ),
    (
        "a bucket that nobody listed",
        Source(bucket="backups", key="newsroom/a.mp3"),
        "spec.source.bucket: an administrator has not listed bucket 'backups' "
        "for namespace 'newsroom'",
    ),
]


@pytest.mark.parametrize(
    ("source", "explanation"), [pytest.param(*case[1:], id=case[0]) for case in CASES]
)
def test_which_source_a_namespace_may_read(source: Source, explanation: str | None) -> None:
    found = explain_forbidden_source(
        source, "newsroom", listed_buckets=LISTED_BUCKETS, own_bucket="waas"
    )

    assert found == explanation


def test_a_namespace_without_a_list_has_no_other_bucket() -> None:
    source = Source(bucket="archive", key="1999/x.mp3")

    assert explain_forbidden_source(
        source, "sports", listed_buckets=LISTED_BUCKETS, own_bucket="waas"
    )
