// How does one message look, and how does a list of them stay up to date without losing what somebody is doing in it?
import { get } from "./api.js";
import { renderBlocks, unknown } from "./blocks.js";
import { el, icon, keepFocus, langOf } from "./dom.js";
import { emoji } from "./emoji.js";
import { mrkdwn, nearDay } from "./mrkdwn.js";
import { problem } from "./notices.js";
import { menuButton } from "./popup.js";
import { colourOf, initialsOf, nameOf, store } from "./store.js";

const TOGETHER = 300; // seconds within which one author's messages share a heading

/** A person's or the bot's picture. */
export function avatar(userId, size = "") {
  const bot = userId === store.botId;
  return el("span", { class: `avatar ${size} ${bot ? "bot" : ""}`, "aria-hidden": "true", vars: bot ? {} : { "--person": colourOf(userId) } },
    bot ? icon("bot") : initialsOf(userId));
}

const authorOf = (message) => (message.bot_id ? store.botId : message.user);
const clock = (ts) => new Date(Number(ts) * 1000).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });

/**
 * Brings a list node in line with messages: an unchanged message keeps its node, so a half-filled select stays as it is.
 * `actions` = {openThread(ts), shortcut(shortcut, message)}; `place` = {channel, thread}.
 */
export function syncMessages(list, messages, place, actions) {
  const known = new Map([...list.children].filter((node) => node.message).map((node) => [node.dataset.ts, node]));
  const wanted = [];
  let before = null;
  for (const message of messages) {
    const day = new Date(Number(message.ts) * 1000).toDateString();
    const newDay = !before || new Date(Number(before.ts) * 1000).toDateString() !== day;
    if (newDay && !place.thread) wanted.push(list.querySelector(`[data-day="${day}"]`) ?? daySeparator(message.ts, day));
    const joined = !newDay && follows(before, message) && !(place.thread && before.ts === place.thread);
    const old = known.get(message.ts);
    wanted.push(old && old.message === message && old.joined === joined ? old : messageNode(message, place, actions, joined));
    if (place.thread === message.ts) wanted.push(replyCount(messages.length - 1));
    before = message;
  }
  keepFocus(list, () => {
    for (const node of [...list.children]) if (!wanted.includes(node)) node.remove();
    for (const [index, node] of wanted.entries()) if (list.children[index] !== node) list.insertBefore(node, list.children[index] ?? null);
  });
}

function follows(before, message) {
  return authorOf(before) === authorOf(message) && Boolean(before.ephemeral) === Boolean(message.ephemeral)
    && !before.reply_count && !message.blocks?.some(({ type }) => type === "header") && Number(message.ts) - Number(before.ts) < TOGETHER;
}

function daySeparator(ts, day) {
  const when = new Date(Number(ts) * 1000);
  const text = nearDay(when) || when.toLocaleDateString("en-GB", { weekday: "long", day: "numeric", month: "long" });
  return el("div", { class: "day", dataset: { day }, role: "separator", "aria-label": text }, el("span", {}, text));
}

const replyCount = (count) => el("div", { class: "reply-count", testid: "thread-count" }, el("span", {}, `${count} ${count === 1 ? "reply" : "replies"}`));

function messageNode(message, place, actions, joined) {
  const author = authorOf(message);
  const name = nameOf(author);
  const isBot = author === store.botId;
  const body = el("div", { class: "message-content" });
  const context = { container: { channel: place.channel, message_ts: message.ts }, root: () => body, problem };
  body.append(...content(message, context), ...[edited(message)].filter(Boolean));
  const node = el("article", {
    class: `message ${joined ? "joined" : ""} ${message.ephemeral ? "ephemeral" : ""}`, testid: "message", tabindex: -1,
    "aria-label": `${name}, ${clock(message.ts)}`, dataset: { ts: message.ts, user: author, ephemeral: message.ephemeral ? "true" : undefined },
  },
  el("div", { class: "gutter" }, joined ? el("span", { class: "side-time" }, clock(message.ts)) : avatar(author)),
  el("div", { class: "message-main" },
    message.ephemeral && el("p", { class: "only-you", testid: "ephemeral-note" }, icon("eye"), `Only visible to ${nameOf(store.actor)}`),
    !joined && el("header", { class: "message-head" }, el("strong", { class: "author" }, name), isBot && el("span", { class: "app-tag" }, "APP"),
      el("time", { title: new Date(Number(message.ts) * 1000).toLocaleString("en-GB") }, clock(message.ts))),
    body,
    (message.files ?? []).map(file),
    reactions(message),
    !place.thread && message.reply_count > 0 && threadLink(message, actions)),
  toolbar(message, place, actions));
  node.message = message;
  node.joined = joined;
  return node;
}

function content(message, context) {
  const parts = message.blocks?.length ? renderBlocks(message.blocks, context) : text(message.text);
  for (const attachment of message.attachments ?? []) {
    parts.push(el("div", { class: "attachment", vars: /^#?[0-9a-f]{6}$/i.test(attachment.color ?? "") ? { "--bar": `#${attachment.color.replace("#", "")}` } : {} },
      attachment.blocks ? renderBlocks(attachment.blocks, context) : text(attachment.text ?? attachment.fallback)));
  }
  return parts;
}

function text(value) {
  return value ? [el("div", { class: "text", testid: "message-text", lang: langOf(value) }, mrkdwn(value))] : [];
}

function edited(message) {
  return message.edited && el("span", { class: "edited", testid: "edited", title: `Edited ${clock(message.edited.ts)}` }, "(edited)");
}

function reactions(message) {
  if (!message.reactions?.length) return null;
  return el("div", { class: "reactions" }, message.reactions.map(({ name, users, count }) => el("span", {
    class: `reaction ${users?.includes(store.actor) ? "mine" : ""}`, testid: "reaction", title: `${(users ?? []).map(nameOf).join(", ")} reacted with :${name}:`,
  }, emoji(name), " ", String(count ?? users.length))));
}

function file(item) {
  const shown = item.content ?? item.preview ?? "";
  const code = el("code", {}, shown);
  const block = el("pre", { class: "pre snippet", tabindex: 0, role: "group", "aria-label": `Content of ${item.name}`, testid: "file-content" }, code);
  const toggle = el("button", { type: "button", class: "link-button", "aria-expanded": "false", testid: "file-toggle", on: { click: async () => {
    const open = block.classList.toggle("open");
    toggle.setAttribute("aria-expanded", String(open));
    toggle.textContent = open ? "Collapse" : "Show all";
    if (open && item.content === undefined) {
      const answer = await get("file", { as: store.actor, id: item.id }).catch((error) => problem(error.message));
      if (answer) code.textContent = answer.content;
    }
  } } }, "Show all");
  const size = item.size ? `${item.size < 1024 ? `${item.size} bytes` : `${(item.size / 1024).toFixed(1)} KB`}` : "";
  return el("div", { class: "file", testid: "file", dataset: { fileId: item.id } },
    el("div", { class: "file-head" }, icon("file"), el("strong", {}, item.title || item.name || "file"), el("span", { class: "hint inline" }, [item.pretty_type || item.filetype, size].filter(Boolean).join(" · ")), toggle),
    shown ? block : unknown({ type: `file ${item.mode ?? ""}` }));
}

function threadLink(message, actions) {
  const faces = (message.reply_users ?? []).slice(0, 4).map((user) => avatar(user, "small"));
  return el("button", { type: "button", class: "thread-link", testid: "open-thread", on: { click: () => actions.openThread(message.ts) } },
    faces, el("strong", {}, `${message.reply_count} ${message.reply_count === 1 ? "reply" : "replies"}`),
    el("span", { class: "hint inline" }, message.latest_reply ? `last at ${clock(message.latest_reply)}` : ""));
}

function toolbar(message, place, actions) {
  const shortcuts = store.shortcuts.filter(({ type }) => type === "message");
  const root = message.thread_ts ?? message.ts;
  return el("div", { class: "toolbar", role: "group", "aria-label": "Message actions" },
    !place.thread && !message.ephemeral && el("button", { type: "button", class: "icon-button", "aria-label": "Reply in thread", title: "Reply in thread", testid: "reply",
      on: { click: () => actions.openThread(root) } }, icon("reply")),
    menuButton({ props: { class: "icon-button", testid: "message-menu" }, content: icon("more"), label: "More actions", items: () => [
      ...(message.ephemeral ? [] : shortcuts.map((shortcut) => ({ label: shortcut.name, testid: `shortcut-${shortcut.callback_id}`, choose: () => actions.shortcut(shortcut, message) }))),
      { label: "Copy text", testid: "copy-text", choose: () => navigator.clipboard.writeText(message.text ?? "").catch(() => problem("The browser did not allow copying.")) },
    ] }));
}
