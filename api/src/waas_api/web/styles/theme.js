// Dark or light: as the system has it, until somebody chooses.

import { recall, remember } from "../remembered.js";

const dark = matchMedia("(prefers-color-scheme: dark)");

/** Tell whether the page is dark. */
export function isDark() {
  const chosen = recall("theme", null);
  return chosen ? chosen === "dark" : dark.matches;
}

/** Show the page in its theme, also when the system's changes. */
export function applyTheme() {
  document.documentElement.dataset.theme = isDark() ? "dark" : "light";
}

/** Change to the other one, for good. */
export function turnTheme() {
  remember("theme", isDark() ? "light" : "dark");
  applyTheme();
}

dark.addEventListener("change", applyTheme);
