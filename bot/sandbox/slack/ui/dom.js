// How is a piece of page made? Every node of the page is built here from values; nothing is ever parsed as HTML,
// so text that people or the bot send can only ever become text.

/** Makes an element: props are attributes, except `class`, `dataset`, `on` (listeners) and `vars` (CSS variables). */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    else if (name === "dataset") for (const [key, item] of Object.entries(value)) { if (item !== undefined) node.dataset[key] = item; }
    else if (name === "vars") for (const [key, item] of Object.entries(value)) node.style.setProperty(key, item);
    else if (name === "testid") node.dataset.testid = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...flat(children));
  return node;
}

function flat(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

/** Replaces what a node holds. */
export function fill(node, ...children) {
  node.replaceChildren(...flat(children));
  return node;
}

/** Draws an icon from the path data below; decorative, hidden from screen readers. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

const ICONS = {
  close: "M5 5l10 10M15 5L5 15",
  more: "M4.5 10h.01M10 10h.01M15.5 10h.01",
  reply: "M3.5 4.5h13v8.5H9l-3.5 3v-3h-2z",
  send: "M3.5 3.5l13.5 6.5-13.5 6.5 2-6.5zM5.5 10H11",
  code: "M7 6l-4 4 4 4M13 6l4 4-4 4",
  menu: "M3.5 5.5h13M3.5 10h13M3.5 14.5h13",
  eye: "M2 10s3-5.5 8-5.5 8 5.5 8 5.5-3 5.5-8 5.5S2 10 2 10zM10 7.6a2.4 2.4 0 100 4.8 2.4 2.4 0 000-4.8z",
  chevron: "M6 8l4 4 4-4",
  file: "M5 2.5h6.5L15.5 6.5v11H5zM11.5 2.5v4h4M7.5 10.5h5.5M7.5 13.5h5.5",
  warning: "M10 3l7.5 13.5h-15zM10 8v4M10 14.3h.01",
  lock: "M5 9h10v7.5H5zM7 9V6.5a3 3 0 016 0V9",
  bot: "M2.5 6h15v10h-15zM2.5 6.5L10 12l7.5-5.5M10 1.5v3M8.5 3h3",
  spark: "M3 10h3.5l2-5 3 10 2-5H17",
};

/** The language a text is written in, as far as fonts care: Chinese when it has Han characters, else undefined. */
export function langOf(text) {
  return /[\u3400-\u9fff]/.test(text) ? "zh-Hans" : undefined;
}

let serial = 0;
/** A page-unique id for label and description links. */
export const uid = (prefix) => `${prefix}-${++serial}`;

/** Builds a node's content again only when `key` differs from last time, so a press in progress is not interrupted. */
export function refill(node, key, build) {
  const now = JSON.stringify(key);
  if (node.drawn === now) return;
  node.drawn = now;
  keepFocus(node, () => fill(node, build()));
}

/**
 * Runs `redraw` and puts the focus back on the element with the same mark (test id and action id). In a list of messages
 * it looks in the same message only, and takes the message itself when the element is gone.
 */
export function keepFocus(container, redraw) {
  const active = document.activeElement;
  const held = container.contains(active) && active !== container ? active : null;
  const { testid, actionId } = held?.dataset ?? {};
  const ts = held?.closest("[data-ts]")?.dataset.ts;
  redraw();
  if (!held || held.isConnected || !testid) return;
  const scope = ts ? container.querySelector(`[data-ts="${CSS.escape(ts)}"]`) : container;
  const twin = [...(scope?.querySelectorAll(`[data-testid="${CSS.escape(testid)}"]`) ?? [])].find((node) => node.dataset.actionId === actionId);
  (twin ?? (ts && scope))?.focus({ preventScroll: true });
}

/** Places a popover in the top layer next to its anchor, above it when there is no room below. */
export function placeNear(popup, anchor) {
  const box = anchor.getBoundingClientRect();
  popup.style.minWidth = `${Math.min(box.width, 420)}px`;
  const below = window.innerHeight - box.bottom - 12;
  const above = box.top - 12;
  const up = below < Math.min(popup.scrollHeight, 280) && above > below;
  popup.style.maxHeight = `${Math.max(120, Math.min(320, up ? above : below))}px`;
  popup.style.left = `${Math.max(8, Math.min(box.left, window.innerWidth - popup.offsetWidth - 8))}px`;
  popup.style.top = up ? "auto" : `${box.bottom + 4}px`;
  popup.style.bottom = up ? `${window.innerHeight - box.top + 4}px` : "auto";
}
