// What is asked of the transcription: kept between visits, and written as the service wants it.

import { recall, remember } from "../remembered.js";

const NAME = "choices";
const USUAL = Object.freeze({
  language: "",
  model: "",
  task: "transcribe",
  speakersByChannel: false,
  email: "",
  words: true,
  prompt: "",
  hotwords: "",
  priority: "normal",
  maxLineWidth: "",
  maxLineCount: "",
});

/** The choices as they are now. */
export const choices = { ...USUAL, ...recall(NAME, {}) };

/** Choose something, for later visits, too. */
export function choose(name, value) {
  choices[name] = value;
  remember(NAME, choices);
}

/** Return the JSON fields of a request. */
export function asFields() {
  const subtitles = {
    ...(choices.maxLineWidth && { maxLineWidth: Number(choices.maxLineWidth) }),
    ...(choices.maxLineCount && { maxLineCount: Number(choices.maxLineCount) }),
  };
  return {
    task: choices.task,
    wordTimestamps: choices.words,
    speakersByChannel: choices.speakersByChannel,
    priority: choices.priority,
    ...(choices.language && { language: choices.language }),
    ...(choices.model && { model: choices.model }),
    ...(choices.prompt && { initialPrompt: choices.prompt }),
    ...(choices.hotwords && { decoding: { hotwords: choices.hotwords } }),
    ...(choices.email && { notifications: { email: choices.email } }),
    ...(Object.keys(subtitles).length && { subtitles }),
  };
}

/** Return the same as the parameters of a resumable upload. */
export function asParameters() {
  return { request: JSON.stringify(asFields()) };
}
