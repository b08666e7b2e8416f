// The keyboard: what the hands do while the ears listen. No key alone but the space bar, which
// belongs to whatever has the focus first.

import { h } from "../elements/elements.js";
import { STEP } from "../player/player.js";
import { say } from "../texts/texts.js";

const IS_MAC = navigator.platform.startsWith("Mac");

/** What the keys do, as [keys, text, what the event is, what is done]. */
export function shortcutsOf({ player, list, content, find }) {
  const control = (event, key) => (event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === key;
  const alt = (event, code) => event.altKey && !event.ctrlKey && !event.metaKey && event.code === code;
  const ctrl = IS_MAC ? "⌘" : "Ctrl";
  const option = IS_MAC ? "⌥" : "Alt";
  return [
    [`${ctrl} Enter`, say("playOrPause"), (event) => control(event, "enter"), () => player.toggle()],
    [`${option} J`, say("back", STEP), (event) => alt(event, "KeyJ"), () => player.step(-STEP)],
    [`${option} L`, say("ahead", STEP), (event) => alt(event, "KeyL"), () => player.step(STEP)],
    [`${option} ,`, say("slower"), (event) => alt(event, "Comma"), () => player.turnSpeed(-1)],
    [`${option} .`, say("faster"), (event) => alt(event, "Period"), () => player.turnSpeed(1)],
    [`${option} ↑`, say("previousSegment"), (event) => alt(event, "ArrowUp"), () => list.step(-1)],
    [`${option} ↓`, say("nextSegment"), (event) => alt(event, "ArrowDown"), () => list.step(1)],
    [`${ctrl} F`, say("findAndReplace"), (event) => control(event, "f"), () => find.open()],
    [`${ctrl} Z`, say("undo"), (event) => control(event, "z") && !event.shiftKey, () => content.undo()],
    [`${ctrl} Shift Z`, say("redo"), (event) => (control(event, "z") && event.shiftKey) || control(event, "y"), () => content.redo()],
    ["Enter", say("splitHere"), () => false, null],
    ["Backspace", say("joinAtStart"), () => false, null],
  ];
}

/** Listen to the keys; returns what ends it. */
export function listenToKeys(shortcuts, player) {
  const press = (event) => {
    if (event.target.closest?.("dialog, [popover], .find")) return;
    const isSpace = event.key === " " && !event.target.closest?.("button, a, input, select, textarea, [contenteditable]");
    const found = shortcuts.find(([, , fits]) => fits(event));
    if (!found && !isSpace) return;
    if (found && event.target.matches?.("input, textarea") && found[2] && /z|y/i.test(event.key)) return; // its own
    event.preventDefault();
    if (found) found[3]();
    else player.toggle();
  };
  document.addEventListener("keydown", press);
  return () => document.removeEventListener("keydown", press);
}

/** Show what the keys do. */
export function showShortcuts(shortcuts) {
  const rows = [[say("space"), say("playOrPause")], ...shortcuts].flatMap(([keys, text]) => [h("dt", {}, h("kbd", {}, keys)), h("dd", {}, text)]);
  const close = h("button", { type: "button", class: "button", onclick: () => dialog.close() }, say("close"));
  const dialog = h("dialog", { "aria-labelledby": "keys-title", onclose: () => dialog.remove() }, h("h2", { id: "keys-title" }, say("shortcuts")), h("dl", { class: "facts keys" }, rows), h("div", { class: "actions" }, close));
  document.body.append(dialog);
  dialog.showModal();
}
