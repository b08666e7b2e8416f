"""Writes a transcript as a document for Word, LibreOffice and the like (ECMA-376). Pure.

A document is a zip archive of a few XML files; of all that they can hold, a transcript needs
paragraphs and four styles. The same transcript gives the same bytes.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape

from waas_contract.captions import name_on_one_line
from waas_contract.transcript import Segment, Transcript

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

# Silence of that many seconds ends a paragraph, and so does the end of a segment after a minute.
_PAUSE_SECONDS = 2.0
_LONGEST_SECONDS = 60.0

_EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The first moment that an archive can name."""

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no place for, not even escaped."""

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PART = "application/vnd.openxmlformats-officedocument.wordprocessingml"

_CONTENT_TYPES = (
    f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/word/document.xml" ContentType="{_PART}.document.main+xml"/>'
    f'<Override PartName="/word/styles.xml" ContentType="{_PART}.styles+xml"/></Types>'
)
_RELATIONSHIPS = (
    f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="document" '
    f'Type="{_OFFICE}/officeDocument" Target="word/document.xml"/></Relationships>'
)
_DOCUMENT_RELATIONSHIPS = (
    f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="styles" '
    f'Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>'
)
_STYLES = (
    f"{_HEAD}<w:styles {_WORD}>"
    '<w:docDefaults><w:rPrDefault><w:rPr><w:sz w:val="22"/></w:rPr></w:rPrDefault>'
    '<w:pPrDefault><w:pPr><w:spacing w:after="160" w:line="276" w:lineRule="auto"/></w:pPr>'
    "</w:pPrDefault></w:docDefaults>"
    '<w:style w:type="paragraph" w:default="1" w:styleId="Normal">'
    '<w:name w:val="Normal"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="Title"><w:name w:val="Title"/>'
    '<w:rPr><w:b/><w:sz w:val="36"/></w:rPr></w:style>'
    '<w:style w:type="character" w:customStyle="1" w:styleId="Time"><w:name w:val="Time"/>'
    '<w:rPr><w:color w:val="666666"/><w:sz w:val="18"/></w:rPr></w:style>'
    '<w:style w:type="character" w:customStyle="1" w:styleId="Speaker"><w:name w:val="Speaker"/>'
    "<w:rPr><w:b/></w:rPr></w:style></w:styles>"
)


def render(transcript: Transcript, title: str) -> bytes:
    """Return the document: a paragraph for each turn of a speaker, with its time."""
    paragraphs = "".join(map(_render_paragraph, _paragraphs(transcript.segments)))
    document = (
        f"{_HEAD}<w:document {_WORD}><w:body>"
        f'<w:p><w:pPr><w:pStyle w:val="Title"/></w:pPr>{_run(title)}</w:p>{paragraphs}'
        "</w:body></w:document>"
    )
    parts = {
        "[Content_Types].xml": _CONTENT_TYPES,
        "_rels/.rels": _RELATIONSHIPS,
        "word/document.xml": document,
        "word/_rels/document.xml.rels": _DOCUMENT_RELATIONSHIPS,
        "word/styles.xml": _STYLES,
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in parts.items():
            part = zipfile.ZipInfo(name, _EARLIEST)
            archive.writestr(part, text.encode(), zipfile.ZIP_DEFLATED)
    return content.getvalue()


def _paragraphs(segments: Iterable[Segment]) -> Iterator[list[Segment]]:
    """Yield the segments that belong together: one speaker's, without a pause, of a minute."""
    paragraph: list[Segment] = []
    for segment in segments:
        if paragraph and not _goes_on(paragraph, segment):
            yield paragraph
            paragraph = []
        if segment.text.strip():
            paragraph.append(segment)
    if paragraph:
        yield paragraph


def _goes_on(paragraph: list[Segment], segment: Segment) -> bool:
    first, last = paragraph[0], paragraph[-1]
    return (
        segment.speaker == first.speaker
        and segment.start - last.end < _PAUSE_SECONDS
        and last.end - first.start < _LONGEST_SECONDS
    )


def _render_paragraph(segments: list[Segment]) -> str:
    first = segments[0]
    name = name_on_one_line(first.speaker)
    time = _run(f"{_clock(first.start)}  ", style="Time")
    speaker = _run(f"{name}: ", style="Speaker") if name else ""
    # Most languages have a space between segments, which is kept before each of them.
    text = "".join(segment.text for segment in segments)
    return f"<w:p>{time}{speaker}{_run(' '.join(text.split()))}</w:p>"


def _run(text: str, *, style: str | None = None) -> str:
    properties = f'<w:rPr><w:rStyle w:val="{style}"/></w:rPr>' if style else ""
    shown = escape(_FORBIDDEN.sub("", text))
    return f'<w:r>{properties}<w:t xml:space="preserve">{shown}</w:t></w:r>'


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
