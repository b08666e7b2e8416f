// Opens a recording and a transcript that lie on this machine; nothing of them is sent anywhere.

import { button, h } from "../elements/elements.js";
import { tell } from "../elements/notices.js";
import { measurePeaks } from "../player/peaks.js";
import { loadStyle } from "../styles/styles.js";
import { say } from "../texts/texts.js";
import { isNoRecording, isVideoName } from "../upload/chosen_files.js";
import { buildEditor } from "./editor.js";
import { exportMenu } from "./export_menu.js";
import { parseTranscript, renderTranscript } from "./subtitle_files.js";
import { TranscriptDocument } from "./transcript_document.js";
import { MEDIA_TYPE, renderDocument } from "./word_document.js";

const TRANSCRIPT = /\.(jojo|json|srt|vtt)$/i;

/** Return the view. */
export async function showOpening() {
  await loadStyle("transcript");
  const view = new Opening();
  return { title: say("openFile"), element: view.element, close: () => view.close() };
}

class Opening {
  constructor() {
    this._sound = null;
    this._transcript = null;
    this._editor = null;
    this._content = null;
    this._address = null;
    this._chosen = h("ul", { class: "chosen small muted" });
    const input = h("input", { type: "file", multiple: true, hidden: true, "aria-label": say("chooseFiles"), onchange: () => this._take([...input.files]) });
    const zone = h(
      "section",
      { class: "drop", "aria-label": say("openTitle") },
      h("h2", {}, say("openDrop")),
      h("p", { class: "muted small" }, say("openHint")),
      h("div", { class: "choices" }, button(say("chooseFiles"), () => input.click(), { kind: "primary", name: "file" })),
      this._chosen,
      input,
    );
    zone.addEventListener("dragover", (event) => event.preventDefault());
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      this._take([...event.dataTransfer.files]);
    });
    this._warn = (event) => this._content?.canUndo && event.preventDefault();
    addEventListener("beforeunload", this._warn);
    this.element = h("div", { class: "transcript" }, h("h1", { tabindex: -1 }, say("openTitle")), h("p", { class: "lead" }, say("openLead")), zone);
  }

  close() {
    removeEventListener("beforeunload", this._warn);
    this._editor?.close();
    if (this._address) URL.revokeObjectURL(this._address);
  }

  async _take(files) {
    for (const file of files) {
      if (TRANSCRIPT.test(file.name)) await this._takeTranscript(file);
      else if (isNoRecording(file)) tell(say("notOpened", file.name));
      else this._sound = file;
    }
    const chosen = [this._sound?.name, this._transcript?.name].filter(Boolean);
    this._chosen.replaceChildren(...chosen.map((each) => h("li", {}, each)));
    if (this._transcript) this._show();
  }

  async _takeTranscript(file) {
    const found = parseTranscript(file.name, await file.text());
    if (found) this._transcript = { ...found, name: file.name };
    else tell(say("notOpened", file.name));
  }

  _show() {
    this._editor?.close();
    const content = new TranscriptDocument(this._transcript);
    const stem = this._transcript.name.replace(/\.[^.]+$/, "");
    const exports = exportMenu(async (format) => {
      const file = format === "docx" ? new Blob(renderDocument(content.segments, stem), { type: MEDIA_TYPE }) : new Blob([renderTranscript(format, content.segments, this._sound?.name ?? stem)], { type: "text/plain" });
      return { address: URL.createObjectURL(file), name: `${stem}.${format}` };
    });
    if (this._sound && !this._address) this._address = URL.createObjectURL(this._sound);
    const sound = { addresses: this._address ? [this._address] : [], isVideo: isVideoName(this._sound?.name) };
    this._content = content;
    this._editor = buildEditor(content, sound, { status: h("p", { class: "saved small muted" }, say("staysHere")), exports });
    this.element.querySelector(".editor")?.remove();
    this.element.querySelector(".drop").classList.add("small-drop");
    this.element.append(this._editor.element);
    if (this._sound) measurePeaks(this._sound).then((peaks) => peaks && this._editor.player.waveform.setPeaks(peaks));
  }
}
