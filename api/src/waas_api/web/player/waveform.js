// The sound as a picture, on which one can see and choose where it plays.

import { h } from "../elements/elements.js";
import { clock } from "../texts/formatting.js";
import { say } from "../texts/texts.js";

const BAR = 3;
const GAP = 2;
const STEP = 3; // seconds
const LEAP = 30;

export class Waveform {
  /** `seek` takes seconds. */
  constructor(seek) {
    this._seek = seek;
    this._peaks = null;
    this._time = 0;
    this._duration = 0;
    this.element = h("canvas", { class: "waveform", tabindex: 0, role: "slider", "aria-label": say("position"), "aria-valuemin": 0 });
    this._sizes = new ResizeObserver(() => this._draw());
    this._sizes.observe(this.element);
    this.element.addEventListener("pointerdown", (event) => {
      this.element.setPointerCapture(event.pointerId);
      this._seekTo(event);
    });
    this.element.addEventListener("pointermove", (event) => event.buttons && this._seekTo(event));
    this.element.addEventListener("keydown", (event) => this._key(event));
  }

  close() {
    this._sizes.disconnect();
  }

  /** Show peaks: numbers from 0 to 1 over the whole length, as many as there are. */
  setPeaks(peaks) {
    this._peaks = peaks;
    this._draw();
  }

  show(time, duration) {
    this._time = time;
    this._duration = duration || 0;
    this.element.setAttribute("aria-valuemax", Math.round(this._duration));
    this.element.setAttribute("aria-valuenow", Math.round(time));
    this.element.setAttribute("aria-valuetext", say("timeOf", clock(time), clock(this._duration)));
    this._draw();
  }

  _seekTo(event) {
    const { left, width } = this.element.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - left) / width));
    this._seek(share * this._duration);
  }

  _key(event) {
    const steps = { ArrowLeft: -STEP, ArrowDown: -STEP, ArrowRight: STEP, ArrowUp: STEP, PageDown: -LEAP, PageUp: LEAP };
    const ends = { Home: 0, End: this._duration };
    const time = steps[event.key] ? this._time + steps[event.key] : ends[event.key];
    if (time === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this._seek(Math.min(this._duration, Math.max(0, time)));
  }

  _draw() {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (!width) return;
    const scale = devicePixelRatio || 1;
    if (this.element.width !== Math.round(width * scale) || this.element.height !== Math.round(height * scale)) {
      this.element.width = Math.round(width * scale);
      this.element.height = Math.round(height * scale);
    }
    const context = this.element.getContext("2d");
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    const style = getComputedStyle(this.element);
    const [played, rest] = [style.getPropertyValue("--played"), style.getPropertyValue("--rest")];
    const at = this._duration ? (this._time / this._duration) * width : 0;
    const count = Math.floor(width / (BAR + GAP));
    for (let place = 0; place < count; place += 1) {
      const x = place * (BAR + GAP);
      const tall = Math.max(3, this._loudness(place, count) * (height - 4));
      context.fillStyle = x < at ? played : rest;
      context.beginPath();
      context.roundRect(x, (height - tall) / 2, BAR, tall, BAR / 2);
      context.fill();
    }
    context.fillStyle = played;
    context.fillRect(Math.min(width - 2, Math.max(0, at - 1)), 0, 2, height);
  }

  _loudness(place, count) {
    if (!this._peaks?.length) return 0;
    const from = Math.floor((place * this._peaks.length) / count);
    const to = Math.max(from + 1, Math.floor(((place + 1) * this._peaks.length) / count));
    let most = 0;
    for (let each = from; each < to && each < this._peaks.length; each += 1) most = Math.max(most, this._peaks[each]);
    return most;
  }
}
