// Where somebody logs in: the key is traded for a cookie that no script can read.

import { check, field, h } from "../elements/elements.js";
import { ask, Problem } from "../service/service.js";
import { say } from "../texts/texts.js";

/** Return the view; `enter` is called with the session. */
export function showLogin(enter) {
  const key = h("input", { class: "input", type: "password", name: "key", autocomplete: "current-password", required: true, spellcheck: "false" });
  const refusal = h("p", { class: "small", role: "alert" });
  let remembers = true;
  const send = async (event) => {
    event.preventDefault();
    refusal.textContent = "";
    try {
      const headers = { Authorization: `Bearer ${key.value.trim()}` };
      enter(await ask("POST", `/v2/session?remember=${remembers}`, { headers }));
    } catch (error) {
      refusal.textContent = error instanceof Problem ? say(error.status === 401 ? "keyUnknown" : "keyRefused") : say("unreachable");
      key.select();
    }
  };
  const form = h(
    "form",
    { class: "card panel options", onsubmit: send },
    // Password managers file a key under a name.
    h("input", { type: "text", name: "username", autocomplete: "username", value: "waas", hidden: true }),
    field(say("key"), key, say("keyHint")),
    check(say("rememberMe"), remembers, (value) => (remembers = value)),
    refusal,
    h("button", { class: "button primary", type: "submit" }, say("logIn")),
  );
  const element = h("div", { class: "narrow" }, h("h1", { tabindex: -1 }, say("logInTitle")), h("p", { class: "lead" }, say("logInLead")), form);
  return { title: say("logIn"), element, shown: () => key.focus() };
}
