// One recording on its way, by the protocol tus: what has arrived is never sent again.

import { recall, remember } from "../remembered.js";
import { noticeLogout, Problem } from "../service/service.js";

const UPLOADS = "/v2/uploads";
const VERSION = { "Tus-Resumable": "1.0.0" };
const PAUSES = [1, 2, 5, 10, 20, 30]; // seconds before the next try while nobody answers
const PASSING = new Set([408, 409, 423, 429, 500, 502, 503, 504]);
const GONE = new Set([404, 410]);

export const State = Object.freeze({
  WAITING: "waiting",
  SENDING: "sending",
  PAUSED: "paused",
  LOST: "lost",
  REFUSED: "refused",
  SENT: "sent",
});

class Aborted extends Error {}

/** An upload; `onchange` is called whenever anything of it has changed. */
export class TusUpload {
  constructor(file, parameters, onchange) {
    this.file = file;
    this.name = file.name;
    this.size = file.size;
    this.sent = 0;
    this.state = State.WAITING;
    this.problem = null;
    this.jobId = null;
    this.bytesPerSecond = null;
    this._parameters = { filename: file.name, ...parameters };
    this._onchange = onchange;
    this._key = `upload ${file.name} ${file.size} ${file.lastModified} ${JSON.stringify(parameters)}`;
    this._address = recall(this._key, null);
    this._request = null;
    this._wake = null;
  }

  /** Send it, to the end or to a refusal; a pause or the removal ends this call as well. */
  async send() {
    this._become(State.SENDING);
    for (let tries = 0; ; ) {
      const before = this.sent;
      try {
        await this._sendOnce();
        remember(this._key, null);
        return this._become(State.SENT);
      } catch (error) {
        if (error instanceof Aborted) return undefined;
        if (error instanceof Problem && !PASSING.has(error.status)) return this._refuse(error);
        if (this.sent > before) tries = 0;
        const seconds = error.retryAfter || PAUSES[Math.min(tries, PAUSES.length - 1)];
        tries += 1;
        this._become(State.LOST);
        await this._sleep(seconds);
        if (this.state !== State.LOST) return undefined;
        this._become(State.SENDING);
      }
    }
  }

  /** Stop for now; what has arrived stays there for a day. */
  pause() {
    this._become(State.PAUSED);
    this._request?.abort();
    this._wake?.();
  }

  /** Stop for good, and have what has arrived removed. */
  async remove() {
    this.pause();
    remember(this._key, null);
    if (!this._address) return;
    for (const seconds of [0, 1, 3]) {
      // The piece that was broken off may be held for a moment yet. What stays expires by itself.
      await this._sleep(seconds);
      if (await this._ask("DELETE", this._address).then(() => true, (error) => GONE.has(error.status))) return;
    }
  }

  /** Try again at once, after the network has come back. */
  wake() {
    if (this.state === State.LOST) this._wake?.();
  }

  async _sendOnce() {
    let offset = this._address ? await this._measure() : 0;
    if (!this._address) {
      const headers = { "Upload-Length": String(this.size), "Upload-Metadata": encode(this._parameters) };
      const answer = await this._ask("POST", UPLOADS, headers);
      this._address = new URL(answer.getResponseHeader("Location"), location.href).pathname;
      remember(this._key, this._address);
      offset = 0;
    }
    this.jobId = this._address.split("/").pop();
    this._advance(offset);
    if (offset < this.size) await this._sendFrom(offset);
  }

  /** Return how much has arrived; 0, and no address, where the upload is not there any more. */
  async _measure() {
    try {
      const answer = await this._ask("HEAD", this._address);
      return Number(answer.getResponseHeader("Upload-Offset"));
    } catch (error) {
      if (!(error instanceof Problem) || !GONE.has(error.status)) throw error;
      this._address = null;
      return 0;
    }
  }

  async _sendFrom(offset) {
    const begun = performance.now();
    const onprogress = (event) => {
      const seconds = (performance.now() - begun) / 1000;
      if (seconds > 1) this.bytesPerSecond = event.loaded / seconds;
      this._advance(offset + event.loaded);
    };
    const headers = { "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" };
    const answer = await this._ask("PATCH", this._address, headers, this.file.slice(offset), onprogress);
    this._advance(Number(answer.getResponseHeader("Upload-Offset")));
    if (this.sent < this.size) throw new Error("not all of it has arrived");
  }

  /** Send a request; `fetch` does not tell how far an upload is. */
  _ask(method, path, headers = {}, body = null, onprogress = null) {
    return new Promise((resolve, reject) => {
      const asked = new XMLHttpRequest();
      this._request = asked;
      asked.open(method, path);
      for (const [name, value] of Object.entries({ ...VERSION, ...headers })) asked.setRequestHeader(name, value);
      asked.onload = () => (asked.status < 300 ? resolve(asked) : reject(readProblem(asked)));
      asked.onerror = () => reject(new Error("the connection was lost"));
      asked.onabort = () => reject(new Aborted());
      if (onprogress) asked.upload.onprogress = onprogress;
      asked.send(body);
    });
  }

  _refuse(error) {
    this.problem = error.message;
    remember(this._key, null);
    this._become(State.REFUSED);
  }

  _sleep(seconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, seconds * 1000);
      this._wake = () => (clearTimeout(timer), resolve());
    });
  }

  _advance(sent) {
    this.sent = sent;
    this._onchange(this);
  }

  _become(state) {
    this.state = state;
    if (state !== State.SENDING) this.bytesPerSecond = null;
    this._onchange(this);
  }
}

function readProblem(asked) {
  if (asked.status === 401) noticeLogout();
  let content = null;
  try {
    content = JSON.parse(asked.responseText);
  } catch {
    // HEAD has no content, and a proxy between us has its own.
  }
  const problem = new Problem(asked.status, content);
  problem.retryAfter = Number(asked.getResponseHeader("Retry-After")) || null;
  return problem;
}

function encode(parameters) {
  return Object.entries(parameters)
    .filter(([, value]) => value !== "" && value !== null && value !== undefined)
    .map(([name, value]) => `${name} ${base64(String(value))}`)
    .join(",");
}

function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
