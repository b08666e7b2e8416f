"""The query of GET /v2/jobs."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

from waas_api.errors import UnknownLanguage
from waas_api.jobs.label_selectors import parse_selector
from waas_api.jobs.listing import JobFilter, JobQuery, Sort, SortField
from waas_contract.job_status import Phase
from waas_contract.languages import parse_language
from waas_contract.transcription_job import Task

_MOST_JOBS = 500
_SORTS: list[JsonValue] = [f"{sign}{field}" for field in SortField for sign in ("-", "")]
_Language = Annotated[str, Field(json_schema_extra={"format": "language"}, examples=["no"])]


def _split(value: object) -> object:
    """Return the words of a parameter that may come several times, and with commas."""
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list | tuple):
        return value
    return [word.strip() for text in value for word in str(text).split(",") if word.strip()]


def _split_phases(value: object) -> object:
    """Return the phases; Running may be written running."""
    words = _split(value)
    return [str(word).capitalize() for word in words] if isinstance(words, list) else words


def _refuse_number(value: object) -> object:
    """Return what may be a moment; a number alone would be read as seconds or milliseconds."""
    if isinstance(value, str) and value.strip().lstrip("+-").replace(".", "", 1).isdigit():
        raise ValueError("give a moment as RFC 3339 does: 2026-03-01T09:30:00Z")
    return value


_Moment = Annotated[AwareDatetime, BeforeValidator(_refuse_number)]


class JobListParameters(BaseModel):
    """What a list is asked for with."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    phase: Annotated[list[Phase], BeforeValidator(_split_phases)] = Field(
        default_factory=list, examples=[["Running", "Queued"]]
    )
    """Jobs in one of these phases; several with commas, or by naming it again."""

    model: Annotated[list[str], BeforeValidator(_split)] = Field(default_factory=list)
    """Jobs of one of these models."""

    task: Annotated[list[Task], BeforeValidator(_split)] = Field(default_factory=list)
    """Jobs of one of these tasks."""

    language: Annotated[list[_Language], BeforeValidator(_split)] = Field(default_factory=list)
    """Jobs in one of these languages, which were heard or asked for; by code or English name."""

    owner: str | None = None
    """Jobs of this owner; others' are shown to those who may manage them."""

    created_after: _Moment | None = None
    """Jobs that were made later than this moment (RFC 3339, with its offset)."""

    created_before: _Moment | None = None
    """Jobs that were made before this moment."""

    file_name: str = Field(default="", max_length=255)
    """Jobs with this in their file name, in any case."""

    label_selector: str = Field(
        default="",
        examples=["project=news,year in (2025, 2026),!draft"],
        json_schema_extra={"format": "label-selector"},
    )
    """Jobs whose labels fit, as in `kubectl get -l`."""

    sort: str = Field(
        default="-creation_time", examples=["file_name"], json_schema_extra={"enum": _SORTS}
    )
    """creation_time, completion_time, file_name or phase; with "-" before it, the last comes first.

    Jobs that have no such time or name come last in both directions.
    """

    limit: int = Field(default=100, ge=1, le=_MOST_JOBS)
    """Jobs on a page."""

    cursor: str | None = Field(
        default=None, max_length=2000, json_schema_extra={"format": "cursor"}
    )
    """Where the page begins: the `cursor` of the page before, with the same filters and sort."""

    def to_query(self) -> JobQuery:
        """Return what is asked for, or raise InvalidRequest."""
        return JobQuery(
            filter=JobFilter(
                phases=frozenset(self.phase),
                models=frozenset(self.model),
                tasks=frozenset(self.task),
                languages=frozenset(map(_read_language, self.language)),
                owners=None if self.owner is None else frozenset((self.owner,)),
                created_after=self.created_after,
                created_before=self.created_before,
                file_name=self.file_name,
                labels=parse_selector(self.label_selector),
            ),
            sort=Sort.parse(self.sort),
            limit=self.limit,
            cursor=self.cursor or None,
        )


def _read_language(text: str) -> str:
    language = parse_language(text)
    if language is None:
        raise UnknownLanguage("Language not supported")
    return language
