// Writes times, lengths and sizes as people read them.

import { language } from "./texts.js";

const LOCALES = { en: "en-GB", no: "nb-NO" };
const MEGA = 1e6;

const locale = () => LOCALES[language];

/** 75.2 -> 1:15; with tenths 1:15.2. */
export function clock(seconds, { tenths = false } = {}) {
  const rounded = tenths ? Math.round(seconds * 10) / 10 : Math.floor(seconds);
  const hours = Math.floor(rounded / 3600);
  const minutes = Math.floor((rounded % 3600) / 60);
  const rest = (rounded % 60).toFixed(tenths ? 1 : 0).padStart(tenths ? 4 : 2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** 1:15.2 -> 75.2; null where it is no time. */
export function parseClock(text) {
  if (!/^\s*(\d{1,2}:){0,2}\d{1,5}([.,]\d{1,3})?\s*$/.test(text)) return null;
  return text.trim().replace(",", ".").split(":").reduce((sum, each) => sum * 60 + Number(each), 0);
}

/** How long something takes or lasts: 40 s, 12 min, 3 h 5 min. */
export function span(seconds) {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h${minutes % 60 ? ` ${minutes % 60} min` : ""}`;
}

/** 1234567 -> 1.2 MB. */
export function bytes(count) {
  const giga = count >= 1000 * MEGA;
  const unit = giga ? "gigabyte" : count >= MEGA / 10 ? "megabyte" : "kilobyte";
  const value = giga ? count / MEGA / 1000 : count >= MEGA / 10 ? count / MEGA : count / 1000;
  return new Intl.NumberFormat(locale(), { style: "unit", unit, maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
}

/** A number as it is written here. */
export function number(value, digits = 0) {
  return new Intl.NumberFormat(locale(), { maximumFractionDigits: digits }).format(value);
}

/** A moment: the time alone where it is today. */
export function moment(time) {
  const when = new Date(time);
  const isToday = when.toDateString() === new Date().toDateString();
  return when.toLocaleString(locale(), isToday ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" });
}

/** The name of a language by its code. */
export function languageName(code) {
  try {
    return new Intl.DisplayNames([locale()], { type: "language" }).of(code === "jw" ? "jv" : code);
  } catch {
    return code;
  }
}
