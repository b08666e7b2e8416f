// When each word of a segment is spoken: as it was heard, and spread by length where text is new.

/** Return the words of a text, each with the space before it. */
export function splitWords(text) {
  return text.match(/\s*\S+/g) ?? [];
}

/**
 * Return the words of a text with their times, [{word, start, end, probability}].
 * `known` are those of an earlier text: words at the beginning and the end that are still the same
 * keep their times, those between share the time between.
 */
export function timeWords(text, start, end, known) {
  if (known && join(known).trim() === text) return withoutFirstSpace(known);
  const words = splitWords(text);
  const old = known ?? [];
  const head = countSame(words, old, (list, place) => list[place]);
  const tail = countSame(words.slice(head), old.slice(head), (list, place) => list[list.length - 1 - place]);
  const before = old.slice(0, head);
  const after = old.slice(old.length - tail);
  const from = before.at(-1)?.end ?? start;
  const to = Math.max(from, after[0]?.start ?? end);
  const between = spread(words.slice(head, words.length - tail), from, to);
  const timed = [...before, ...between, ...after];
  return timed.map((each, place) => ({ ...each, word: words[place] }));
}

/** Return a text without the spaces that typing leaves. */
export function clean(text) {
  return text.replace(/\s+/g, " ").trim();
}

/** Return the text of words. */
export function join(words) {
  return words.map((each) => each.word).join("");
}

/** Return the place of the word that is spoken at a time, -1 before the first. */
export function findPlace(starts, time) {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (starts[middle] <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function countSame(words, old, at) {
  const most = Math.min(words.length, old.length);
  let count = 0;
  while (count < most && at(words, count).trim() === at(old, count).word.trim()) count += 1;
  return count;
}

function spread(words, from, to) {
  const letters = words.reduce((sum, each) => sum + each.length, 0);
  let done = 0;
  return words.map((word) => {
    const start = from + ((to - from) * done) / letters;
    done += word.length;
    return { word, start, end: from + ((to - from) * done) / letters, probability: 1 };
  });
}

function withoutFirstSpace(words) {
  return words.map((each, place) => (place ? each : { ...each, word: each.word.trimStart() }));
}
