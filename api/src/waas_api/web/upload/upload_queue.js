// All that this page is sending: two at a time, whatever view is shown meanwhile.

import { AddressUpload } from "./address_upload.js";
import { isNoRecording } from "./chosen_files.js";
import { State, TusUpload } from "./tus_upload.js";

const AT_ONCE = 2;

/** Uploads in the order in which they came; those that were sent stay until somebody clears them. */
export const uploads = [];

/** Tells of every change: `change` with the upload, null where the list itself is another. */
export const changes = new EventTarget();

/** The longest recording that the service takes in; null until it was asked. */
let largestBytes = null;

/** Add files, with the tus parameters of what is asked for. */
export async function addFiles(files, parameters) {
  await learnLimits();
  for (const file of files) {
    const upload = new TusUpload(file, parameters, tellChange);
    const refusal = findRefusal(file);
    if (refusal) Object.assign(upload, { state: State.REFUSED, refusal });
    uploads.push(upload);
  }
  tellChange(null);
  sendMore();
}

/** Add an address, with the JSON fields of what is asked for. */
export function addAddress(address, fields) {
  uploads.push(new AddressUpload(address, fields, tellChange));
  tellChange(null);
  sendMore();
}

/** Go on with one that was paused. */
export function resume(upload) {
  upload.state = State.WAITING;
  tellChange(upload);
  sendMore();
}

/** Take one out; what has arrived of it is removed, unless it is a job by now. */
export function drop(upload) {
  uploads.splice(uploads.indexOf(upload), 1);
  if (upload.state !== State.SENT) upload.remove();
  tellChange(null);
  sendMore();
}

/** Take those out that were sent, or refused. */
export function clearEnded() {
  const ended = [State.SENT, State.REFUSED];
  uploads.splice(0, uploads.length, ...uploads.filter((each) => !ended.includes(each.state)));
  tellChange(null);
}

/** Tell whether something would be broken off if the page went away. */
export function isSending() {
  return uploads.some((each) => [State.SENDING, State.WAITING, State.LOST].includes(each.state));
}

function sendMore() {
  const running = uploads.filter((each) => [State.SENDING, State.LOST].includes(each.state)).length;
  const waiting = uploads.filter((each) => each.state === State.WAITING);
  for (const upload of waiting.slice(0, Math.max(0, AT_ONCE - running))) {
    upload.send().then(sendMore);
  }
}

/** Return why a file is not even sent, as the name of a text and its values. */
function findRefusal(file) {
  if (file.size === 0) return ["emptyFile"];
  if (isNoRecording(file)) return ["noRecording"];
  if (largestBytes && file.size > largestBytes) return ["tooLarge", largestBytes];
  return null;
}

async function learnLimits() {
  if (largestBytes) return;
  const answer = await fetch("/v2/uploads", { method: "OPTIONS" }).catch(() => null);
  largestBytes = Number(answer?.headers.get("Tus-Max-Size")) || null;
}

function tellChange(upload) {
  changes.dispatchEvent(new CustomEvent("change", { detail: upload }));
}

window.addEventListener("online", () => uploads.forEach((each) => each.wake()));
window.addEventListener("beforeunload", (event) => {
  if (isSending()) event.preventDefault();
});
