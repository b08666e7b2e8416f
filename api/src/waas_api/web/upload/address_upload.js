// A recording on the web, which the service fetches itself.

import { ask, Unreachable } from "../service/service.js";
import { State } from "./tus_upload.js";

/** The same verbs as TusUpload has, of which a fetch knows few. */
export class AddressUpload {
  constructor(address, fields, onchange) {
    this.name = decodeURIComponent(new URL(address).pathname.split("/").pop()) || address;
    this.size = null;
    this.sent = 0;
    this.state = State.WAITING;
    this.problem = null;
    this.jobId = null;
    this._asked = { source: { url: address }, ...fields };
    // A repeat after a lost connection must not make a second job.
    this._key = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
    this._onchange = onchange;
    this._control = new AbortController();
  }

  async send() {
    this._become(State.SENDING);
    try {
      const headers = { "Idempotency-Key": `"${this._key}"` };
      const job = await ask("POST", "/v2/jobs", { json: this._asked, headers, signal: this._control.signal });
      this.jobId = job.id;
      this._become(State.SENT);
    } catch (error) {
      if (error.name === "AbortError") return;
      this.problem = error instanceof Unreachable ? null : error.message;
      this._become(error instanceof Unreachable ? State.PAUSED : State.REFUSED);
    }
  }

  async remove() {
    this._control.abort();
  }

  wake() {}

  _become(state) {
    this.state = state;
    this._onchange(this);
  }
}
