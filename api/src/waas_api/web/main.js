// The page as a whole: who reads it, which view is shown, and what stands around it.

import { button, h, icon, iconButton } from "./elements/elements.js";
import * as live from "./service/live_events.js";
import { Problem, ask } from "./service/service.js";
import { applyTheme, isDark, turnTheme } from "./styles/theme.js";
import { chooseLanguage, language, LANGUAGES, loadTexts, say } from "./texts/texts.js";

const PLACES = [["", "send"], ["jobs", "recordings"], ["open", "openFile"]];
// Nothing of these is asked of the service, so nobody has to log in.
const WITHOUT_LOGIN = ["open"];

const AGAIN_AFTER = 300; // ms

const page = document.getElementById("page");
let session = null;
let isAway = false; // whether nobody could be asked who the reader is
let view = null;

/** Where the address points: the view's name and what follows. */
function place() {
  const [name, ...rest] = location.hash.replace(/^#\/?/, "").split("/");
  return [name, rest.map(decodeURIComponent)];
}

/** Load a module of a view; once more where a connection broke off, under a name that no browser has given up yet. */
function load(path) {
  return import(path).catch(() => new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER)).then(() => import(`${path}?again`)));
}

async function loadView(name, rest) {
  if (isAway && !WITHOUT_LOGIN.includes(name)) return showAbsence();
  if (!session && !WITHOUT_LOGIN.includes(name)) return (await load("./account/login_view.js")).showLogin(enter);
  if (name === "jobs" && rest[0]) return (await load("./transcript/transcript_view.js")).showTranscript(rest[0]);
  if (name === "jobs") return (await load("./jobs/jobs_view.js")).showJobs();
  if (name === "open") return (await load("./transcript/open_view.js")).showOpening();
  if (name === "account") return (await load("./account/account_view.js")).showAccount(session, leave, enter);
  return (await load("./upload/upload_view.js")).showUpload(session);
}

let shows = 0;

/** Show the view that the address names. A view is {title, element, close?, mayLeave?}. */
async function show({ keepFocus = false } = {}) {
  const mine = (shows += 1);
  const [name, rest] = place();
  live.stop();
  view?.close?.();
  view = null;
  const next = await loadView(name, rest).catch((error) => {
    console.error(error);
    return showAbsence(() => location.reload());
  });
  if (mine !== shows) return next.close?.();
  view = next;
  document.title = `${view.title} · waas`;
  const main = h("main", { id: "main", tabindex: -1 }, view.element);
  page.replaceChildren(skipLink(), head(name), main);
  if (!keepFocus) (main.querySelector("h1") ?? main).focus();
  view.shown?.();
}

function skipLink() {
  // A link to a fragment would be taken for another view.
  return button(say("skip"), () => document.getElementById("main").focus(), { kind: "skip" });
}

function head(name) {
  const links = PLACES.map(([each, text]) => h("a", { href: `#/${each}`, "aria-current": each === name && "page" }, say(text)));
  const other = LANGUAGES.find(([code]) => code !== language);
  const theme = isDark() ? ["sun", say("light")] : ["moon", say("dark")];
  return h(
    "header",
    { class: "head" },
    h("a", { class: "brand", href: "#/" }, h("img", { src: new URL("icon.svg", import.meta.url).href, alt: "", width: 28, height: 28 }), "waas"),
    h("nav", { "aria-label": say("sections") }, links),
    h(
      "div",
      { class: "side" },
      h("button", { type: "button", class: "button plain language", lang: other[0] === "no" ? "nb" : other[0], onclick: () => chooseLanguage(other[0]).then(() => show({ keepFocus: true })) }, other[1]),
      iconButton(theme[0], theme[1], () => (turnTheme(), page.querySelector(".head").replaceWith(head(name)))),
      session && h("a", { class: "button plain icon-only", href: "#/account", "aria-label": say("account"), title: say("account"), "aria-current": name === "account" && "page" }, icon("people")),
    ),
  );
}

function enter(who) {
  session = who;
  show();
}

async function leave() {
  await ask("DELETE", "/v2/session");
  session = null;
  location.hash = "#/";
  show();
}

async function findSession() {
  try {
    session = await ask("GET", "/v2/session");
    isAway = false;
  } catch (error) {
    // Who is not known here, or no longer, logs in; of others nobody could be asked.
    isAway = !(error instanceof Problem && [401, 403].includes(error.status));
  }
}

function showAbsence(tryAgain = () => findSession().then(() => show())) {
  const again = button(say("tryAgain"), tryAgain, { name: "retry" });
  return { title: say("noAnswer"), element: h("div", { class: "empty" }, icon("alert"), h("h1", { tabindex: -1 }, say("unreachable")), again) };
}

applyTheme();
await loadTexts();
await findSession();
window.addEventListener("hashchange", () => show());
window.addEventListener("waas-logged-out", () => {
  if (!session) return;
  session = null;
  show();
});
await show({ keepFocus: true });
