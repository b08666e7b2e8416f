// What this browser remembers for its reader: choices, never recordings or transcripts.

const PREFIX = "waas.";

/** Return what was remembered, or the usual. */
export function recall(name, usual) {
  try {
    const text = localStorage.getItem(PREFIX + name);
    return text === null ? usual : JSON.parse(text);
  } catch {
    return usual; // storage may be forbidden, or hold what an older page left
  }
}

/** Remember something; null forgets it. */
export function remember(name, value) {
  try {
    if (value === null) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // The page works without.
  }
}

/** Forget everything. */
export function forgetAll() {
  for (const key of Object.keys(localStorage)) {
    if (key.startsWith(PREFIX)) localStorage.removeItem(key);
  }
}
