// What opens next to something? A menu of commands, and a select one can search; both for mouse and keyboard.
import { el, fill, placeNear, uid } from "./dom.js";

// A popup stays at its anchor while the page scrolls under it.
function stayNear(popup, anchor) {
  const follow = (event) => {
    if (popup.matches(":popover-open")) { if (!popup.contains(event.target)) placeNear(popup, anchor); } else document.removeEventListener("scroll", follow, true);
  };
  popup.showPopover();
  placeNear(popup, anchor);
  document.addEventListener("scroll", follow, true);
}

/** A button that opens a menu. `items` = [{label, testid, choose}], asked for when it opens. */
export function menuButton({ props, content, label, items }) {
  const list = el("ul", { class: "popup menu", role: "menu", popover: "manual", "aria-label": label, testid: "menu" });
  const button = el("button", { type: "button", "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": label, title: label, ...props }, content);
  const close = (refocus) => {
    if (!list.matches(":popover-open")) return;
    list.hidePopover();
    button.setAttribute("aria-expanded", "false");
    if (refocus) button.focus();
  };
  const open = () => {
    fill(list, items().map((item) => el("li", { role: "none" }, el("button", {
      type: "button", role: "menuitem", tabindex: -1, class: "menu-item", testid: item.testid, dataset: item.dataset,
      on: { click: () => { close(true); item.choose(); } },
    }, item.label))));
    stayNear(list, button);
    button.setAttribute("aria-expanded", "true");
    list.querySelector("button")?.focus();
  };
  button.addEventListener("click", () => (list.matches(":popover-open") ? close(true) : open()));
  list.addEventListener("keydown", (event) => {
    const entries = [...list.querySelectorAll("button")];
    const at = entries.indexOf(document.activeElement);
    const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 };
    if (event.key in moves) entries.at(moves[event.key] % entries.length).focus();
    else if (event.key === "Escape" || event.key === "Tab") close(true);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  list.addEventListener("focusout", (event) => { if (!list.contains(event.relatedTarget) && event.relatedTarget !== button) close(false); });
  return el("span", { class: "menu-anchor" }, button, list);
}

/**
 * A select with search. `load(query)` resolves to [{label, options: [{text, hint, value}]}] or to a string that says why
 * there is nothing; `initial` is an option; `onPick(option)` is called at a choice. `.choice()` on the result reads it.
 */
export function combobox({ label, placeholder, load, initial, onPick, wait = 0, testid = "select", dataset = {} }) {
  const listId = uid("options");
  let chosen = initial ?? null;
  let shown = [];
  let marked = -1;
  let asked = 0;
  let timer;
  const input = el("input", {
    class: "combo-input", type: "text", role: "combobox", "aria-expanded": "false", "aria-controls": listId, "aria-autocomplete": "list", "aria-label": label,
    autocomplete: "off", spellcheck: "false", placeholder, testid, dataset,
  });
  input.value = chosen?.text ?? "";
  const list = el("ul", { class: "popup listbox", role: "listbox", id: listId, popover: "manual", "aria-label": label, testid: "options" });
  const isOpen = () => list.matches(":popover-open");

  const mark = (index) => {
    marked = shown.length ? (index + shown.length) % shown.length : -1;
    for (const [at, { node }] of shown.entries()) node.setAttribute("aria-selected", String(at === marked));
    const node = shown[marked]?.node;
    if (node) {
      input.setAttribute("aria-activedescendant", node.id);
      node.scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  };
  const say = (text) => {
    shown = [];
    fill(list, el("li", { class: "listbox-note", role: "presentation", testid: "options-note" }, text));
    mark(-1);
  };
  const show = async (query) => {
    const turn = ++asked;
    if (wait) say("Loading…");
    const found = await Promise.resolve(load(query)).catch((error) => error.message);
    if (turn !== asked || !isOpen()) return;
    if (typeof found === "string") return say(found);
    shown = [];
    fill(list, found.map((group) => [
      group.label && el("li", { class: "listbox-group", role: "presentation" }, group.label),
      group.options.map((option) => {
        const node = el("li", { role: "option", id: uid("option"), class: "listbox-option", testid: "option", dataset: { value: option.value },
          on: { mousedown: (event) => { event.preventDefault(); pick(option); } } },
        el("span", {}, option.text), option.hint && el("span", { class: "hint" }, option.hint));
        shown.push({ node, option });
        return node;
      }),
    ]));
    if (!shown.length) return say("No matches");
    mark(Math.max(0, shown.findIndex(({ option }) => option.value === chosen?.value)));
    placeNear(list, input);
  };
  const open = (query = "") => {
    if (!isOpen()) stayNear(list, input);
    input.setAttribute("aria-expanded", "true");
    clearTimeout(timer);
    timer = setTimeout(() => show(query), query ? wait : 0);
  };
  const close = () => {
    clearTimeout(timer);
    asked++;
    if (isOpen()) list.hidePopover();
    list.replaceChildren();
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    input.value = chosen?.text ?? "";
  };
  const pick = (option) => {
    chosen = option;
    close();
    onPick?.(option);
  };
  input.addEventListener("click", () => { input.select(); open(); });
  input.addEventListener("input", () => open(input.value));
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (isOpen()) mark(marked + (event.key === "ArrowDown" ? 1 : -1));
      else open();
    } else if (event.key === "Enter" && isOpen() && shown[marked]) pick(shown[marked].option);
    else if (event.key === "Enter" && !isOpen()) open();
    else if (event.key === "Escape" && isOpen()) close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  const node = el("span", { class: "combo" }, input, list);
  return { node, input, choice: () => chosen };
}
