// Who is logged in, what is stored and for how long, and how all of it goes.

import { button, h, select } from "../elements/elements.js";
import { confirm, tell, tellError } from "../elements/notices.js";
import { forgetAll, recall } from "../remembered.js";
import { ask, request } from "../service/service.js";
import { number } from "../texts/formatting.js";
import { say } from "../texts/texts.js";

/** Return the view; `leave` logs out, `enter` takes another session. */
export async function showAccount(session, leave, enter) {
  const [total, namespaces] = await Promise.all([
    ask("GET", "/v2/jobs?limit=1").then((page) => page.total, () => null),
    ask("GET", "/v2/namespaces").then((found) => found.namespaces, () => []),
  ]);
  const element = h(
    "div",
    { class: "narrow" },
    h("h1", { tabindex: -1 }, say("account")),
    h(
      "section",
      { class: "card panel" },
      h("h2", {}, say("whoYouAre")),
      h(
        "dl",
        { class: "facts" },
        h("dt", {}, say("owner")),
        h("dd", {}, session.owner ?? say("nobodyLogsIn")),
        h("dt", {}, say("tenant")),
        h("dd", {}, session.isKept && namespaces.length > 1 ? groups(session, namespaces, enter) : session.namespace),
        total !== null && [h("dt", {}, say("recordings")), h("dd", { class: "numbers" }, number(total))],
      ),
      session.isKept && h("div", { class: "actions" }, button(say("logOut"), () => leave().catch(tellError))),
    ),
    h("section", { class: "card panel" }, h("h2", {}, say("whatIsStored")), say("storedTexts").map((text) => h("p", { class: "muted" }, text))),
    deletion(session),
  );
  return { title: say("account"), element };
}

/** The groups that the login reaches, of which the browser keeps one. */
function groups(session, namespaces, enter) {
  const move = (namespace) => {
    const path = `/v2/session?remember=${recall("staysLoggedIn", false)}`;
    return ask("POST", path, { headers: { "X-Waas-Namespace": namespace } }).then(enter, tellError);
  };
  return select(namespaces.map((each) => [each, each]), session.namespace, move, { "aria-label": say("tenant") });
}

function deletion(session) {
  const forget = button(say("forget"), () => (forgetAll(), tell(say("forgotten"))));
  const erase = button(say("deleteAll"), eraseAll, { kind: "danger" });
  return h(
    "section",
    { class: "card panel" },
    h("h2", {}, say("deleteTitle")),
    h("p", { class: "muted" }, session.owner === null ? say("deleteNobody") : say("deleteLead")),
    h("div", { class: "actions" }, session.owner !== null && erase, forget),
  );
}

async function eraseAll() {
  if (!(await confirm(say("deleteAll"), say("deleteAllQuestion"), say("deleteAll")))) return;
  try {
    // 202 says that some jobs are still ending.
    for (;;) {
      const answer = await request("DELETE", "/v2/jobs?owner=me");
      if (answer.status === 200) break;
    }
    tell(say("allDeleted"));
  } catch (error) {
    tellError(error);
  }
}
