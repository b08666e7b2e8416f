// What the page says, in the reader's language; each language is a file of its own in texts/.

import { recall, remember } from "../remembered.js";

export const LANGUAGES = [["en", "English"], ["no", "Norsk"]];

const FILES = { en: "./en.js", no: "./no.js" };
let texts = {};

/** The code of the language that is shown. */
export let language = "en";

/** Load the language that was chosen, or that the browser prefers. */
export async function loadTexts() {
  language = recall("language", null) ?? preferred();
  texts = (await import(FILES[language])).default;
  document.documentElement.lang = language === "no" ? "nb" : language;
}

/** Choose a language for good. */
export function chooseLanguage(code) {
  remember("language", code);
  return loadTexts();
}

/** Return what is said under a name, with values where it has places for them. */
export function say(name, ...values) {
  const text = texts[name];
  if (text === undefined) throw new Error(`no text is called ${name}`);
  return typeof text === "function" ? text(...values) : text;
}

/** Return what is said of one of many things that the service names, or nothing. */
export function sayOf(group, name) {
  return Object.hasOwn(texts[group], name) ? texts[group][name] : null;
}

function preferred() {
  const codes = navigator.languages.map((each) => each.toLowerCase().split("-")[0]);
  const known = codes.map((each) => (["nb", "nn", "no"].includes(each) ? "no" : each));
  return known.find((each) => Object.hasOwn(FILES, each)) ?? "en";
}
