// Reads and writes transcripts as files, on this machine alone.

import { parseClock } from "../texts/formatting.js";

const ARROW = /^\s*([\d:.,]+)\s*-->\s*([\d:.,]+)/;
const VOICE = /<v(?:\.[^\s>]*)?\s+([^>]*)>/;
const ESCAPES = [["&", "&amp;"], ["<", "&lt;"], [">", "&gt;"]];
const HUNDREDTHS = 100;

/** Return the transcript in a file's text, by the file's name; null where there is none. */
export function parseTranscript(name, text) {
  const isJson = /\.(jojo|json)$/i.test(name);
  const segments = isJson ? parseJson(text) : parseCues(text);
  if (!segments?.length) return null;
  return { language: "", duration: Infinity, segments };
}

/** Return a document as the text of a file; `recording` is the name of what was heard. */
export function renderTranscript(format, segments, recording) {
  switch (format) {
    case "srt":
      return segments.map((each, place) => `${place + 1}\n${stamp(each.start, ",", true)} --> ${stamp(each.end, ",", true)}\n${caption(introduce(each))}\n`).join("\n");
    case "vtt":
      return `WEBVTT\n${segments.map((each) => `\n${stamp(each.start, ".")} --> ${stamp(each.end, ".")}\n${voice(each)}${caption(each)}\n`).join("")}`;
    case "tsv":
      return renderTable(segments);
    case "jojo":
      return renderJojo(segments, recording);
    case "json":
      return JSON.stringify({ language: "", duration: segments.at(-1)?.end ?? 0, text: segments.map((each) => each.lead + each.text).join(""), segments: segments.map(({ start, end, text, lead, speaker }) => ({ start, end, text: lead + text, ...(speaker && { speaker }) })) });
    default:
      return segments.map((each) => `${introduce(each).text}\n`).join("");
  }
}

/** Return what was said, each speaker's words under their name. */
export function renderText(segments) {
  let speaker = null;
  return segments
    .map((each) => {
      const head = each.speaker && each.speaker !== speaker ? `${speaker === null ? "" : "\n"}${each.speaker}:\n` : "";
      speaker = each.speaker;
      return `${head}${each.text}\n`;
    })
    .join("");
}

/** Times in milliseconds; who speaks has a column where anybody is named. */
function renderTable(segments) {
  const rows = segments.map(({ start, end, text, speaker }) => [Math.round(start * 1000), Math.round(end * 1000), text.replaceAll("\t", " "), onOneLine(speaker)]);
  const columns = rows.some((row) => row[3]) ? 4 : 3;
  return [["start", "end", "text", "speaker"], ...rows].map((row) => `${row.slice(0, columns).join("\t")}\n`).join("");
}

/** The document of the old service's editor, which knows no speakers. */
function renderJojo(segments, recording) {
  const written = segments.map((each) => ({ id: newId(), timeStart: hundredths(each.start), timeEnd: hundredths(each.end), text: caption(each) }));
  return JSON.stringify({ docVersion: "1.0", id: newId(), audiofile: { id: newId(), url: `file://web/${encodeURIComponent(recording)}` }, segments: written });
}

/** A UUID of random numbers; the browser's own are for pages that came by https alone. */
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const digits = Array.from(bytes, (each) => each.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function hundredths(seconds) {
  return Math.floor(seconds * HUNDREDTHS + 1e-6); // 0.57 is a little less than 57 hundredths in binary
}

/** The old service's documents have hundredths of a second, Whisper's JSON has seconds. */
function parseJson(text) {
  let content;
  try {
    content = JSON.parse(text);
  } catch {
    return null;
  }
  if (!Array.isArray(content?.segments)) return null;
  return content.segments
    .map((each) => ({
      start: Number(each.start ?? each.timeStart / HUNDREDTHS),
      end: Number(each.end ?? each.timeEnd / HUNDREDTHS),
      text: ` ${String(each.text ?? "").trim()}`,
      words: Array.isArray(each.words) ? each.words : null,
      speaker: typeof each.speaker === "string" ? each.speaker : null,
    }))
    .filter((each) => each.end >= each.start);
}

/** SubRip and WebVTT: blocks between empty lines, in which a line has an arrow. */
function parseCues(text) {
  const blocks = text.replaceAll("\r", "").split(/\n{2,}/);
  return blocks.flatMap((block) => {
    const lines = block.split("\n");
    const place = lines.findIndex((line) => ARROW.test(line));
    if (place < 0) return [];
    const [, from, to] = lines[place].match(ARROW);
    const [start, end] = [parseClock(from), parseClock(to)];
    const marked = lines.slice(place + 1).join(" ");
    const speaker = unescape(marked.match(VOICE)?.[1] ?? "").trim() || null;
    const said = marked.replace(/<[^>]*>/g, "").trim();
    return start === null || end === null || end < start ? [] : [{ start, end, text: ` ${said}`, words: null, speaker }];
  });
}

function stamp(seconds, mark, hasHours = false) {
  const all = Math.round(seconds * 1000);
  const two = (value) => String(Math.floor(value)).padStart(2, "0");
  const hours = hasHours || all >= 3600000 ? `${two(all / 3600000)}:` : "";
  return `${hours}${two((all % 3600000) / 60000)}:${two((all % 60000) / 1000)}${mark}${String(all % 1000).padStart(3, "0")}`;
}

function caption({ text }) {
  return text.replaceAll("-->", "->");
}

/** Return a segment whose text begins with the name of who speaks, as the service's files have it. */
function introduce(segment) {
  const name = onOneLine(segment.speaker);
  return name && segment.text ? { ...segment, text: `${name}: ${segment.text}` } : segment;
}

/** WebVTT's mark of who speaks. */
function voice({ speaker }) {
  const name = onOneLine(speaker);
  return name && `<v ${ESCAPES.reduce((text, [plain, escaped]) => text.replaceAll(plain, escaped), name)}>`;
}

function unescape(text) {
  return ESCAPES.reduceRight((plain, [character, escaped]) => plain.replaceAll(escaped, character), text);
}

/** Return a name as it stands in a line of its own. */
export function onOneLine(name) {
  return (name ?? "").replaceAll("-->", "->").replace(/\s+/g, " ").trim();
}
