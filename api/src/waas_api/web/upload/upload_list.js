// What is being sent and what became of it, from the first byte to the transcript.

import { bar, button, h, iconButton, setBar } from "../elements/elements.js";
import { describe } from "../jobs/job_words.js";
import { ask, jobPath } from "../service/service.js";
import { bytes, span } from "../texts/formatting.js";
import { say } from "../texts/texts.js";
import { State } from "./tus_upload.js";
import { changes, clearEnded, drop, resume, uploads } from "./upload_queue.js";

/** Return {element, tell, close}; `tell` takes live events. */
export function uploadList() {
  const rows = new Map();
  const list = h("ul");
  const clear = button(say("clear"), clearEnded, { kind: "plain" });
  const element = h("section", { class: "uploads", "aria-label": say("yourUploads"), hidden: true }, h("header", {}, h("h2", {}, say("yourUploads")), clear), list);

  const refresh = (event) => {
    if (event?.detail) rows.get(event.detail)?.refresh();
    else showAll();
    clear.hidden = !uploads.some((each) => [State.SENT, State.REFUSED].includes(each.state));
  };
  const showAll = () => {
    for (const upload of uploads) if (!rows.has(upload)) rows.set(upload, uploadRow(upload));
    for (const upload of rows.keys()) if (!uploads.includes(upload)) rows.delete(upload);
    list.replaceChildren(...uploads.map((each) => rows.get(each).element));
    element.hidden = !uploads.length;
  };
  changes.addEventListener("change", refresh);
  refresh();
  return {
    element,
    tell: (name, data) => rows.forEach((row) => row.tell(name, data)),
    close: () => changes.removeEventListener("change", refresh),
  };
}

function uploadRow(upload) {
  const name = h("span", { class: "name" });
  const where = h("p", { class: "where numbers", role: "status" });
  const progress = bar(0, upload.name);
  const tools = h("div", { class: "tools" });
  const element = h("li", { class: "card upload" }, h("div", {}, name, where), tools, progress);
  let job = null;
  let shown = "";

  const refresh = () => {
    const isSent = upload.state === State.SENT;
    if (isSent && !job) readJob();
    const [text, kind, percent] = isSent ? afterwards(job) : underWay(upload);
    where.textContent = text;
    where.className = `where numbers ${kind}`;
    progress.hidden = percent === undefined;
    if (percent !== undefined) setBar(progress, percent);
    const state = `${upload.state} ${job?.phase}`;
    if (state === shown) return; // buttons stay as they are, so that nobody's focus is lost
    shown = state;
    name.replaceChildren(isSent ? h("a", { href: `#/jobs/${upload.jobId}` }, upload.name) : upload.name);
    tools.replaceChildren(...buttons(upload, job));
  };
  const readJob = async () => {
    job = { id: upload.jobId };
    job = await ask("GET", jobPath(upload.jobId)).catch(() => null);
    if (job) refresh();
  };
  const tell = (event, data) => {
    if (event === "open" && job) readJob();
    if (!job || data?.id !== job.id) return;
    if (event === "deleted") return drop(upload);
    job = { ...job, ...data };
    refresh();
    return undefined;
  };
  refresh();
  return { element, refresh, tell };
}

/** Return text, kind and percent of one that is not there yet; without percent there is no bar. */
function underWay(upload) {
  const percent = upload.size ? (upload.sent / upload.size) * 100 : null;
  switch (upload.state) {
    case State.WAITING:
      return [say("uploadWaits"), "", undefined];
    case State.SENDING:
      return [upload.size ? describeSending(upload) : say("fetching"), "", percent];
    case State.PAUSED:
      return [say("uploadPaused"), "warm", percent ?? undefined];
    case State.LOST:
      return [say("uploadLost"), "warm", percent];
    default:
      return [upload.refusal ? describeRefusal(upload) : upload.problem, "bad", undefined];
  }
}

function describeSending(upload) {
  const speed = upload.bytesPerSecond;
  const remaining = speed ? (upload.size - upload.sent) / speed : null;
  const parts = [say("sentOf", bytes(upload.sent), bytes(upload.size))];
  if (remaining > 1) parts.push(say("remaining", span(remaining)));
  return parts.join(" · ");
}

function describeRefusal(upload) {
  const [name, value] = upload.refusal;
  return say(name, value && bytes(value));
}

function afterwards(job) {
  if (!job?.phase) return [say("sent"), "", undefined];
  const { text, kind, percent } = describe(job);
  return [text, kind, percent];
}

function buttons(upload, job) {
  const found = [];
  if (upload.state === State.SENT) {
    if (job?.phase === "Succeeded") found.push(h("a", { class: "button", href: `#/jobs/${upload.jobId}` }, say("openTranscript")));
    return found;
  }
  if ([State.SENDING, State.LOST].includes(upload.state) && upload.size) found.push(iconButton("pause", say("pause"), () => upload.pause()));
  if (upload.state === State.PAUSED) found.push(iconButton("play", say("resume"), () => resume(upload)));
  found.push(iconButton("close", say("remove"), () => drop(upload)));
  return found;
}
