import traceback
from pathlib import Path

import pytest

from support.job_items import make_urls, write_urls
from waas_job.errors import BadConfiguration
from waas_job.storage.urls import UrlFolder


def test_urls_are_read_anew_each_time(tmp_path: Path) -> None:
    folder = UrlFolder(tmp_path)
    first = make_urls("interview", lambda key: f"https://store.test/{key}?X-Amz-Signature=1")
    second = make_urls("interview", lambda key: f"https://store.test/{key}?X-Amz-Signature=2")
    write_urls(tmp_path, "interview", first)
    assert folder.read("interview") == first
    write_urls(tmp_path, "interview", second)
    assert folder.read("interview") == second


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match=r"interview\.json, cannot be read: No such"):
        UrlFolder(tmp_path).read("interview")


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("", "the whole file"),
        ("{", "the whole file"),
        ('{"audio": ["https://store.test/?X-Amz-Signature=secret"]}', "attempts, audio, manifest"),
    ],
)
def test_malformed_file_is_told_without_its_content(
    tmp_path: Path, content: str, place: str
) -> None:
    (tmp_path / "interview.json").write_text(content)
    with pytest.raises(BadConfiguration, match=f"wrong in: {place}") as caught:
        UrlFolder(tmp_path).read("interview")
    assert "secret" not in "".join(traceback.format_exception(caught.value))
