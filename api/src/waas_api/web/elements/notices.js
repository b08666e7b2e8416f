// Messages that pass: what has happened, and for some moments the way back.

import { Unreachable } from "../service/service.js";
import { say } from "../texts/texts.js";
import { button, h, iconButton } from "./elements.js";

const STAYS = 8000;

/** Show a message; with `act` ([label, what to do]), for as long as it can be done. Returns its end. */
export function tell(text, { act = null, after = null, stays = STAYS } = {}) {
  const toast = h("div", { class: "toast" }, h("p", {}, text));
  let timer = null;
  const end = (run) => {
    if (!toast.isConnected) return;
    clearTimeout(timer);
    toast.remove();
    run?.();
  };
  if (act) toast.append(button(act[0], () => end(act[1]), { kind: "act" }));
  toast.append(iconButton("close", say("dismiss"), () => end(after)));
  const wait = () => (timer = setTimeout(() => end(after), stays));
  // Nobody loses a message that they are about to use.
  toast.addEventListener("pointerenter", () => clearTimeout(timer));
  toast.addEventListener("pointerleave", wait);
  toast.addEventListener("focusin", () => clearTimeout(timer));
  toast.addEventListener("focusout", wait);
  document.getElementById("notices").append(toast);
  wait();
  return () => end(after);
}

/** Show what went wrong. */
export function tellError(error) {
  tell(explain(error));
}

/** Return what went wrong, in words for people. */
export function explain(error) {
  if (error instanceof Unreachable) return say("unreachable");
  if (error.status === 401) return say("loggedOut");
  return error.message;
}

/** Ask before something that cannot be undone; true once it is confirmed. */
export function confirm(title, text, act) {
  return new Promise((resolve) => {
    const dialog = h(
      "dialog",
      { "aria-labelledby": "question", onclose: () => (dialog.remove(), resolve(dialog.returnValue === "yes")) },
      h("h2", { id: "question" }, title),
      h("p", { class: "muted" }, text),
      h(
        "div",
        { class: "actions" },
        button(say("cancel"), () => dialog.close("no")),
        button(act, () => dialog.close("yes"), { kind: "danger" }),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
  });
}
