// What can be done with one segment, beside typing in it.

import { button, field, h } from "../elements/elements.js";
import { clock, parseClock } from "../texts/formatting.js";
import { say } from "../texts/texts.js";

/** Return {element, open(key, anchor, caret)}. */
export function segmentMenu(content, list, player) {
  const element = h("div", { class: "menu card", popover: "auto", role: "dialog", "aria-label": say("segmentMenu") });
  const open = (key, anchor, caret) => {
    element.replaceChildren(...fill(content, list, player, key, caret, () => element.hidePopover()));
    element.showPopover();
    place(element, anchor);
    element.querySelector("input").focus();
  };
  return { element, open };
}

function fill(content, list, player, key, caret, close) {
  const segment = content.find(key);
  const act = (what) => () => {
    close();
    what();
  };
  const names = h("datalist", { id: "speaker-names" }, content.speakers().map((each) => h("option", { value: each })));
  const speaker = h("input", { class: "input", type: "text", list: "speaker-names", value: segment.speaker ?? "", maxlength: 100, autocomplete: "off", onchange: (event) => content.setSpeaker(key, event.target.value) });
  const [start, end] = [timeInput(segment.start), timeInput(segment.end)];
  const refusal = h("p", { class: "small", role: "alert" });
  const setTimes = () => {
    const [from, to] = [readTime(start, segment.start), readTime(end, segment.end)];
    const isSet = from !== null && to !== null && content.setTimes(key, from, to);
    refusal.textContent = isSet ? "" : say("timesRefused");
  };
  const takeTime = (input) => () => {
    input.value = clock(player.time, { tenths: true });
    setTimes();
  };
  start.addEventListener("change", setTimes);
  end.addEventListener("change", setTimes);
  return [
    field(say("speaker"), speaker),
    names,
    h("div", { class: "pair" }, field(say("begins"), start), field(say("ends"), end)),
    h("div", { class: "pair" }, button(say("beginsHere"), takeTime(start)), button(say("endsHere"), takeTime(end))),
    refusal,
    h(
      "div",
      { class: "acts" },
      button(say("splitHere"), act(() => splitAt(content, list, key, caret)), { kind: "plain", disabled: !caret }),
      button(say("joinPrevious"), act(() => list.merge(key)), { kind: "plain" }),
      button(say("removeSegment"), act(() => content.remove(key)), { kind: "plain danger" }),
    ),
  ];
}

function splitAt(content, list, key, caret) {
  const made = content.split(key, caret);
  if (made) list.focus(made, 0);
}

function timeInput(seconds) {
  const text = clock(seconds, { tenths: true });
  const input = h("input", { class: "input numbers", type: "text", inputmode: "decimal" });
  input.defaultValue = text;
  return input;
}

/** Return the time in an input; one that nobody touched is exacter than what is shown of it. */
function readTime(input, known) {
  return input.value === input.defaultValue ? known : parseClock(input.value);
}

function place(element, anchor) {
  const box = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = element;
  element.style.left = `${Math.max(8, Math.min(box.right - width, innerWidth - width - 8))}px`;
  element.style.top = `${Math.max(8, box.bottom + height + 8 > innerHeight ? box.top - height - 4 : box.bottom + 4)}px`;
}
