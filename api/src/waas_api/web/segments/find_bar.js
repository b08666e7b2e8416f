// Finds words in the transcript, and puts others in their place.

import { button, check, h, iconButton } from "../elements/elements.js";
import { say } from "../texts/texts.js";
import { rangeOf } from "./caret.js";

const FOUND = "found";
const CHOSEN = "found-chosen";

export class FindBar {
  /** `list` shows the document's segments. */
  constructor(content, list) {
    this._content = content;
    this._list = list;
    this._matches = [];
    this._place = -1;
    this._matchesCase = false;
    this._wanted = h("input", { class: "input", type: "search", "aria-label": say("find"), placeholder: say("find"), oninput: () => this._search(0) });
    this._replacement = h("input", { class: "input", type: "text", "aria-label": say("replaceWith"), placeholder: say("replaceWith") });
    this._count = h("p", { class: "small muted numbers", role: "status" });
    this.element = h(
      "form",
      { class: "find", role: "search", hidden: true, onsubmit: (event) => event.preventDefault(), onkeydown: (event) => this._key(event) },
      this._wanted,
      this._count,
      iconButton("back", say("previousFound"), () => this._step(-1)),
      iconButton("forward", say("nextFound"), () => this._step(1)),
      this._replacement,
      button(say("replace"), () => this._replace()),
      button(say("replaceAll"), () => this._replaceAll()),
      check(say("matchCase"), false, (value) => ((this._matchesCase = value), this._search(0))),
      iconButton("close", say("close"), () => this.close()),
    );
    list.onwords = () => this._matches.length && this._mark();
    content.addEventListener("change", () => !this.element.hidden && this._search(this._place));
  }

  open() {
    const selected = String(getSelection()).trim();
    this.element.hidden = false;
    if (selected && selected.length < 80) this._wanted.value = selected;
    this._wanted.focus();
    this._wanted.select();
    this._search(0);
  }

  close() {
    this.element.hidden = true;
    this._matches = [];
    this._mark();
  }

  _key(event) {
    if (event.key === "Escape") this.close();
    if (event.key !== "Enter" || event.target !== this._wanted) return;
    event.preventDefault();
    this._step(event.shiftKey ? -1 : 1);
  }

  _search(place) {
    this._matches = this._content.findAll(this._wanted.value, this._matchesCase);
    this._place = this._matches.length ? Math.min(Math.max(0, place), this._matches.length - 1) : -1;
    this._mark();
  }

  _step(count) {
    if (!this._matches.length) return;
    this._place = (this._place + count + this._matches.length) % this._matches.length;
    this._mark();
    const found = this._matches[this._place];
    this._list.row(found.key).element.scrollIntoView({ block: "center" });
  }

  _replace() {
    const found = this._matches[this._place];
    if (!found) return;
    const { text } = this._content.find(found.key);
    this._content.setText(found.key, text.slice(0, found.offset) + this._replacement.value + text.slice(found.offset + found.length));
  }

  _replaceAll() {
    const count = this._content.replaceAll(this._wanted.value, this._replacement.value, this._matchesCase);
    this._count.textContent = say("replaced", count);
  }

  _mark() {
    this._count.textContent = this._wanted.value ? say("found", this._place + 1, this._matches.length) : "";
    // Marks beside the elements: what is edited is not touched. Older browsers count without them.
    if (!globalThis.CSS?.highlights) return;
    CSS.highlights.delete(FOUND);
    CSS.highlights.delete(CHOSEN);
    if (!this._matches.length) return;
    const ranges = this._matches.map(({ key, offset, length }) => rangeOf(this._list.row(key).text, offset, length));
    CSS.highlights.set(FOUND, new Highlight(...ranges));
    CSS.highlights.set(CHOSEN, new Highlight(ranges[this._place]));
  }
}
