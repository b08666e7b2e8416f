// One recording: while it waits and runs, what is heard so far; once it is done, its transcript.

import { bar, h, icon, setBar } from "../elements/elements.js";
import { explain, tell, tellError } from "../elements/notices.js";
import { cancelJob, retryJob } from "../jobs/job_actions.js";
import { describe, describeRecording, explainFailure, hasEnded } from "../jobs/job_words.js";
import { measurePeaks } from "../player/peaks.js";
import * as live from "../service/live_events.js";
import { ask, jobPath } from "../service/service.js";
import { loadStyle } from "../styles/styles.js";
import { clock } from "../texts/formatting.js";
import { say, sayOf } from "../texts/texts.js";
import { isVideoName } from "../upload/chosen_files.js";
import { buildEditor, conflictNotice } from "./editor.js";
import { exportMenu } from "./export_menu.js";
import { readTranscript, Saved, Saving } from "./saving.js";
import { TranscriptDocument } from "./transcript_document.js";

/** Return the view of a job. */
export async function showTranscript(id) {
  await loadStyle("transcript");
  try {
    const job = await ask("GET", jobPath(id));
    const view = new JobView(job);
    await view.show();
    return { title: job.fileName || say("noName"), element: view.element, close: () => view.close() };
  } catch (error) {
    const text = error.status === 404 ? say("noSuchJob") : explain(error);
    return { title: say("recordings"), element: h("div", { class: "empty" }, h("h1", { tabindex: -1 }, text), h("a", { class: "button", href: "#/jobs" }, say("recordings"))) };
  }
}

class JobView {
  constructor(job) {
    this._job = job;
    this._editor = null;
    this._saving = null;
    this._isClosed = false;
    this._about = h("p", { class: "about muted small numbers" });
    this._body = h("div");
    this.element = h(
      "article",
      { class: "transcript" },
      h("a", { class: "up small", href: "#/jobs" }, icon("back"), say("recordings")),
      h("h1", { tabindex: -1 }, job.fileName || say("noName")),
      this._about,
      this._body,
    );
  }

  async show() {
    const job = this._job;
    this._about.replaceChildren(...describeRecording(job).map((each) => h("span", {}, each)));
    if (!hasEnded(job)) this._showRunning();
    else if (job.phase === "Succeeded") await this._showEditor();
    else await this._showFailure();
  }

  close() {
    this._isClosed = true;
    this._saving?.close();
    this._editor?.close();
  }

  _showRunning() {
    const what = h("p", { class: "what numbers", role: "status" });
    const progress = bar(null, say("progress"));
    const heard = h("ol", { class: "segments heard", "aria-label": say("heardSoFar") });
    const refresh = () => {
      const { text, more, percent } = describe(this._job);
      what.textContent = [text, more].filter(Boolean).join(" · ");
      progress.hidden = percent === undefined;
      if (percent !== undefined) setBar(progress, percent);
    };
    const cancel = h("button", { type: "button", class: "button", onclick: () => cancelJob(this._job) }, say("cancelShort"));
    this._body.replaceChildren(h("section", { class: "card running" }, h("div", {}, what, cancel), progress), heard);
    refresh();
    live.follow(jobPath(this._job.id, "/events"), (name, data) => {
      if (name === "segments") return showHeard(heard, data);
      if (name === "deleted") return (location.hash = "#/jobs");
      if (!data) return undefined;
      this._job = { ...this._job, ...data };
      if (name !== "end") return refresh();
      live.stop();
      return this._isClosed ? undefined : this.show().catch(tellError);
    });
  }

  async _showFailure() {
    const isFailed = this._job.phase === "Failed";
    const texts = isFailed ? explainFailure(this._job) : [say("wasCancelled")];
    const retry = async () => {
      const made = await retryJob(this._job);
      if (made) location.hash = `#/jobs/${made.id}`;
    };
    const why = h("section", { class: `card why ${isFailed ? "bad" : ""}` }, texts.map((each) => h("p", {}, each)), h("button", { type: "button", class: "button", onclick: retry }, icon("retry"), say("tryAgain")));
    this._body.replaceChildren(why);
    // Some of it may have been heard before the end.
    await this._showEditor(why).catch(() => {});
  }

  async _showEditor(notice = null) {
    const { id, fileName } = this._job;
    const path = jobPath(id, "/transcript");
    const [{ transcript, etag }, lacks] = await Promise.all([readTranscript(path), readLacks(id)]);
    const content = new TranscriptDocument(transcript);
    const status = h("p", { class: "saved small muted", role: "status" }, say("saving_saved"));
    const conflicts = h("div");
    const saving = new Saving(path, etag, content, (state, error) => {
      status.textContent = state === Saved.REFUSED ? explain(error) : say(`saving_${state}`);
      status.classList.toggle("warm", [Saved.LOST, Saved.CONFLICT, Saved.REFUSED].includes(state));
      const act = (what) => () => what().catch(tellError);
      if (state === Saved.CONFLICT) conflicts.replaceChildren(conflictNotice(act(() => saving.keepMine()), act(() => saving.takeTheirs())));
      else conflicts.replaceChildren();
    });
    const exports = exportMenu(async (format) => {
      if (!(await saving.flush())) return tell(say("exportsUnsaved")) ?? {};
      return { address: jobPath(id, `/results/${format}`) };
    });
    const sound = { addresses: [jobPath(id, "/audio"), jobPath(id, "/preview")], isVideo: isVideoName(fileName) };
    if (!sound.isVideo) sound.addresses.reverse();
    this._saving = saving;
    this._editor = buildEditor(content, sound, { status, exports, notice: h("div", {}, notice, lacks, conflicts, !transcript.segments.length && h("p", { class: "empty" }, say("nothingSaid"))) });
    this._body.replaceChildren(this._editor.element);
    showPeaks(this._job, this._editor.player).catch(() => {}); // one can do without
  }
}

/** Show segments from a place on: they replace what was heard there before. */
function showHeard(list, { from, segments }) {
  while (list.children.length > from) list.lastElementChild.remove();
  let previous = list.lastElementChild?.dataset.speaker;
  for (const { start, text, speaker } of segments) {
    const name = speaker && speaker !== previous && h("span", { class: "speaker" }, speaker);
    const row = h("li", { class: "segment" }, h("span", { class: "time numbers" }, clock(start)), h("div", { class: "body" }, name, h("p", { class: "text" }, text.trim())));
    if (speaker) row.dataset.speaker = speaker;
    previous = speaker;
    list.append(row);
  }
}

/** Return what was asked for and the model could not do, a paragraph for each. */
async function readLacks(id) {
  const results = await ask("GET", jobPath(id, "/results"), { headers: { Accept: "application/json" } }).catch(() => null);
  return results?.unsupportedOptions.map((each) => h("p", { class: "lack small" }, sayOf("lack", each) ?? say("notDone", each))) ?? [];
}

/** Have the loudest moment as high as the picture. */
function stretch(peaks) {
  const loudest = Math.max(1, ...peaks);
  return peaks.map((each) => each / loudest);
}

async function showPeaks(job, player) {
  const stored = await ask("GET", jobPath(job.id, "/peaks")).catch(() => null);
  if (stored) return player.waveform.setPeaks(stretch(stored.peaks));
  const answer = await fetch(jobPath(job.id, "/audio"), { method: "HEAD" }).catch(() => null);
  if (!answer?.ok || Number(answer.headers.get("Content-Length")) > 40e6) return undefined;
  const content = await fetch(jobPath(job.id, "/audio")).then((found) => found.blob());
  const peaks = await measurePeaks(content);
  return peaks && player.waveform.setPeaks(peaks);
}
