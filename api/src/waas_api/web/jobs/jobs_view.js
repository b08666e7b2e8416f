// The list of recordings: a page of it at a time, which the service filters and sorts.

import { button, h, icon, select } from "../elements/elements.js";
import { tellError } from "../elements/notices.js";
import { recall, remember } from "../remembered.js";
import * as live from "../service/live_events.js";
import { ask } from "../service/service.js";
import { say } from "../texts/texts.js";
import { forgetHidden, isHidden } from "./job_actions.js";
import { jobRow } from "./job_row.js";

const PAGE = 50;
const SETTLES_AFTER = 700; // ms; many jobs may change at once
const SEARCHES_AFTER = 250;
const TICK = 5000; // estimates come nearer by themselves

const STATES = [
  ["all", ""],
  ["waiting", "Pending,Queued,Suspended"],
  ["running", "Running"],
  ["done", "Succeeded"],
  ["failed", "Failed,Cancelled"],
];
const SORTS = ["-creation_time", "creation_time", "file_name", "-file_name", "-completion_time"];

/** Return the view. */
export async function showJobs() {
  const list = new JobList();
  await list.load();
  live.follow("/v2/events", (name, data) => list.tell(name, data));
  return { title: say("recordings"), element: list.element, close: () => list.close() };
}

class JobList {
  constructor() {
    this._filter = { state: "all", sort: "-creation_time", ...recall("list", {}), search: "" };
    this._cursors = [null]; // of the pages up to this one
    this._next = null;
    this._rows = new Map();
    this._asked = null;
    this._timer = null;
    this._due = Infinity;
    this._tick = setInterval(() => this._rows.forEach((row) => row.refresh()), TICK);
    this._total = h("p", { class: "muted numbers", role: "status" });
    this._list = h("ul", { class: "card jobs" });
    this._empty = h("div", { class: "empty", hidden: true });
    this._newer = button(say("newer"), () => this._turn(-1), { name: "back" });
    this._older = button(say("older"), () => this._turn(1), {});
    this._older.append(icon("forward"));
    this.element = h(
      "div",
      {},
      h("div", { class: "title" }, h("h1", { tabindex: -1 }, say("recordings")), this._total),
      this._filters(),
      this._list,
      this._empty,
      h("div", { class: "pager" }, this._newer, this._older),
    );
  }

  /** Read the page that is shown, as it is now. */
  async load() {
    this._asked?.abort();
    const asked = (this._asked = new AbortController());
    const { state, sort, search } = this._filter;
    const query = new URLSearchParams({ sort, limit: PAGE });
    const phases = STATES.find(([name]) => name === state)[1];
    const cursor = this._cursors.at(-1);
    if (phases) query.set("phase", phases);
    if (search) query.set("file_name", search);
    if (cursor) query.set("cursor", cursor);
    try {
      const page = await ask("GET", `/v2/jobs?${query}`, { signal: asked.signal });
      if (!page.jobs.length && this._cursors.length > 1) return await this._turn(-1);
      this._show(page);
    } catch (error) {
      if (error.name !== "AbortError") tellError(error);
    } finally {
      if (this._asked === asked) this._asked = null;
    }
    return undefined;
  }

  /** Take a live event. */
  tell(name, data) {
    if (name === "lost" || name === "segments") return;
    const row = data?.id && this._rows.get(data.id);
    if (name === "deleted") {
      this._rows.delete(data.id);
      forgetHidden(data.id);
      row?.element.remove();
    } else if (row) {
      row.update(data);
    }
    // A step forward changes nobody's place; all else may.
    if (name !== "progress") this._loadSoon();
  }

  close() {
    clearInterval(this._tick);
    clearTimeout(this._timer);
    this._asked?.abort();
  }

  /** Read the page anew within some time; more that happens meanwhile puts nothing off. */
  _loadSoon(after = SETTLES_AFTER) {
    const due = performance.now() + after;
    if (due >= this._due) return;
    clearTimeout(this._timer);
    this._due = due;
    this._timer = setTimeout(() => {
      this._due = Infinity;
      // What is under way comes first, or a slow service would never show anything.
      if (this._asked) this._loadSoon();
      else this.load();
    }, after);
  }

  _show(page) {
    const jobs = page.jobs.filter((job) => !isHidden(job.id));
    const rows = new Map();
    for (const job of jobs) {
      const row = this._rows.get(job.id) ?? jobRow(job, () => this.load());
      row.update(job);
      rows.set(job.id, row);
    }
    this._rows = rows;
    arrange(this._list, [...rows.values()].map((row) => row.element));
    this._next = page.cursor;
    this._total.textContent = say("recordingsTotal", page.total);
    this._newer.hidden = this._cursors.length === 1;
    this._older.hidden = !page.cursor;
    this._list.hidden = !jobs.length;
    this._empty.hidden = jobs.length > 0;
    if (!jobs.length) this._explainEmptiness();
  }

  _explainEmptiness() {
    const isFiltered = this._filter.search || this._filter.state !== "all";
    this._empty.replaceChildren(
      icon(isFiltered ? "search" : "wave"),
      h("h2", {}, say(isFiltered ? "nothingFound" : "nothingYet")),
      isFiltered ? button(say("showAll"), () => this._showAll()) : h("a", { class: "button primary", href: "#/" }, say("sendTitle")),
    );
  }

  _showAll() {
    this._filter = { ...this._filter, state: "all", search: "" };
    const filters = this._filters();
    this.element.querySelector(".filters").replaceWith(filters);
    this._begin();
  }

  async _turn(step) {
    if (step > 0) this._cursors.push(this._next);
    else this._cursors.pop();
    await this.load();
    this.element.querySelector("h1").focus();
    scrollTo({ top: 0 });
  }

  _filters() {
    const search = h("input", {
      class: "input",
      type: "search",
      value: this._filter.search,
      placeholder: say("search"),
      "aria-label": say("search"),
      oninput: () => this._change({ search: search.value.trim() }, SEARCHES_AFTER),
    });
    const states = STATES.map(([name]) =>
      h(
        "label",
        {},
        h("input", { type: "radio", name: "state", value: name, checked: name === this._filter.state, onchange: () => this._change({ state: name }) }),
        h("span", {}, say(`state_${name}`)),
      ),
    );
    const sorts = SORTS.map((each) => [each, say(`sort_${each}`)]);
    return h(
      "div",
      { class: "filters", role: "search" },
      h("div", { class: "search" }, icon("search"), search),
      h("fieldset", { class: "states" }, h("legend", { class: "hidden-text" }, say("states")), states),
      select(sorts, this._filter.sort, (sort) => this._change({ sort }), { "aria-label": say("sort") }),
    );
  }

  _change(changes, after = 0) {
    this._filter = { ...this._filter, ...changes };
    remember("list", { state: this._filter.state, sort: this._filter.sort });
    this._begin(after);
  }

  _begin(after = 0) {
    this._cursors = [null];
    this._asked?.abort();
    this._asked = null;
    this._loadSoon(after);
  }
}

/** Put elements into a list in their order; those that lie right are not touched, nor is the focus. */
function arrange(list, elements) {
  for (const old of [...list.children]) if (!elements.includes(old)) old.remove();
  elements.forEach((element, place) => {
    if (list.children[place] !== element) list.insertBefore(element, list.children[place] ?? null);
  });
}
