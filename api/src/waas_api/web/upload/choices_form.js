// The form in which the transcription is chosen.

import { check, field, h, select } from "../elements/elements.js";
import { tellError } from "../elements/notices.js";
import { ask } from "../service/service.js";
import { languageName } from "../texts/formatting.js";
import { say } from "../texts/texts.js";
import { choices, choose } from "./choices.js";
import { WHISPER_LANGUAGES } from "./languages.js";

/** Return the form, with the models that the service has. */
export async function choicesForm() {
  const known = await ask("GET", "/v2/models").catch((error) => (tellError(error), { models: [], default: "" }));
  if (!known.models.some((each) => each.name === choices.model)) choose("model", "");
  return h(
    "form",
    { class: "card options", "aria-label": say("options"), onsubmit: (event) => event.preventDefault() },
    field(say("spokenLanguage"), select(languages(), choices.language, (value) => choose("language", value))),
    field(say("task"), select([["transcribe", say("taskTranscribe")], ["translate", say("taskTranslate")]], choices.task, (value) => choose("task", value))),
    field(say("model"), select(models(known), choices.model, (value) => choose("model", value)), say("modelHint")),
    check(say("speakersByChannel"), choices.speakersByChannel, (value) => choose("speakersByChannel", value)),
    field(say("email"), text("email", { type: "email", autocomplete: "email", placeholder: say("emailPlaceholder") })),
    h("details", {}, h("summary", {}, say("advanced")), h("div", {}, advanced())),
  );
}

function advanced() {
  const priorities = ["low", "normal", "high"].map((each) => [each, say(`priority_${each}`)]);
  return [
    check(say("words"), choices.words, (value) => choose("words", value)),
    field(say("prompt"), h("textarea", { class: "input", maxlength: 2000, value: choices.prompt, onchange: (event) => choose("prompt", event.target.value.trim()) }), say("promptHint")),
    field(say("hotwords"), text("hotwords", { maxlength: 1000 }), say("hotwordsHint")),
    h(
      "div",
      { class: "pair" },
      field(say("lineWidth"), text("maxLineWidth", { type: "number", min: 10, max: 200, inputmode: "numeric" })),
      field(say("lineCount"), text("maxLineCount", { type: "number", min: 1, max: 6, inputmode: "numeric" })),
    ),
    field(say("priority"), select(priorities, choices.priority, (value) => choose("priority", value))),
  ];
}

function text(name, attributes) {
  return h("input", {
    class: "input",
    ...attributes,
    value: choices[name],
    onchange: (event) => event.target.checkValidity() && choose(name, event.target.value.trim()),
  });
}

function languages() {
  const pairs = WHISPER_LANGUAGES.map((code) => [code, languageName(code)]);
  return [["", say("detect")], ...pairs.sort((one, other) => one[1].localeCompare(other[1]))];
}

function models(known) {
  return [["", say("usualModel", known.default)], ...known.models.map((each) => [each.name, each.name])];
}
