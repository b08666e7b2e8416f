// One segment on the page: when it is said, by whom, and the words.

import { h, iconButton } from "../elements/elements.js";
import { clock } from "../texts/formatting.js";
import { say } from "../texts/texts.js";
import { clean, timeWords } from "./word_times.js";

const UNSURE = 0.5; // Whisper is wrong about every other word below that

export class SegmentRow {
  constructor(segment, language) {
    this._time = h("button", { type: "button", class: "time numbers" });
    this._speaker = h("button", { type: "button", class: "speaker" });
    this.text = h("div", { class: "text", contenteditable: "plaintext-only", role: "textbox", spellcheck: "true", lang: language });
    // Where a browser does not know that kind yet.
    if (!this.text.isContentEditable && this.text.contentEditable !== "plaintext-only") this.text.contentEditable = "true";
    this.element = h("li", { class: "segment" }, this._time, h("div", { class: "body" }, this._speaker, this.text), iconButton("dots", say("segmentMenu"), null, { class: "button plain icon-only more", "aria-haspopup": "true" }));
    this.element.dataset.key = segment.key;
    this.starts = [];
    this.spans = [];
    this._isDrawn = false;
    this.show(segment);
  }

  /** Show a segment; its words are left alone while somebody types just these, or until it comes into sight. */
  show(segment, previousSpeaker = null) {
    const isTyped = document.activeElement === this.text && clean(this.text.textContent) === segment.text;
    this.segment = segment;
    this._time.textContent = clock(segment.start);
    this._time.setAttribute("aria-label", say("playFrom", clock(segment.start)));
    this.text.setAttribute("aria-label", say("textAt", clock(segment.start)));
    this._speaker.textContent = segment.speaker ?? "";
    this._speaker.hidden = !segment.speaker || segment.speaker === previousSpeaker;
    if (isTyped) return;
    if (this._isDrawn) this.showWords();
    else this.text.textContent = segment.text;
  }

  /** Show the words anew, each by itself, so that each can be heard. */
  showWords() {
    this._isDrawn = true;
    const { text, start, end, words } = this.segment;
    const timed = timeWords(text, start, end, words);
    this.starts = timed.map((each) => each.start);
    this.spans = timed.map((each) => {
      const isUnsure = words && each.probability < UNSURE;
      return h("span", { class: isUnsure ? "unsure" : null, title: isUnsure ? say("unsure") : null }, each.word.trimStart());
    });
    // The spaces stand between the words, so that marks of a word have its own length.
    const spaces = timed.map(({ word }) => word.slice(0, word.length - word.trimStart().length));
    this.text.replaceChildren(...this.spans.flatMap((span, place) => (spaces[place] ? [spaces[place], span] : [span])));
  }

  /** Return when the word is said that an element shows, null for none. */
  timeOf(element) {
    const place = this.spans.indexOf(element);
    return place < 0 ? null : this.starts[place];
  }
}
