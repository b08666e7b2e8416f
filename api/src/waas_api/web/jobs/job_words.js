// What is said of a job: its state in words, how long it takes yet, why it failed and what to do.

import { clock, languageName, moment, number, span } from "../texts/formatting.js";
import { say, sayOf } from "../texts/texts.js";

const SLOWEST = 0.05; // below that, a speed is nothing to tell of
const WAITING = ["Pending", "Queued", "Suspended"];
const ENDED = ["Succeeded", "Failed", "Cancelled"];

/** Tell whether a job has ended. */
export function hasEnded(job) {
  return ENDED.includes(job.phase);
}

/** The state by which a job is drawn: waiting, running, done, failed, cancelled. */
export function stateOf(job) {
  if (WAITING.includes(job.phase)) return "waiting";
  return { Running: "running", Succeeded: "done", Failed: "failed" }[job.phase] ?? "cancelled";
}

/** Return {text, more, kind, percent} of where a job stands; without percent there is no bar. */
export function describe(job, now = Date.now()) {
  if (job.cancelled && !hasEnded(job)) return { text: say("cancelling"), more: "", kind: "", percent: undefined };
  switch (stateOf(job)) {
    case "waiting":
      return { text: describeWaiting(job), more: describeEnd(job, now), kind: "", percent: undefined };
    case "running":
      return { text: job.progress === null ? say("starting") : say("running", job.progress), more: describeEnd(job, now) || describeSpeed(job, now), kind: "", percent: job.progress ?? null };
    case "done":
      return { text: say("done"), more: describeDuration(job), kind: "", percent: undefined };
    case "failed":
      return { text: say("failed"), more: "", kind: "bad", percent: undefined };
    default:
      return { text: say("wasCancelled"), more: "", kind: "", percent: undefined };
  }
}

/** What is known of the recording itself, as a list of words. */
export function describeRecording(job) {
  const language = job.audio?.language ?? job.language;
  return [
    job.audio && clock(job.audio.durationSeconds),
    language && languageName(language),
    job.model,
    job.task === "translate" && say("translated"),
    job.creationTime && moment(job.creationTime),
    job.expiryTime && say("keptUntil", moment(job.expiryTime)),
  ].filter(Boolean);
}

/** Why a job failed and what can be done: [sentence of the service, advice]. */
export function explainFailure(job) {
  return [job.message || job.reason || say("noReason"), sayOf("advice", job.reason) ?? say("adviceRetry")];
}

function describeWaiting(job) {
  if (job.phase === "Suspended") return say("suspended");
  if (job.positionInQueue) return say("inQueue", job.positionInQueue);
  return job.positionInQueue === 0 ? say("nextInQueue") : say("queued");
}

function describeEnd(job, now) {
  if (!job.estimate) return "";
  const seconds = (new Date(job.estimate.completionTime) - now) / 1000;
  return seconds > 0 ? say("doneIn", span(seconds)) : "";
}

function describeSpeed(job, now) {
  const seconds = (now - new Date(job.startTime)) / 1000;
  const speed = (job.processedSeconds ?? 0) / seconds;
  if (!job.startTime || seconds < 1 || speed < SLOWEST) return "";
  return say("speed", number(speed, 1));
}

function describeDuration(job) {
  const seconds = (new Date(job.completionTime) - new Date(job.startTime)) / 1000;
  if (!job.startTime || !job.completionTime || !job.audio) return "";
  if (seconds < 1) return say("took", span(1));
  return `${say("took", span(seconds))} · ${say("speed", number(job.audio.durationSeconds / seconds, 1))}`;
}
