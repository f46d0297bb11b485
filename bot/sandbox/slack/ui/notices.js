// What does the person have to know now? Problems stay until they are dismissed, plain notes go by themselves.
import { el, icon } from "./dom.js";

const KEPT = 4;

/** Shows what Slack would show the person when something failed; the same text is shown once. */
export function problem(text) {
  notice(text, "problem");
}

/** Shows a short note that needs no answer. */
export function note(text) {
  const node = notice(text, "note");
  setTimeout(() => node.remove(), 6000);
}

/** Takes every notice away: they were for the person who acted before. */
export function dropNotices() {
  document.getElementById("notices").replaceChildren();
}

function notice(text, kind) {
  const box = document.getElementById("notices");
  const same = [...box.children].find((node) => node.dataset.text === text);
  if (same) return same;
  const node = el("div", { class: `notice ${kind}`, role: kind === "problem" ? "alert" : "status", testid: kind, dataset: { text } },
    icon(kind === "problem" ? "warning" : "eye"), el("p", {}, text),
    el("button", { type: "button", class: "icon-button", "aria-label": "Dismiss", testid: "notice-dismiss", on: { click: () => node.remove() } }, icon("close")));
  box.append(node);
  while (box.children.length > KEPT) box.firstChild.remove();
  return node;
}
