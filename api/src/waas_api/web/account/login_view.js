// Where somebody logs in: the key is traded for a cookie that no script can read.

import { button, check, field, h, icon } from "../elements/elements.js";
import { remember } from "../remembered.js";
import { ask, Problem } from "../service/service.js";
import { say } from "../texts/texts.js";

const REFUSALS = { 401: "keyUnknown", 403: "keyOfOthers" };
const IN_FRONT = "forwarded-user";

/** Return the view; `enter` is called with the session. */
export async function showLogin(enter) {
  const { logins } = await ask("GET", "/v2");
  return logins.every((each) => each === IN_FRONT) ? sendToFront() : askForKey(enter);
}

/** Where a login in front of the service is the only one, no key is of any use. */
function sendToFront() {
  const again = button(say("tryAgain"), () => location.reload(), { name: "retry", kind: "primary" });
  const element = h("div", { class: "empty" }, icon("people"), h("h1", { tabindex: -1 }, say("logInInFront")), again);
  return { title: say("logIn"), element };
}

function askForKey(enter) {
  const key = h("input", { class: "input", type: "password", name: "key", autocomplete: "current-password", required: true, spellcheck: "false" });
  const refusal = h("p", { class: "small", role: "alert" });
  const group = h("input", { class: "input", type: "text", spellcheck: "false", autocomplete: "off" });
  const groupField = field(say("tenant"), group, say("tenantHint"));
  groupField.hidden = true;
  let remembers = true;
  const send = async (event) => {
    event.preventDefault();
    refusal.textContent = "";
    try {
      const headers = { Authorization: `Bearer ${key.value.trim()}`, ...(group.value && { "X-Waas-Namespace": group.value.trim() }) };
      const session = await ask("POST", `/v2/session?remember=${remembers}`, { headers });
      remember("staysLoggedIn", remembers);
      enter(session);
    } catch (error) {
      refusal.textContent = error instanceof Problem ? say(REFUSALS[error.status] ?? "keyRefused") : say("unreachable");
      // A key may be for one group and not for the usual one.
      if (error.status === 403) groupField.hidden = false;
      (error.status === 403 ? group : key).select();
    }
  };
  const form = h(
    "form",
    { class: "card panel options", onsubmit: send },
    // Password managers file a key under a name.
    h("input", { type: "text", name: "username", autocomplete: "username", value: "waas", hidden: true }),
    field(say("key"), key, say("keyHint")),
    groupField,
    check(say("rememberMe"), remembers, (value) => (remembers = value)),
    refusal,
    h("button", { class: "button primary", type: "submit" }, say("logIn")),
  );
  const element = h("div", { class: "narrow" }, h("h1", { tabindex: -1 }, say("logInTitle")), h("p", { class: "lead" }, say("logInLead")), form);
  return { title: say("logIn"), element, shown: () => key.focus() };
}
