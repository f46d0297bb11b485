// How does the page show emoji? The handful operations messages use: signs of state are drawn, so they look the same on a
// machine without an emoji font; a few more are characters; any other stays `:name:` as typed.
import { el } from "./dom.js";

const GLYPHS = {
  white_check_mark: "✅", x: "❌", warning: "⚠️", hourglass_flowing_sand: "⏳", hourglass: "⌛", mag: "🔍", question: "❓",
  grey_question: "❔", information_source: "ℹ️", large_green_circle: "🟢", large_yellow_circle: "🟡", large_orange_circle: "🟠",
  red_circle: "🔴", large_blue_circle: "🔵", white_circle: "⚪", no_entry: "⛔", no_entry_sign: "🚫", lock: "🔒", wrench: "🔧",
  rotating_light: "🚨", eyes: "👀", "+1": "👍", thumbsup: "👍", "-1": "👎", thumbsdown: "👎", raised_hand: "✋", wave: "👋",
  tada: "🎉", stethoscope: "🩺", email: "📧", envelope: "✉️", memo: "📝", key: "🔑", bulb: "💡", fire: "🔥", rocket: "🚀",
  heavy_check_mark: "✔️", arrow_right: "➡️", arrows_counterclockwise: "🔄", stopwatch: "⏱️", computer: "💻", scroll: "📜",
  speech_balloon: "💬", hammer_and_wrench: "🛠️", gear: "⚙️", page_facing_up: "📄", pushpin: "📌", zap: "⚡", shield: "🛡️",
};

// [tone, filled ground shape, stroke path on a 20×20 grid]
const DISC = "M10 1.5a8.5 8.5 0 100 17 8.5 8.5 0 000-17z";
const SQUARE = "M5 2h10a3 3 0 013 3v10a3 3 0 01-3 3H5a3 3 0 01-3-3V5a3 3 0 013-3z";
const DRAWN = {
  white_check_mark: ["good", SQUARE, "M5.5 10.5l3 3 6-7"],
  heavy_check_mark: ["good", DISC, "M5.5 10.5l3 3 6-7"],
  x: ["bad", SQUARE, "M6.5 6.5l7 7M13.5 6.5l-7 7"],
  warning: ["warn", "M10 1.8l8.7 15.7H1.3z", "M10 7.5v4.5M10 14.7h.01"],
  hourglass_flowing_sand: ["calm", DISC, "M10 5v5l3.5 2"],
  hourglass: ["calm", DISC, "M10 5v5l3.5 2"],
  mag: ["info", DISC, "M9 5.5a3.5 3.5 0 100 7 3.5 3.5 0 000-7zM11.7 11.7l3 3"],
  question: ["info", DISC, "M7.5 7.8a2.5 2.5 0 114 2c-1 .6-1.5 1-1.5 2M10 14.7h.01"],
  grey_question: ["calm", DISC, "M7.5 7.8a2.5 2.5 0 114 2c-1 .6-1.5 1-1.5 2M10 14.7h.01"],
  information_source: ["info", SQUARE, "M10 9v5.5M10 5.7h.01"],
  large_green_circle: ["good", DISC, ""],
  large_yellow_circle: ["sun", DISC, ""],
  large_orange_circle: ["warn", DISC, ""],
  red_circle: ["bad", DISC, ""],
  large_blue_circle: ["info", DISC, ""],
  white_circle: ["calm", DISC, ""],
  no_entry: ["bad", DISC, "M5.5 10h9"],
  no_entry_sign: ["bad", DISC, "M5 5l10 10"],
  rotating_light: ["bad", "M4 17h12v-2h-1V10a5 5 0 00-10 0v5H4z", "M10 1v2M3 4l1.5 1.5M17 4l-1.5 1.5"],
  lock: ["sun", "M4 9h12v9H4z", "M6.5 9V6.5a3.5 3.5 0 017 0V9"],
  wrench: ["calm", DISC, "M6 14l4.5-4.5M13.5 5.5l-2 2 1 1 2-2a3 3 0 01-4 3.5"],
  eyes: ["calm", DISC, "M6 10a1.5 2 0 103 0 1.5 2 0 00-3 0M11 10a1.5 2 0 103 0 1.5 2 0 00-3 0"],
};
const NAME_OF = new Map(Object.entries(GLYPHS).reverse().map(([name, glyph]) => [glyph.replace("\ufe0f", ""), name]));
const CHARACTERS = [...NAME_OF.keys()].filter((character) => DRAWN[NAME_OF.get(character)]);
const TOKEN = new RegExp(`:([a-z0-9_+-]{1,40}):|(${CHARACTERS.join("|")})\ufe0f?`, "gu");

/** The node of one emoji by its name without colons and, if known, its code points; otherwise `:name:`. */
export function emoji(name, unicode = "") {
  if (Object.hasOwn(DRAWN, name)) return drawn(name);
  const points = unicode.split("-").map((point) => Number.parseInt(point, 16)).filter((point) => point > 0 && point < 0x110000);
  const glyph = Object.hasOwn(GLYPHS, name) ? GLYPHS[name] : String.fromCodePoint(...points);
  if (glyph && hasFont()) return el("span", { class: "emoji", role: "img", "aria-label": name.replaceAll("_", " "), title: `:${name}:` }, glyph);
  return `:${name}:`;
}

let fontFound;
// A machine without an emoji font draws every emoji as the same empty box; then the name says more.
function hasFont() {
  if (fontFound === undefined) {
    const pen = document.createElement("canvas").getContext("2d");
    fontFound = pen.measureText("🎉").width !== pen.measureText("\u{1fffd}").width;
  }
  return fontFound;
}

function drawn(name) {
  const [tone, ground, stroke] = DRAWN[name];
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  for (const [kind, d] of [["ground", ground], ["stroke", stroke]]) {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("class", kind);
    path.setAttribute("d", d);
    svg.append(path);
  }
  return el("span", { class: `sign sign-${tone}`, role: "img", "aria-label": name.replaceAll("_", " "), title: `:${name}:` }, svg);
}

/** Text as nodes, with known `:names:` and state characters shown as emoji. */
export function withEmoji(text) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    const name = match[1] ?? NAME_OF.get(match[2]);
    nodes.push(text.slice(end, match.index), emoji(name));
    end = match.index + match[0].length;
  }
  nodes.push(text.slice(end));
  return nodes;
}
