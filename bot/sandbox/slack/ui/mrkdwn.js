// How does Slack's mrkdwn look? Parsed by hand into nodes; anything not understood stays the text it was.
import { el } from "./dom.js";
import { withEmoji } from "./emoji.js";
import { nameOf, store } from "./store.js";

/** Undoes the three entities of Slack's text, and only these. */
export const decode = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

/** mrkdwn text as an array of nodes. */
export function mrkdwn(text) {
  const nodes = [];
  for (const [index, part] of text.split("```").entries()) {
    if (index % 2 === 1) nodes.push(pre(part.replace(/^\n|\n$/g, "")));
    else if (part.replace(/^\n|\n$/g, "")) nodes.push(...paragraphs(index ? part.replace(/^\n/, "") : part));
  }
  return nodes;
}

/** A Block Kit text object as nodes: mrkdwn is formatted, plain text only has its emoji. */
export function textObject(object) {
  if (object.type === "mrkdwn") return mrkdwn(object.text);
  return object.emoji === false ? [object.text] : withEmoji(object.text);
}

/** A preformatted block; scrolls by keyboard when it is long. */
export function pre(text) {
  const plain = decode(text.replace(/<((?:https?:|mailto:)[^|>]*)\|?([^>]*)>/g, (_, url, label) => label || url));
  const long = plain.split("\n").length > 16;
  return el("pre", { class: "pre", testid: "preformatted", tabindex: long ? 0 : undefined, role: long ? "group" : undefined, "aria-label": long ? "Preformatted text" : undefined },
    el("code", {}, plain));
}

function paragraphs(text) {
  const nodes = [];
  let quote = [];
  const flush = () => {
    if (quote.length) nodes.push(el("blockquote", { class: "quote" }, lines(quote)));
    quote = [];
  };
  let open = [];
  const close = () => {
    if (open.length) nodes.push(...lines(open));
    open = [];
  };
  for (const line of text.split("\n")) {
    const quoted = /^(?:&gt;|>)\s?(.*)$/.exec(line);
    if (quoted) {
      close();
      quote.push(quoted[1]);
    } else {
      flush();
      open.push(line);
    }
  }
  flush();
  close();
  return nodes;
}

const lines = (texts) => texts.flatMap((text, index) => (index ? [el("br"), ...inline(text)] : inline(text)));

const STYLES = { "*": "strong", _: "em", "~": "s" };
const TOKEN = /`([^`]+)`|<([^<>\s][^<>]*)>|(?<![\p{L}\p{N}*_~])([*_~])(?=\S)((?:(?!\3).)*?\S)\3(?![\p{L}\p{N}])/u;

/** One line of mrkdwn as nodes. */
export function inline(text) {
  const nodes = [];
  let rest = text;
  for (let match = TOKEN.exec(rest); match; match = TOKEN.exec(rest)) {
    nodes.push(...withEmoji(decode(rest.slice(0, match.index))));
    if (match[1] !== undefined) nodes.push(el("code", { class: "code" }, decode(match[1])));
    else if (match[2] !== undefined) nodes.push(angle(match[2]));
    else nodes.push(el(STYLES[match[3]], {}, inline(match[4])));
    rest = rest.slice(match.index + match[0].length);
  }
  nodes.push(...withEmoji(decode(rest)));
  return nodes;
}

function angle(body) {
  const [target, label] = split(body);
  if (target.startsWith("@")) return mention("user", target.slice(1), label);
  if (target.startsWith("#")) return mention("channel", target.slice(1), label);
  if (target.startsWith("!subteam^")) return mention("usergroup", target.slice(9), label);
  if (target.startsWith("!date^")) {
    const [, seconds, format] = target.split("^");
    return date(Number(seconds), format ?? "", label ?? "");
  }
  if (target.startsWith("!")) return el("span", { class: "mention broadcast" }, `@${target.slice(1)}`);
  return link(decode(target), decode(label ?? target.replace(/^mailto:/, "")));
}

function split(body) {
  const at = body.indexOf("|");
  return at < 0 ? [body, undefined] : [body.slice(0, at), body.slice(at + 1)];
}

/** A link, only for web and mail addresses; any other target stays text. */
export function link(url, label) {
  if (!/^(https?:\/\/|mailto:)/i.test(url)) return `<${url}${label === url ? "" : `|${label}`}>`;
  return el("a", { href: url, target: "_blank", rel: "noreferrer noopener" }, label);
}

/** A mention of a user, channel or user group by id. */
export function mention(kind, id, label) {
  const self = kind === "user" && id === store.actor;
  const names = {
    user: () => `@${store.users.has(id) ? nameOf(id) : label || id}`,
    channel: () => `#${store.channels.get(id)?.name ?? label ?? id}`,
    usergroup: () => `@${(store.usergroups.get(id)?.handle ?? label ?? id).replace(/^@/, "")}`,
  };
  return el("span", { class: self ? "mention self" : "mention", testid: "mention", dataset: { id } }, names[kind]());
}

const DATES = {
  date_num: { year: "numeric", month: "2-digit", day: "2-digit" },
  date: { year: "numeric", month: "long", day: "numeric" },
  date_short: { year: "numeric", month: "short", day: "numeric" },
  date_long: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
  time: { hour: "2-digit", minute: "2-digit" },
  time_secs: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
};

/** Slack's date token in the viewer's own time zone; the fallback when it cannot be read. */
export function date(seconds, format, fallback) {
  const when = new Date(seconds * 1000);
  if (!Number.isFinite(when.getTime())) return decode(fallback);
  const text = decode(format).replace(/\{(\w+)\}/g, (whole, name) => {
    if (name === "ago") return ago(when);
    const pretty = name.endsWith("_pretty");
    const shape = DATES[name.replace(/_pretty$/, "")];
    if (!shape) return whole;
    return (pretty && nearDay(when)) || new Intl.DateTimeFormat("en-GB", shape).format(when);
  });
  return el("time", { datetime: when.toISOString(), title: when.toLocaleString("en-GB") }, text);
}

/** "Today" or "Yesterday" when the day is one of them, else "". */
export function nearDay(when) {
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(when).setHours(0, 0, 0, 0)) / 86400000);
  return { 0: "Today", 1: "Yesterday" }[days] ?? "";
}

function ago(when) {
  const minutes = Math.round((Date.now() - when.getTime()) / 60000);
  if (minutes < 1) return "just now";
  return minutes < 60 ? `${minutes} min ago` : `${Math.round(minutes / 60)} h ago`;
}
