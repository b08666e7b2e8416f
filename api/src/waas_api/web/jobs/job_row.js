// One recording in the list.

import { bar, h, icon, iconButton, setBar } from "../elements/elements.js";
import { say } from "../texts/texts.js";
import { cancelJob, deleteJob, retryJob } from "./job_actions.js";
import { describe, describeRecording, explainFailure, hasEnded, stateOf } from "./job_words.js";

const SIGNS = { waiting: "clock", running: "wave", done: "check", failed: "alert", cancelled: "close" };

/** Return {element, update, refresh}; `onchange` is called once something was done with the job. */
export function jobRow(job, onchange) {
  const sign = h("span", { class: "sign" });
  const name = h("a", { class: "name", href: `#/jobs/${encodeURIComponent(job.id)}` });
  const about = h("p", { class: "about numbers" });
  const what = h("span", { class: "what numbers" });
  const when = h("span", { class: "when numbers" });
  const progress = bar(null, say("progress"));
  const tools = h("div", { class: "tools" });
  const why = h("div", { class: "why", hidden: true });
  const element = h("li", { class: "job" }, sign, h("div", {}, name, about), h("div", { class: "state" }, h("span", {}, what, " ", when), progress), tools, why);
  let shown = "";

  const refresh = () => {
    const { text, more, percent } = describe(job);
    const state = stateOf(job);
    name.textContent = job.fileName || say("noName");
    about.replaceChildren(...describeRecording(job).map((each) => h("span", {}, each)));
    what.textContent = text;
    when.textContent = more;
    progress.hidden = percent === undefined;
    if (percent !== undefined) setBar(progress, percent);
    const drawn = `${job.phase} ${job.cancelled} ${job.message}`;
    if (drawn === shown) return; // buttons stay as they are, so that nobody's focus is lost
    shown = drawn;
    element.dataset.state = state;
    sign.replaceChildren(icon(SIGNS[state]));
    tools.replaceChildren(...buttons(job, onchange));
    why.hidden = state !== "failed";
    if (state === "failed") why.replaceChildren(...explainFailure(job).map((each) => h("p", {}, each)));
  };
  const update = (news) => {
    job = { ...job, ...news };
    refresh();
  };
  refresh();
  return { element, update, refresh };
}

function buttons(job, onchange) {
  const name = job.fileName || say("noName");
  const found = [];
  if (!hasEnded(job) && !job.cancelled) found.push(iconButton("stop", say("cancelJob", name), () => cancelJob(job).then(onchange)));
  if (["failed", "cancelled"].includes(stateOf(job))) found.push(iconButton("retry", say("retryJob", name), () => retryJob(job).then(onchange)));
  if (job.phase === "Succeeded") found.push(h("a", { class: "button plain icon-only", href: `/v2/jobs/${encodeURIComponent(job.id)}/results/srt`, download: "", "aria-label": say("downloadJob", name), title: say("downloadJob", name) }, icon("download")));
  found.push(iconButton("trash", say("deleteJob", name), () => deleteJob(job, onchange)));
  return found;
}
