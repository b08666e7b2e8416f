// What is done with a job. A deletion is told at once and done some moments later: until then it can
// be undone.

import { tell, tellError } from "../elements/notices.js";
import { ask, jobPath } from "../service/service.js";
import { say } from "../texts/texts.js";

const UNDO_WITHIN = 7000;

/** Jobs that are as good as deleted, with what deletes them now. */
const pending = new Map();

/** Tell whether a job is as good as deleted. */
export function isHidden(id) {
  return pending.has(id);
}

/** A job is gone for good. */
export function forgetHidden(id) {
  pending.delete(id);
}

/** Ask for a job's end. */
export async function cancelJob(job) {
  await ask("POST", jobPath(job.id, "/cancel")).catch(tellError);
}

/** Make a new job of the same recording; returns it, or null. */
export async function retryJob(job) {
  try {
    const made = await ask("POST", jobPath(job.id, "/retry"), { json: {} });
    tell(say("retried"));
    return made;
  } catch (error) {
    tellError(error);
    return null;
  }
}

/** Delete a job, unless it is undone within some seconds; `onchange` is called with each change. */
export function deleteJob(job, onchange) {
  const finish = async ({ keepalive = false } = {}) => {
    try {
      await ask("DELETE", jobPath(job.id, "?force=true"), { keepalive });
    } catch (error) {
      if (error.status !== 404) tellError(error);
      pending.delete(job.id);
      onchange();
    }
  };
  pending.set(job.id, finish);
  onchange();
  tell(say("deleted", job.fileName || say("noName")), {
    stays: UNDO_WITHIN,
    act: [say("undo"), () => (pending.delete(job.id), onchange())],
    after: () => finish(),
  });
}

// Whoever leaves the page meant what they said.
window.addEventListener("pagehide", () => {
  for (const finish of pending.values()) finish({ keepalive: true });
});
