// Where the caret is in an element's text, in characters.

/** Return the caret's place, null where it is elsewhere or where something is selected. */
export function readCaret(element) {
  const selection = getSelection();
  if (!selection.isCollapsed || !selection.anchorNode || !element.contains(selection.anchorNode)) return null;
  const range = document.createRange();
  range.selectNodeContents(element);
  range.setEnd(selection.anchorNode, selection.anchorOffset);
  return range.toString().length;
}

/** Put the caret at a place of an element's text, and the focus with it. */
export function setCaret(element, offset) {
  element.focus({ preventScroll: true });
  const range = rangeOf(element, offset, 0);
  range.collapse(true);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
}

/** Return the range of some characters of an element's text. */
export function rangeOf(element, offset, length) {
  const range = document.createRange();
  range.selectNodeContents(element);
  range.collapse(false);
  let before = 0;
  let hasBegun = false;
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const after = before + node.length;
    if (!hasBegun && offset <= after) {
      range.setStart(node, offset - before);
      hasBegun = true;
    }
    if (hasBegun && offset + length <= after) {
      range.setEnd(node, offset + length - before);
      return range;
    }
    before = after;
  }
  return range;
}
