// Plays the recording: sound or video, with its picture of the sound and what one does with hands.

import { h, icon, iconButton, select } from "../elements/elements.js";
import { recall, remember } from "../remembered.js";
import { clock, number } from "../texts/formatting.js";
import { say } from "../texts/texts.js";
import { Waveform } from "./waveform.js";

const LONG = 600; // seconds: of what is shorter, the whole shows enough
const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2];
export const STEP = 3; // seconds

export class Player extends EventTarget {
  /** Play the first of some addresses that the browser can; tells `time` as it goes on. */
  constructor(addresses, { isVideo, duration }) {
    super();
    this._addresses = addresses;
    this._place = 0;
    this._duration = duration;
    this._frame = null;
    this.media = h(isVideo ? "video" : "audio", { preload: "metadata", playsinline: true });
    this.waveform = new Waveform((time) => this.seek(time));
    this._play = iconButton("play", say("play"), () => this.toggle(), { class: "button primary play" });
    this._closer = iconButton("closer", say("closer"), () => this._turnCloser(), { "aria-pressed": "false" });
    this._clock = h("span", { class: "clock numbers" });
    this._speed = select(SPEEDS.map((each) => [String(each), `${number(each, 2)}×`]), String(recall("speed", 1)), (value) => this.setSpeed(Number(value)), { "aria-label": say("playingSpeed"), class: "input speed" });
    this._failure = h("p", { class: "small failure", role: "status", hidden: true }, say("cannotPlay"));
    this.extras = h("div", { class: "extras" });
    this.element = h(
      "section",
      { class: "player", "aria-label": say("player") },
      h(
        "div",
        { class: "inside" },
        h("div", { class: "hands" }, iconButton("back3", say("back", STEP), () => this.step(-STEP)), this._play, iconButton("forward3", say("ahead", STEP), () => this.step(STEP)), this._closer),
        this.waveform.element,
        this._clock,
        this._speed,
        this.extras,
      ),
      this._failure,
      !isVideo && this.media,
    );
    this._listen();
    this._open(0);
    this.setSpeed(recall("speed", 1));
    this._show();
  }

  close() {
    cancelAnimationFrame(this._frame);
    this.waveform.close();
    this.media.pause();
    this.media.removeAttribute("src");
    this.media.load();
  }

  get time() {
    return this.media.currentTime;
  }

  /** Whether anything was played or sought yet: before that, nothing is being said. */
  get hasBegun() {
    return this.time > 0 || !this.media.paused;
  }

  get duration() {
    return Number.isFinite(this.media.duration) ? this.media.duration : this._duration;
  }

  toggle() {
    if (this.media.paused) this._begin();
    else this.media.pause();
  }

  playFrom(time) {
    this.seek(time);
    this._begin();
  }

  seek(time) {
    this.media.currentTime = Math.max(0, time);
    this._show();
  }

  step(seconds) {
    this.seek(Math.min(this.duration || Infinity, this.time + seconds));
  }

  setSpeed(speed) {
    this.media.playbackRate = speed;
    this.media.defaultPlaybackRate = speed;
    this._speed.value = String(speed);
    remember("speed", speed);
  }

  /** Go faster or slower by one step of those that can be chosen. */
  turnSpeed(by) {
    const place = SPEEDS.indexOf(this.media.playbackRate) + by;
    if (SPEEDS[place]) this.setSpeed(SPEEDS[place]);
  }

  /** Play; where nothing could be played, the connection may be back by now. */
  _begin() {
    if (this._place >= this._addresses.length) this._open(0);
    this.media.play().catch(() => {}); // what is wrong with it, `error` tells
  }

  /** Take the sound from one of the addresses, and go on where the one before has failed. */
  _open(place) {
    const { currentTime, paused } = this.media;
    const address = this._addresses[place];
    this._place = place;
    this._failure.hidden = Boolean(address);
    if (!address) return this.media.pause();
    this.media.src = address;
    if (currentTime) this.media.currentTime = currentTime;
    if (!paused) this.media.play().catch(() => {});
    return undefined;
  }

  _listen() {
    this.media.addEventListener("error", () => this._open(this._place + 1));
    for (const name of ["play", "pause", "ended"]) this.media.addEventListener(name, () => this._showState());
    for (const name of ["timeupdate", "seeked", "durationchange", "loadedmetadata"]) this.media.addEventListener(name, () => this._show());
  }

  _showState() {
    const isPlaying = !this.media.paused;
    const label = say(isPlaying ? "pause" : "play");
    this._play.replaceChildren(icon(isPlaying ? "pause" : "play"));
    this._play.setAttribute("aria-label", label);
    this._play.title = label;
    cancelAnimationFrame(this._frame);
    if (isPlaying) this._run();
  }

  /** Words are short: several times a second is too seldom for them. */
  _run() {
    this._show();
    this._frame = requestAnimationFrame(() => this._run());
  }

  _turnCloser() {
    const isClose = this._closer.getAttribute("aria-pressed") === "false";
    this._closer.setAttribute("aria-pressed", String(isClose));
    this.waveform.setClose(isClose);
  }

  _show() {
    const { time, duration } = this;
    this._closer.hidden = !(duration > LONG);
    const text = `${clock(time)} / ${clock(duration || 0)}`;
    if (this._clock.textContent !== text) this._clock.textContent = text;
    this.waveform.show(time, duration);
    this.dispatchEvent(new Event("time"));
  }
}
