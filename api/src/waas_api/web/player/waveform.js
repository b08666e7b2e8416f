// The sound as a picture, on which one can see and choose where it plays.

import { h } from "../elements/elements.js";
import { clock } from "../texts/formatting.js";
import { say } from "../texts/texts.js";

const BAR = 3;
const GAP = 2;
const STEP = 3; // seconds
const LEAP = 30;
const SHORTEST = 60; // seconds that are seen closely, at least
const LINE = 3; // where in the whole that is

export class Waveform {
  /** `seek` takes seconds. */
  constructor(seek) {
    this._seek = seek;
    this._peaks = null;
    this._time = 0;
    this._duration = null;
    this._isClose = false;
    this._from = 0;
    this.element = h("canvas", { class: "waveform", tabindex: 0, role: "slider", "aria-label": say("position"), "aria-valuemin": 0 });
    this._width = 0;
    this._height = 0;
    this._drawn = "";
    this._sizes = new ResizeObserver(() => this._measure());
    this._sizes.observe(this.element);
    this._colours = new MutationObserver(() => this._draw());
    this._colours.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    this.element.addEventListener("pointerdown", (event) => {
      this.element.setPointerCapture(event.pointerId);
      this._seekTo(event);
    });
    this.element.addEventListener("pointermove", (event) => event.buttons && this._seekTo(event));
    this.element.addEventListener("keydown", (event) => this._key(event));
  }

  close() {
    this._sizes.disconnect();
    this._colours.disconnect();
  }

  /** Show peaks: numbers from 0 to 1 over the whole length, as many as there are. */
  setPeaks(peaks) {
    this._peaks = peaks;
    this._drawn = "";
    this._draw();
  }

  /** Show a part of it as closely as its peaks tell, or all of it. */
  setClose(isClose) {
    this._isClose = isClose;
    this._draw();
  }

  show(time, duration) {
    const isToldAlready = Math.round(time) === Math.round(this._time) && duration === this._duration;
    this._time = time;
    this._duration = duration || 0;
    this._draw();
    if (isToldAlready) return;
    this.element.setAttribute("aria-valuemax", Math.round(this._duration));
    this.element.setAttribute("aria-valuenow", Math.round(time));
    this.element.setAttribute("aria-valuetext", say("timeOf", clock(time), clock(this._duration)));
  }

  _seekTo(event) {
    const { left, width } = this.element.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - left) / width));
    const [from, length] = this._part();
    this._seek(from + share * length);
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

  /** Return where what is shown begins, and how long it is; it stays until the sound has left it. */
  _part() {
    if (!this._isClose) return [0, this._duration];
    const finest = this._peaks?.length ? (this._countBars() * this._duration) / this._peaks.length : 0;
    const length = Math.min(this._duration, Math.max(SHORTEST, finest));
    if (this._time < this._from || this._time > this._from + length) this._from = this._time - length / 10;
    this._from = Math.max(0, Math.min(this._from, this._duration - length));
    return [this._from, length];
  }

  _countBars() {
    return Math.max(1, Math.floor(this._width / (BAR + GAP)));
  }

  _measure() {
    const scale = devicePixelRatio || 1;
    this._width = this.element.clientWidth;
    this._height = this.element.clientHeight;
    this.element.width = Math.round(this._width * scale);
    this.element.height = Math.round(this._height * scale);
    this._drawn = "";
    this._draw();
  }

  /** Draw it, unless it looks as before: in a long recording the sound takes many frames to a point. */
  _draw() {
    const { _width: width, _height: height } = this;
    if (!width) return;
    const [from, length] = this._part();
    const at = length ? Math.round(((this._time - from) / length) * width) : 0;
    const looks = [from, length, at, this._isClose, document.documentElement.dataset.theme].join(" ");
    if (looks === this._drawn) return;
    this._drawn = looks;
    const scale = devicePixelRatio || 1;
    const context = this.element.getContext("2d");
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    const style = getComputedStyle(this.element);
    const [played, rest] = [style.getPropertyValue("--played"), style.getPropertyValue("--rest")];
    const count = this._countBars();
    const room = this._isClose ? height - 2 * LINE : height;
    for (let place = 0; place < count; place += 1) {
      const x = place * (BAR + GAP);
      const tall = Math.max(3, this._loudness(from + (place * length) / count, length / count) * (room - 4));
      context.fillStyle = x < at ? played : rest;
      context.beginPath();
      context.roundRect(x, (room - tall) / 2, BAR, tall, BAR / 2);
      context.fill();
    }
    context.fillStyle = played;
    context.fillRect(Math.min(width - 2, Math.max(0, at - 1)), 0, 2, room);
    if (!this._isClose || !this._duration) return;
    context.fillStyle = rest;
    context.fillRect(0, height - LINE, width, LINE);
    context.fillStyle = played;
    context.fillRect((from / this._duration) * width, height - LINE, Math.max(LINE, (length / this._duration) * width), LINE);
  }

  /** Return the loudest moment of some seconds. */
  _loudness(time, seconds) {
    if (!this._peaks?.length || !this._duration) return 0;
    const scale = this._peaks.length / this._duration;
    const from = Math.floor(time * scale);
    const to = Math.max(from + 1, Math.floor((time + seconds) * scale));
    let most = 0;
    for (let each = from; each < to && each < this._peaks.length; each += 1) most = Math.max(most, this._peaks[each]);
    return most;
  }
}
