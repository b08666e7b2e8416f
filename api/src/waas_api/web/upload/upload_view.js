// Where recordings are sent: dropped, chosen, or by their address.

import { button, h, icon } from "../elements/elements.js";
import { tell } from "../elements/notices.js";
import * as live from "../service/live_events.js";
import { say } from "../texts/texts.js";
import { asFields, asParameters } from "./choices.js";
import { choicesForm } from "./choices_form.js";
import { isRecording, readDrop } from "./chosen_files.js";
import { uploadList } from "./upload_list.js";
import { addAddress, addFiles } from "./upload_queue.js";

const ACCEPTED = "audio/*,video/*,.mkv,.amr,.mxf,.opus,.caf,.dss,.ts";
const HAS_PROTOCOL = /^https?:\/\/\S+$/i;

/** Return the view. */
export async function showUpload() {
  const list = uploadList();
  const form = await choicesForm();
  const element = h(
    "div",
    {},
    h("div", { class: "title" }, h("div", {}, h("h1", { tabindex: -1 }, say("sendTitle")), h("p", { class: "lead" }, say("sendLead")))),
    h("div", { class: "sending" }, h("div", {}, dropZone(), list.element), form),
  );
  live.follow("/v2/events", list.tell);
  const stopPasting = listenToPasting();
  return { title: say("send"), element, close: () => (stopPasting(), list.close()) };
}

function dropZone() {
  const files = fileInput({ multiple: true, accept: ACCEPTED }, (chosen) => add(chosen, []));
  const folder = fileInput({ webkitdirectory: true }, (chosen) => add([], chosen));
  const zone = h(
    "section",
    { class: "drop", "aria-label": say("dropTitle") },
    h("div", { class: "sign", "aria-hidden": "true" }, Array.from({ length: 7 }, () => h("i"))),
    h("h2", {}, say("dropTitle")),
    h("p", { class: "muted small" }, say("dropHint")),
    h(
      "div",
      { class: "choices" },
      button(say("chooseFiles"), () => files.click(), { kind: "primary", name: "upload" }),
      button(say("chooseFolder"), () => folder.click(), { name: "folder" }),
    ),
    addressForm(),
    files,
    folder,
  );
  listenToDrops(zone);
  return zone;
}

function fileInput(attributes, take) {
  const input = h("input", {
    type: "file",
    hidden: true,
    "aria-label": say("chooseFiles"),
    ...attributes,
    onchange: () => {
      take([...input.files]);
      input.value = ""; // the same file can be chosen once more
    },
  });
  return input;
}

function addressForm() {
  const input = h("input", { class: "input", type: "url", inputmode: "url", placeholder: say("addressHint"), "aria-label": say("address"), autocomplete: "off" });
  const send = (event) => {
    event.preventDefault();
    const address = input.value.trim();
    if (!HAS_PROTOCOL.test(address) || !URL.canParse(address)) return tell(say("noAddress"));
    addAddress(address, asFields());
    input.value = "";
    return undefined;
  };
  return h("form", { class: "address", onsubmit: send, novalidate: true }, input, h("button", { class: "button", type: "submit" }, icon("link"), say("fetch")));
}

function listenToDrops(zone) {
  zone.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
  zone.addEventListener("dragleave", (event) => zone.contains(event.relatedTarget) || zone.classList.remove("over"));
  zone.addEventListener("drop", async (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    const address = event.dataTransfer.getData("text/uri-list");
    const [single, inFolders] = await readDrop(event.dataTransfer);
    if (!single.length && !inFolders.length && HAS_PROTOCOL.test(address)) addAddress(address, asFields());
    else add(single, inFolders);
  });
}

/** Send files; what lies in folders beside recordings is passed over. */
function add(single, inFolders) {
  const recordings = inFolders.filter(isRecording);
  const others = inFolders.length - recordings.length;
  if (others) tell(say("passedOver", others));
  if (single.length + recordings.length) addFiles([...single, ...recordings], asParameters());
}

function listenToPasting() {
  const paste = (event) => {
    if (event.target.closest?.("input, textarea")) return;
    const files = [...event.clipboardData.files];
    const text = event.clipboardData.getData("text").trim();
    if (files.length) add(files, []);
    else if (HAS_PROTOCOL.test(text) && URL.canParse(text)) addAddress(text, asFields());
  };
  document.addEventListener("paste", paste);
  return () => document.removeEventListener("paste", paste);
}
