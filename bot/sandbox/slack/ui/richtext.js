// How do rich_text and markdown blocks look? Both end in nodes, never in parsed HTML.
import { el } from "./dom.js";
import { emoji, withEmoji } from "./emoji.js";
import { date, link, mention, pre } from "./mrkdwn.js";

/** A rich_text block's elements as nodes; `unknown(element)` stands in for kinds the page does not know. */
export function richText(elements, unknown) {
  return elements.map((element) => {
    switch (element.type) {
      case "rich_text_section":
        return el("div", { class: "rich-section" }, leaves(element.elements, unknown));
      case "rich_text_preformatted":
        return pre(element.elements.map((leaf) => escapeText(leaf.text ?? leaf.url ?? "")).join(""));
      case "rich_text_quote":
        return el("blockquote", { class: "quote" }, leaves(element.elements, unknown));
      case "rich_text_list":
        return el(element.style === "ordered" ? "ol" : "ul", { class: `rich-list indent-${Math.min(element.indent ?? 0, 4)}`, start: element.offset ? element.offset + 1 : undefined },
          element.elements.map((item) => el("li", {}, leaves(item.elements, unknown))));
      default:
        return unknown(element);
    }
  });
}

// `pre` reads Slack's escaped text, rich text holds it raw.
const escapeText = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

function leaves(elements, unknown) {
  return elements.map((leaf) => styled(leaf, leafNodes(leaf, unknown)));
}

function leafNodes(leaf, unknown) {
  switch (leaf.type) {
    case "text": return broken(leaf.text);
    case "link": return link(leaf.url, leaf.text || leaf.url.replace(/^mailto:/, ""));
    case "user": return mention("user", leaf.user_id);
    case "channel": return mention("channel", leaf.channel_id);
    case "usergroup": return mention("usergroup", leaf.usergroup_id);
    case "broadcast": return el("span", { class: "mention broadcast" }, `@${leaf.range}`);
    case "emoji": return emoji(leaf.name, leaf.unicode);
    case "date": return date(leaf.timestamp, leaf.format ?? "{date_short} {time}", leaf.fallback ?? "");
    default: return unknown(leaf);
  }
}

function styled(leaf, nodes) {
  const { bold, italic, strike, code } = leaf.style ?? {};
  let node = nodes;
  if (code) node = el("code", { class: "code" }, node);
  if (strike) node = el("s", {}, node);
  if (italic) node = el("em", {}, node);
  if (bold) node = el("strong", {}, node);
  return node;
}

const broken = (text) => text.split("\n").flatMap((line, index) => (index ? [el("br"), ...withEmoji(line)] : withEmoji(line)));

const MARKS = /`([^`]+)`|\*\*(\S(?:.*?\S)?)\*\*|~~(\S(?:.*?\S)?)~~|\[([^\]]+)\]\(([^()\s]+)\)|(?<![\w*])[*_](\S(?:.*?\S)?)[*_](?![\w*])/;

function span(text) {
  const nodes = [];
  let rest = text;
  for (let match = MARKS.exec(rest); match; match = MARKS.exec(rest)) {
    nodes.push(...withEmoji(rest.slice(0, match.index)));
    const [, code, bold, strike, label, url, italic] = match;
    if (code !== undefined) nodes.push(el("code", { class: "code" }, code));
    else if (bold !== undefined) nodes.push(el("strong", {}, span(bold)));
    else if (strike !== undefined) nodes.push(el("s", {}, span(strike)));
    else if (url !== undefined) nodes.push(link(url, label));
    else nodes.push(el("em", {}, span(italic)));
    rest = rest.slice(match.index + match[0].length);
  }
  return [...nodes, ...withEmoji(rest)];
}

const STARTS = [
  ["heading", /^(#{1,6})\s+(.*)$/],
  ["rule", /^(?:---+|\*\*\*+)$/],
  ["quote", /^>\s?(.*)$/],
  ["ul", /^\s*[-*+]\s+(.*)$/],
  ["ol", /^\s*\d+[.)]\s+(.*)$/],
];

/** The common part of Markdown (headings, lists, quotes, fences, emphasis, links) as nodes. */
export function markdown(text) {
  const nodes = [];
  for (const [index, part] of text.split(/^```[^\n]*$/m).entries()) {
    if (index % 2 === 1) nodes.push(pre(escapeText(part.replace(/^\n|\n$/g, ""))));
    else nodes.push(...groups(part.split("\n")));
  }
  return nodes;
}

function groups(lines) {
  const found = [];
  for (const line of lines) {
    const [kind, match] = STARTS.map(([name, pattern]) => [name, pattern.exec(line)]).find(([, hit]) => hit) ?? [line.trim() ? "text" : "gap", [line, line]];
    const last = found.at(-1);
    if (last?.kind === kind && kind !== "heading" && kind !== "rule") last.lines.push(match[1]);
    else found.push({ kind, lines: [kind === "heading" ? match[2] : match[1] ?? ""] });
  }
  return found.filter(({ kind }) => kind !== "gap").map(markdownGroup);
}

function markdownGroup({ kind, lines }) {
  const joined = lines.flatMap((line, index) => (index ? [el("br"), ...span(line)] : span(line)));
  switch (kind) {
    case "heading": return el("p", { class: "md-heading" }, el("strong", {}, joined));
    case "rule": return el("hr", { class: "divider" });
    case "quote": return el("blockquote", { class: "quote" }, joined);
    case "ul":
    case "ol": return el(kind, { class: "rich-list" }, lines.map((line) => el("li", {}, span(line))));
    default: return el("p", { class: "md-text" }, joined);
  }
}
