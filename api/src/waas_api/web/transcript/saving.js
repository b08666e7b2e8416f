// Saves what was edited, some moments later; two who edit at once lose nothing of each other's.

import { Problem, request, Unreachable } from "../service/service.js";

const WAITS = 1200; // ms after the last change
const AGAIN_AFTER = 5000;

export const Saved = Object.freeze({ ALL: "saved", NOT_YET: "notYet", SAVING: "saving", LOST: "lost", CONFLICT: "conflict", REFUSED: "refused" });

export class Saving {
  /** `etag` names the state that was read; `onchange(state, error)` tells how far it is. */
  constructor(path, etag, content, onchange) {
    this._path = path;
    this._etag = etag;
    this._content = content;
    this._onchange = onchange;
    this._timer = null;
    this._running = null;
    this._saved = content.segments;
    this.state = Saved.ALL;
    this._noticeChange = () => this._schedule(WAITS);
    this._noticeNetwork = () => this.state === Saved.LOST && this.flush();
    this._warn = (event) => this.isDirty && event.preventDefault();
    content.addEventListener("change", this._noticeChange);
    addEventListener("online", this._noticeNetwork);
    addEventListener("beforeunload", this._warn);
  }

  get isDirty() {
    return this._content.segments !== this._saved;
  }

  /** Save at once whatever is not saved; true once all of it is. */
  async flush() {
    clearTimeout(this._timer);
    this._running ??= this._save().finally(() => (this._running = null));
    await this._running;
    return !this.isDirty;
  }

  /** Save over what somebody else has saved meanwhile; theirs stays among the revisions. */
  async keepMine() {
    const theirs = await request("HEAD", this._path);
    this._etag = theirs.headers.get("ETag");
    this.state = Saved.NOT_YET;
    return this.flush();
  }

  /** Take what somebody else has saved, and leave the own changes. */
  async takeTheirs() {
    const theirs = await request("GET", this._path, { cache: "no-store" });
    this._etag = theirs.headers.get("ETag");
    const transcript = await theirs.json();
    this.state = Saved.ALL;
    this._content.load(transcript);
    this._saved = this._content.segments;
    clearTimeout(this._timer);
    this._become(Saved.ALL);
  }

  close() {
    this._content.removeEventListener("change", this._noticeChange);
    removeEventListener("online", this._noticeNetwork);
    removeEventListener("beforeunload", this._warn);
    if (this.isDirty && this.state !== Saved.CONFLICT) this.flush();
    clearTimeout(this._timer);
  }

  _schedule(after) {
    if (this.state === Saved.CONFLICT) return;
    if (!this._running && this.state !== Saved.LOST) this._become(this.isDirty ? Saved.NOT_YET : Saved.ALL);
    clearTimeout(this._timer);
    if (this.isDirty) this._timer = setTimeout(() => this.flush(), after);
  }

  async _save() {
    while (this.isDirty && this.state !== Saved.CONFLICT) {
      const segments = this._content.segments;
      this._become(Saved.SAVING);
      try {
        const headers = { "If-Match": this._etag };
        const answer = await request("PUT", this._path, { json: this._content.toJson(), headers });
        this._etag = answer.headers.get("ETag");
        this._saved = segments;
      } catch (error) {
        return this._fail(error);
      }
    }
    if (!this.isDirty) this._become(Saved.ALL);
    return undefined;
  }

  _fail(error) {
    if (error instanceof Problem && error.status === 412) return this._become(Saved.CONFLICT);
    const passes = error instanceof Unreachable || error.status >= 500 || error.status === 429;
    this._become(passes ? Saved.LOST : Saved.REFUSED, error);
    if (passes) this._timer = setTimeout(() => this.flush(), AGAIN_AFTER);
    return undefined;
  }

  _become(state, error = null) {
    this.state = state;
    this._onchange(state, error);
  }
}

/** Return {transcript, etag} of a job. */
export async function readTranscript(path) {
  const answer = await request("GET", path, { cache: "no-store" });
  return { transcript: await answer.json(), etag: answer.headers.get("ETag") };
}
