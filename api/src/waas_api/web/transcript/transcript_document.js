// The transcript that is edited: segments that are never changed in place, so that every state of
// them can be kept, compared and brought back.

import { timeWords } from "../segments/word_times.js";

const MOST_STATES = 500;
const ONE_GO = 1500; // ms within which typing in one segment is one step back

let keys = 0;
const newKey = () => (keys += 1);

export class TranscriptDocument extends EventTarget {
  /** Take a transcript as the service has it; tells `change` whenever its segments are others. */
  constructor(transcript) {
    super();
    this.load(transcript);
  }

  /** Begin anew with a transcript. */
  load({ language, duration, segments }) {
    this.language = language;
    this.duration = duration;
    this.segments = segments.map(read);
    this._past = [];
    this._future = [];
    this._going = null;
    this._tell();
  }

  /** Return it as the service wants it. */
  toJson() {
    return { language: this.language, segments: this.segments.map(write) };
  }

  get canUndo() {
    return this._past.length > 0;
  }

  get canRedo() {
    return this._future.length > 0;
  }

  undo() {
    if (this.canUndo) this._go(this._past, this._future);
  }

  redo() {
    if (this.canRedo) this._go(this._future, this._past);
  }

  find(key) {
    return this.segments.find((each) => each.key === key);
  }

  /** The names of those who speak, in the order in which they begin. */
  speakers() {
    return [...new Set(this.segments.map((each) => each.speaker).filter(Boolean))];
  }

  setText(key, text) {
    this._replace(key, (each) => [retime({ ...each, text })], `text ${key}`);
  }

  setSpeaker(key, speaker) {
    this._replace(key, (each) => [{ ...each, speaker: speaker.trim() || null }]);
  }

  /** Give speakers other names by a map, all at once: two can take each other's. */
  renameSpeakers(names) {
    this._change(this.segments.map((each) => (names.has(each.speaker) ? { ...each, speaker: names.get(each.speaker) } : each)));
  }

  remove(key) {
    this._replace(key, () => []);
  }

  /** Set the times of a segment; tells whether they can be: in order, and not after the end. */
  setTimes(key, start, end) {
    const place = this._place(key);
    const earliest = this.segments[place - 1]?.start ?? 0;
    const latest = this.segments[place + 1]?.start ?? this.duration;
    if (!(start >= earliest && end >= start && start <= latest && end <= this.duration + 1)) return false;
    const fit = (time) => Math.min(end, Math.max(start, time));
    this._replace(key, (each) => [
      { ...each, start, end, words: each.words?.map((word) => ({ ...word, start: fit(word.start), end: fit(word.end) })) ?? null },
    ]);
    return true;
  }

  /** Cut a segment in two at a place in its text; returns the key of the second part. */
  split(key, offset) {
    const segment = this.find(key);
    const [left, right] = [segment.text.slice(0, offset).trim(), segment.text.slice(offset).trim()];
    if (!left || !right) return null;
    const words = timeWords(segment.text, segment.start, segment.end, segment.words);
    const count = timeWords(left, 0, 1, null).length;
    const at = words[count]?.start ?? segment.end;
    const kept = (some) => (segment.words ? some : null);
    const second = newKey();
    this._replace(key, (each) => [
      retime({ ...each, text: left, end: words[count - 1]?.end ?? at, words: kept(words.slice(0, count)) }),
      retime({ ...each, key: second, text: right, start: at, words: kept(words.slice(count)) }),
    ]);
    return second;
  }

  /** Join a segment with the one before it; returns [key, place in the text where they meet]. */
  mergeWithPrevious(key) {
    const place = this._place(key);
    if (place < 1) return null;
    const [first, second] = [this.segments[place - 1], this.segments[place]];
    const gap = first.text && second.text && second.lead ? " " : "";
    const words = (each) => timeWords(each.text, each.start, each.end, each.words);
    const merged = retime({
      ...first,
      end: Math.max(first.end, second.end),
      text: first.text + gap + second.text,
      words: first.words || second.words ? [...words(first), ...words(second)] : null,
    });
    this._change(this.segments.toSpliced(place - 1, 2, merged));
    return [first.key, first.text.length + gap.length];
  }

  /** Replace every occurrence; returns how many there were. */
  replaceAll(wanted, replacement, matchesCase) {
    const pattern = buildPattern(wanted, matchesCase);
    let count = 0;
    const segments = this.segments.map((each) => {
      const text = each.text.replace(pattern, () => ((count += 1), replacement));
      return text === each.text ? each : retime({ ...each, text });
    });
    if (count) this._change(segments);
    return count;
  }

  /** Return where a text occurs, [{key, offset, length}]. */
  findAll(wanted, matchesCase) {
    if (!wanted) return [];
    const pattern = buildPattern(wanted, matchesCase);
    return this.segments.flatMap(({ key, text }) => [...text.matchAll(pattern)].map((match) => ({ key, offset: match.index, length: match[0].length })));
  }

  _place(key) {
    return this.segments.findIndex((each) => each.key === key);
  }

  _replace(key, make, going = null) {
    const place = this._place(key);
    if (place >= 0) this._change(this.segments.toSpliced(place, 1, ...make(this.segments[place])), going);
  }

  _change(segments, going = null) {
    const now = performance.now();
    const goesOn = going && this._going?.what === going && now - this._going.at < ONE_GO;
    if (!goesOn) this._past.push(this.segments);
    if (this._past.length > MOST_STATES) this._past.shift();
    this._future = [];
    this._going = going && { what: going, at: now };
    this.segments = segments;
    this._tell();
  }

  _go(from, to) {
    to.push(this.segments);
    this.segments = from.pop();
    this._going = null;
    this._tell();
  }

  _tell() {
    this.dispatchEvent(new Event("change"));
  }
}

function read({ start, end, text, words, speaker }) {
  // Most languages have a space between segments, which the service keeps before each of them.
  return { key: newKey(), start, end, text: text.trim(), lead: /^\s/.test(text) ? " " : "", words: words?.length ? words : null, speaker: speaker ?? null };
}

function write({ start, end, text, lead, words, speaker }) {
  const timed = words && timeWords(text, start, end, words);
  return {
    start,
    end,
    text: lead + text,
    ...(timed && { words: timed.map((each, place) => (place ? each : { ...each, word: lead + each.word })) }),
    ...(speaker && { speaker }),
  };
}

function retime(segment) {
  return segment.words ? { ...segment, words: timeWords(segment.text, segment.start, segment.end, segment.words) } : segment;
}

function buildPattern(wanted, matchesCase) {
  return new RegExp(wanted.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), matchesCase ? "gu" : "giu");
}
