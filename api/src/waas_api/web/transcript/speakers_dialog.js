// Gives those who speak their names, everywhere at once.

import { button, field, h } from "../elements/elements.js";
import { say } from "../texts/texts.js";

/** Ask for the names of the speakers of a document. */
export function askForSpeakers(content) {
  const speakers = content.speakers();
  const inputs = speakers.map((each) => h("input", { class: "input", type: "text", value: each, maxlength: 100, autocomplete: "off" }));
  const rename = (event) => {
    event.preventDefault();
    dialog.close();
    const names = new Map(speakers.map((each, place) => [each, inputs[place].value.trim() || null]));
    if (speakers.some((each) => names.get(each) !== each)) content.renameSpeakers(names);
  };
  const dialog = h(
    "dialog",
    { "aria-labelledby": "speakers-title", onclose: () => dialog.remove() },
    h("h2", { id: "speakers-title" }, say("speakers")),
    h(
      "form",
      { class: "options", onsubmit: rename },
      speakers.length ? inputs.map((input, place) => field(speakers[place], input)) : h("p", { class: "muted" }, say("noSpeakers")),
      h("div", { class: "actions" }, button(say("cancel"), () => dialog.close()), speakers.length > 0 && h("button", { class: "button primary", type: "submit" }, say("rename"))),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
}
