// Writes a transcript as a document for Word, LibreOffice and the like (ECMA-376), as the service does.

import { clock } from "../texts/formatting.js";
import { onOneLine } from "./subtitle_files.js";
import { zip } from "./zip_archive.js";

export const MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

// Silence of that many seconds ends a paragraph, and so does the end of a segment after a minute.
const PAUSE = 2;
const LONGEST = 60;

const FORBIDDEN = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu; // in XML 1.0
const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

const HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"';
const PACKAGE = "http://schemas.openxmlformats.org/package/2006";
const OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PART = "application/vnd.openxmlformats-officedocument.wordprocessingml";

const related = (kind, target) => `${HEAD}<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="${kind}" Type="${OFFICE}/${kind}" Target="${target}"/></Relationships>`;
const style = (kind, id, look, facts = "") => `<w:style w:type="${kind}" ${facts} w:styleId="${id}"><w:name w:val="${id}"/><w:rPr>${look}</w:rPr></w:style>`;

const OWN = 'w:customStyle="1"';
const TYPES = `${HEAD}<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="${PART}.document.main+xml"/><Override PartName="/word/styles.xml" ContentType="${PART}.styles+xml"/></Types>`;
const SPACING = '<w:docDefaults><w:rPrDefault><w:rPr><w:sz w:val="22"/></w:rPr></w:rPrDefault><w:pPrDefault><w:pPr><w:spacing w:after="160" w:line="276" w:lineRule="auto"/></w:pPr></w:pPrDefault></w:docDefaults>';
const STYLES = `${HEAD}<w:styles ${WORD}>${SPACING}${style("paragraph", "Normal", "", 'w:default="1"')}${style("paragraph", "Title", '<w:b/><w:sz w:val="36"/>')}${style("character", "Time", '<w:color w:val="666666"/><w:sz w:val="18"/>', OWN)}${style("character", "Speaker", "<w:b/>", OWN)}</w:styles>`;

/** Return the document as the parts of a Blob: a paragraph for each turn of a speaker, with its time. */
export function renderDocument(segments, title) {
  const head = `<w:p><w:pPr><w:pStyle w:val="Title"/></w:pPr>${run(title)}</w:p>`;
  const body = inParagraphs(segments).map(renderParagraph).join("");
  return zip([
    ["[Content_Types].xml", TYPES],
    ["_rels/.rels", related("officeDocument", "word/document.xml")],
    ["word/document.xml", `${HEAD}<w:document ${WORD}><w:body>${head}${body}</w:body></w:document>`],
    ["word/_rels/document.xml.rels", related("styles", "styles.xml")],
    ["word/styles.xml", STYLES],
  ]);
}

/** Return the segments that belong together: one speaker's, without a pause, of a minute. */
function inParagraphs(segments) {
  const found = [];
  for (const segment of segments.filter((each) => each.text.trim())) {
    const [first, last] = [found.at(-1)?.[0], found.at(-1)?.at(-1)];
    const goesOn = first && segment.speaker === first.speaker && segment.start - last.end < PAUSE && last.end - first.start < LONGEST;
    if (goesOn) found.at(-1).push(segment);
    else found.push([segment]);
  }
  return found;
}

function renderParagraph(segments) {
  const [{ start, speaker }] = segments;
  const name = onOneLine(speaker);
  const text = segments.map((each) => each.lead + each.text).join("");
  return `<w:p>${run(`${clock(start)}  `, "Time")}${name && run(`${name}: `, "Speaker")}${run(text.replace(/\s+/g, " ").trim())}</w:p>`;
}

function run(text, look = null) {
  const properties = look ? `<w:rPr><w:rStyle w:val="${look}"/></w:rPr>` : "";
  const shown = text.replace(FORBIDDEN, "").replace(/[&<>]/g, (each) => ESCAPES[each]);
  return `<w:r>${properties}<w:t xml:space="preserve">${shown}</w:t></w:r>`;
}
