// Styles that only some views need are loaded with them.

const loaded = new Map();

/** Load a style sheet once; resolves when it holds, so that nothing jumps. */
export function loadStyle(name) {
  if (!loaded.has(name)) {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = new URL(`${name}.css`, import.meta.url).href;
    loaded.set(name, new Promise((resolve) => (link.onload = link.onerror = resolve)));
    document.head.append(link);
  }
  return loaded.get(name);
}
