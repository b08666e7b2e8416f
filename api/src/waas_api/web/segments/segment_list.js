// The segments, as they are read, heard and edited.

import { h } from "../elements/elements.js";
import { say } from "../texts/texts.js";
import { readCaret, setCaret } from "./caret.js";
import { SegmentRow } from "./segment_row.js";
import { clean, findPlace } from "./word_times.js";

const NEAR = "1200px 0px"; // of what is in sight: an hour has ten thousand words, and nobody looks at all of them
const STILLNESS = 4000; // ms after somebody scrolled, before text follows the sound again

export class SegmentList {
  /** Show a document; `player` plays from a time, `openMenu(key, button, caret)` shows what else can be done. */
  constructor(content, player, openMenu) {
    this._content = content;
    this._player = player;
    this._openMenu = openMenu;
    this._rows = new Map();
    this._starts = [];
    this._current = null;
    this._word = null;
    this._time = -1;
    this._scrolledAt = -Infinity;
    this._caret = null;
    this.follows = true;
    /** Called when the words of some segments have become elements. */
    this.onwords = () => {};
    this._sight = new IntersectionObserver((seen) => this._showWordsOf(seen), { rootMargin: NEAR });
    this.element = h("ol", { class: "segments", "aria-label": say("transcript") });
    this._listen();
    content.addEventListener("change", () => this._show());
    this._show();
  }

  row(key) {
    return this._rows.get(key);
  }

  /** Mark what is said at a time, and keep it in sight. */
  showTime(time, isPlaying) {
    this._time = time;
    const place = findPlace(this._starts, time);
    const row = place < 0 ? null : this._rows.get(this._content.segments[place].key);
    if (row !== this._current) {
      this._current?.element.classList.remove("current");
      row?.element.classList.add("current");
      this._current = row;
      if (row && isPlaying && this.follows && performance.now() - this._scrolledAt > STILLNESS) this._keepInSight(row.element);
    }
    const word = row && time <= row.segment.end + 0.3 ? row.spans[findPlace(row.starts, time)] : null;
    if (word === this._word) return;
    this._word?.classList.remove("said");
    word?.classList.add("said");
    this._word = word;
  }

  /** Move the caret to the segment before or after the one that has it, or that is said. */
  step(count) {
    const segments = this._content.segments;
    const key = this._keyOf(document.activeElement) ?? this._current?.segment.key;
    const place = Math.min(segments.length - 1, Math.max(0, segments.findIndex((each) => each.key === key) + count));
    const next = this._rows.get(segments[place]?.key);
    if (!next) return;
    next.showWords();
    setCaret(next.text, 0);
    this._keepInSight(next.element);
    this._player.seek(next.segment.start);
  }

  _show() {
    const rows = new Map();
    let speaker = null;
    for (const segment of this._content.segments) {
      const row = this._rows.get(segment.key) ?? this._makeRow(segment);
      const hidesSpeaker = speaker === segment.speaker;
      if (row.segment !== segment || row.hidesSpeaker !== hidesSpeaker || !this._rows.has(segment.key)) row.show(segment, speaker);
      row.hidesSpeaker = hidesSpeaker;
      speaker = segment.speaker;
      rows.set(segment.key, row);
    }
    for (const [key, row] of this._rows) if (!rows.has(key)) row.element.remove();
    let next = this.element.firstElementChild;
    for (const row of rows.values()) {
      if (row.element === next) next = next.nextElementSibling;
      else this.element.insertBefore(row.element, next);
    }
    this._rows = rows;
    this._starts = this._content.segments.map((each) => each.start);
    this._markAgain();
  }

  /** Words that are shown anew have no mark yet. */
  _markAgain() {
    this._word = null;
    this.showTime(this._time, false);
  }

  _makeRow(segment) {
    const row = new SegmentRow(segment, this._content.language);
    this._sight.observe(row.element);
    return row;
  }

  _showWordsOf(seen) {
    const near = seen.filter((each) => each.isIntersecting);
    for (const { target } of near) {
      this._sight.unobserve(target);
      const row = this._rows.get(this._keyOf(target));
      // Where somebody writes already, the caret would be lost; the words come when they leave.
      if (row && document.activeElement !== row.text) row.showWords();
    }
    if (near.length) this.onwords();
  }

  _listen() {
    let wasFocused = null;
    this.element.addEventListener("mousedown", () => (wasFocused = document.activeElement));
    this.element.addEventListener("click", (event) => this._click(event, wasFocused));
    this.element.addEventListener("keydown", (event) => this._key(event));
    this.element.addEventListener("beforeinput", (event) => this._beforeInput(event));
    this.element.addEventListener("input", (event) => this._content.setText(this._keyOf(event.target), clean(event.target.textContent)));
    this.element.addEventListener("focusout", (event) => {
      const row = event.target.classList.contains("text") && this._rows.get(this._keyOf(event.target));
      if (!row) return;
      this._caret = [row.segment.key, readCaret(row.text)];
      row.showWords();
      this._markAgain();
    });
    for (const name of ["wheel", "touchmove"]) {
      this.element.addEventListener(name, () => (this._scrolledAt = performance.now()), { passive: true });
    }
  }

  _click(event, wasFocused) {
    const row = this._rows.get(this._keyOf(event.target));
    if (!row) return;
    const control = event.target.closest("button");
    if (control?.classList.contains("time")) {
      this._player.playFrom(row.segment.start);
    } else if (control) {
      const caret = this._caret?.[0] === row.segment.key ? this._caret[1] : null;
      this._openMenu(row.segment.key, control, caret);
    } else {
      const time = row.timeOf(event.target);
      if (time === null) return;
      // A click into what is edited already places the caret and disturbs nobody.
      if (wasFocused === row.text) this._player.seek(time);
      else this._player.playFrom(time);
    }
  }

  _key(event) {
    if (!event.target.classList.contains("text") || event.isComposing) return;
    const key = this._keyOf(event.target);
    const caret = readCaret(event.target);
    if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      const before = caret === null ? null : clean(event.target.textContent.slice(0, caret));
      const made = before && this._content.split(key, before.length);
      if (made) this.focus(made, 0);
    } else if (event.key === "Backspace" && caret === 0) {
      event.preventDefault();
      this.merge(key);
    } else if (event.key === "Delete" && caret === event.target.textContent.length) {
      event.preventDefault();
      const next = this._content.segments[this._content.segments.findIndex((each) => each.key === key) + 1];
      if (next) this.merge(next.key);
    }
  }

  /** Join a segment with the one before it, and put the caret where they meet. */
  merge(key) {
    const met = this._content.mergeWithPrevious(key);
    if (met) this.focus(...met);
  }

  /** Put the caret into a segment. */
  focus(key, offset) {
    const row = this._rows.get(key);
    if (!row) return;
    row.showWords();
    setCaret(row.text, offset);
  }

  _beforeInput(event) {
    if (event.inputType === "historyUndo" || event.inputType === "historyRedo") {
      // The browser knows the text of one segment only; the document knows them all.
      event.preventDefault();
      if (event.inputType === "historyUndo") this._content.undo();
      else this._content.redo();
    } else if (["insertParagraph", "insertLineBreak"].includes(event.inputType)) {
      event.preventDefault();
    }
  }

  _keyOf(element) {
    const found = element?.closest?.(".segment");
    return found && this.element.contains(found) ? Number(found.dataset.key) : undefined;
  }

  _keepInSight(element) {
    const { top, bottom } = element.getBoundingClientRect();
    if (top > 140 && bottom < innerHeight - 220) return;
    const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    element.scrollIntoView({ block: "center", behavior: isCalm ? "auto" : "smooth" });
  }
}
