// The transcript with all that one does with it; where it comes from and goes to, others decide.

import { button, check, h, iconButton } from "../elements/elements.js";
import { Player } from "../player/player.js";
import { showSubtitles } from "../player/subtitles.js";
import { FindBar } from "../segments/find_bar.js";
import { SegmentList } from "../segments/segment_list.js";
import { segmentMenu } from "../segments/segment_menu.js";
import { say } from "../texts/texts.js";
import { copyButton } from "./export_menu.js";
import { listenToKeys, shortcutsOf, showShortcuts } from "./shortcuts.js";
import { askForSpeakers } from "./speakers_dialog.js";

/**
 * Return {element, player, close}. `sound` is {addresses, isVideo}; `status` and `exports` are
 * elements that stand in the tool bar; `notice` stands above the text.
 */
export function buildEditor(content, sound, { status, exports, notice = null }) {
  const player = new Player(sound.addresses, { isVideo: sound.isVideo, duration: content.duration });
  let menu = null;
  const list = new SegmentList(content, player, (...where) => menu.open(...where));
  menu = segmentMenu(content, list, player);
  const find = new FindBar(content, list);
  const shortcuts = shortcutsOf({ player, list, content, find });
  const undo = iconButton("undo", say("undo"), () => content.undo());
  const redo = iconButton("redo", say("redo"), () => content.redo());
  const refresh = () => {
    undo.disabled = !content.canUndo;
    redo.disabled = !content.canRedo;
  };
  content.addEventListener("change", refresh);
  refresh();
  player.addEventListener("time", () => list.showTime(player.hasBegun ? player.time : -1, !player.media.paused));
  player.extras.append(check(say("follow"), true, (value) => (list.follows = value)));
  if (sound.isVideo) showVideo(player, content);
  const tools = h(
    "div",
    { class: "toolbar", role: "toolbar", "aria-label": say("tools") },
    undo,
    redo,
    iconButton("search", say("findAndReplace"), () => find.open()),
    iconButton("people", say("speakers"), () => askForSpeakers(content)),
    iconButton("keyboard", say("shortcuts"), () => showShortcuts(shortcuts)),
    status,
    h("span", { class: "end" }, copyButton(content), exports),
  );
  const stopKeys = listenToKeys(shortcuts, player);
  const element = h(
    "div",
    { class: sound.isVideo ? "editor with-video" : "editor" },
    h("div", { class: "stuck" }, tools, find.element),
    notice,
    sound.isVideo && h("div", { class: "picture" }, player.media),
    list.element,
    menu.element,
    player.element,
  );
  return {
    element,
    player,
    close: () => {
      stopKeys();
      find.close();
      player.close();
    },
  };
}

function showVideo(player, content) {
  const track = showSubtitles(player.media, content, say("subtitles"));
  player.extras.append(check(say("subtitles"), true, (value) => (track.mode = value ? "showing" : "hidden")));
  player.media.addEventListener("click", () => player.toggle());
}

/** Return the sentence and the two ways out of a conflict. */
export function conflictNotice(keepMine, takeTheirs) {
  return h(
    "div",
    { class: "card conflict", role: "alert" },
    h("p", {}, say("conflict")),
    h("div", { class: "choices" }, button(say("keepMine"), keepMine, { kind: "primary" }), button(say("takeTheirs"), takeTheirs)),
  );
}
