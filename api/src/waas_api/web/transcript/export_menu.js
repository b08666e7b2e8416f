// Takes the transcript away: as a file in any format, or as text for another program.

import { button, h, icon } from "../elements/elements.js";
import { tell } from "../elements/notices.js";
import { say } from "../texts/texts.js";
import { renderText } from "./subtitle_files.js";

/** What the service can write, and so can the page itself. */
const FORMATS = ["txt", "docx", "srt", "vtt", "json", "tsv", "jojo"];

/** Return a button with its menu; `fetch(format)` returns the address of the file. */
export function exportMenu(fetch) {
  const menu = h("div", { class: "menu card exports", popover: "auto", id: "export-menu" });
  menu.append(
    ...FORMATS.map((format) =>
      h("button", { type: "button", class: "button plain", onclick: () => (menu.hidePopover(), save(format, fetch)) }, h("strong", {}, format.toUpperCase()), h("span", { class: "muted small" }, say(`format_${format}`))),
    ),
  );
  const opener = h("button", { type: "button", class: "button primary", popovertarget: "export-menu" }, icon("download"), say("export"));
  menu.addEventListener("toggle", () => {
    const box = opener.getBoundingClientRect();
    menu.style.top = `${box.bottom + 6}px`;
    menu.style.left = `${Math.max(8, box.right - menu.offsetWidth)}px`;
  });
  return h("span", {}, opener, menu);
}

/** Return a button that copies the text. */
export function copyButton(content) {
  return button(
    say("copy"),
    async () => {
      await navigator.clipboard.writeText(renderText(content.segments)).then(
        () => tell(say("copied")),
        () => tell(say("notCopied")),
      );
    },
    { name: "copy" },
  );
}

async function save(format, fetch) {
  const { address, name } = await fetch(format);
  if (!address) return;
  const link = h("a", { href: address, download: name ?? "" });
  document.body.append(link);
  link.click();
  link.remove();
  if (address.startsWith("blob:")) setTimeout(() => URL.revokeObjectURL(address), 10000);
}
