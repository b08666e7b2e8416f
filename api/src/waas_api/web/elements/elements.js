// Builds elements. Text only ever becomes text: nothing here, or anywhere in the page, parses markup.

import { PATHS } from "./icons.js";

const SVG = "http://www.w3.org/2000/svg";

/** Return an element with attributes (on… are listeners) and children; null and false are left out. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else if (name === "checked") element.checked = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== false && child !== undefined));
  return element;
}

/** Return a drawing that says nothing to those who cannot see it. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** Return a button that shows a drawing and is called by its label. */
export function iconButton(name, label, onclick, attributes = {}) {
  return h("button", { type: "button", class: "button plain icon-only", "aria-label": label, title: label, onclick, ...attributes }, icon(name));
}

/** Return a button with words, and a drawing before them where one is named. */
export function button(label, onclick, { kind = "", name = null, ...attributes } = {}) {
  return h("button", { type: "button", class: `button ${kind}`, onclick, ...attributes }, name && icon(name), label);
}

/** Return an input under its label. */
export function field(label, input, hint = null) {
  const id = input.id || (input.id = `field-${(numberOfFields += 1)}`);
  if (hint) input.setAttribute("aria-describedby", `${id}-hint`);
  return h("div", { class: "field" }, h("label", { for: id }, label), input, hint && h("p", { class: "hint", id: `${id}-hint` }, hint));
}
let numberOfFields = 0;

/** Return a choice of [value, label] pairs. */
export function select(pairs, value, onchange, attributes = {}) {
  const options = pairs.map(([each, label]) => h("option", { value: each, selected: each === value }, label));
  return h("select", { class: "input", onchange: (event) => onchange(event.target.value), ...attributes }, options);
}

/** Return a box to tick, with its label. */
export function check(label, checked, onchange) {
  return h("label", { class: "check" }, h("input", { type: "checkbox", checked, onchange: (event) => onchange(event.target.checked) }), h("span", {}, label));
}

/** Return a bar from 0 to 100; null where nobody knows how far it is. */
export function bar(percent, label) {
  const filling = h("div");
  const element = h("div", { class: "bar", role: "progressbar", "aria-label": label, "aria-valuemin": 0, "aria-valuemax": 100 }, filling);
  setBar(element, percent);
  return element;
}

/** Move a bar. */
export function setBar(element, percent) {
  element.classList.toggle("waiting", percent === null);
  if (percent === null) element.removeAttribute("aria-valuenow");
  else element.setAttribute("aria-valuenow", Math.round(percent));
  element.firstElementChild.style.width = `${percent ?? 0}%`;
}
