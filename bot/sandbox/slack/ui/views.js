// What do modals and the App Home look like, and what happens when they are filled in?
import { post } from "./api.js";
import { renderBlocks } from "./blocks.js";
import { openDialog } from "./dialog.js";
import { el, fill, keepFocus, uid } from "./dom.js";
import { readState } from "./elements.js";
import { problem } from "./notices.js";
import { store } from "./store.js";

let stack = []; // open views, the last one on top
let dialog = null;

/** Shows a view: a pushed one on top of those already open, any other in their place. */
export function viewOpened(view) {
  stack = view.previous_view_id ? [...stack.filter((open) => open.id !== view.id), view] : [view];
  draw();
}

/** Shows a view's new content, where it is open. */
export function viewUpdated(view) {
  if (!stack.some((open) => open.id === view.id)) return;
  stack = stack.map((open) => (open.id === view.id ? view : open));
  draw();
}

/** Takes a view away, wherever in the stack it is. */
export function viewClosed(viewId) {
  if (!stack.some((open) => open.id === viewId)) return;
  stack = stack.filter((open) => open.id !== viewId);
  draw();
}

/** Takes every view away without telling anybody (another person acts now). */
export function dropViews() {
  stack = [];
  draw();
}

function dismiss() {
  const view = stack.at(-1);
  viewClosed(view.id);
  post("close", { as: store.actor, view_id: view.id }).catch((error) => problem(error.message));
}

function draw() {
  const view = stack.at(-1);
  if (!view) {
    dialog?.close();
    dialog = null;
    return;
  }
  const content = modalContent(view);
  if (dialog) keepFocus(dialog, () => fill(dialog, content));
  else dialog = openDialog({ testid: "modal", labelledby: "modal-title", onDismiss: dismiss }, content);
  dialog.dataset.viewId = view.id;
  if (!dialog.contains(document.activeElement) || document.activeElement === dialog || document.activeElement?.dataset.testid === "modal-x") {
    (dialog.querySelector(".modal-body :is(input, textarea, button):not([disabled])") ?? dialog.querySelector("[data-testid=modal-submit]") ?? dialog.querySelector("button")).focus();
  }
}

function modalContent(view) {
  const body = el("div", { class: "modal-body" });
  const context = { container: { view_id: view.id }, root: () => body, problem };
  fill(body, renderBlocks(view.blocks, context));
  const below = stack.length > 1;
  const form = el("form", { class: "modal-form", novalidate: true, on: { submit: (event) => { event.preventDefault(); submit(view, body, form); } } },
    el("header", { class: "modal-head" },
      el("h2", { class: "dialog-title", id: "modal-title", testid: "modal-title" }, view.title.text),
      below && el("span", { class: "hint inline", testid: "modal-depth" }, `Step ${stack.length}`),
      el("button", { type: "button", class: "icon-button", "aria-label": "Close", testid: "modal-x", on: { click: dismiss } }, "✕")),
    body,
    el("p", { class: "modal-error", role: "alert", testid: "modal-error", hidden: true }),
    el("footer", { class: "dialog-buttons" },
      el("button", { type: "button", class: "button", testid: "modal-close", on: { click: dismiss } }, view.close?.text ?? (below ? "Back" : "Cancel")),
      view.submit && el("button", { type: "submit", class: "button primary", testid: "modal-submit" }, view.submit.text)));
  return form;
}

async function submit(view, body, form) {
  const button = form.querySelector("[data-testid=modal-submit]");
  if (!button || button.getAttribute("aria-busy") === "true") return;
  const state = readState(body);
  const missing = unfilled(view, state);
  showErrors(body, form, missing);
  if (Object.keys(missing).length) return;
  button.setAttribute("aria-busy", "true");
  try {
    const { errors } = await post("submit", { as: store.actor, view_id: view.id, state });
    showErrors(body, form, errors ?? {});
  } catch (error) {
    showErrors(body, form, error.errors ?? {});
    if (!error.errors) problem(error.message);
  } finally {
    button.removeAttribute("aria-busy");
  }
}

// What Slack's own client refuses before the app hears of it.
function unfilled(view, state) {
  const missing = {};
  for (const block of view.blocks.filter(({ type }) => type === "input")) {
    const value = state.values[block.block_id]?.[block.element.action_id] ?? {};
    const given = value.value ?? value.selected_option ?? value.selected_user ?? value.selected_options;
    const empty = given === null || given === undefined || given.length === 0;
    const least = block.element.min_length ?? 0;
    if (empty && !block.optional) missing[block.block_id] = "Please complete this required field.";
    else if (!empty && typeof given === "string" && given.length < least) missing[block.block_id] = `Please enter at least ${least} characters.`;
  }
  return missing;
}

function showErrors(body, form, errors) {
  for (const old of body.querySelectorAll("[data-testid=input-error]")) old.remove();
  for (const field of body.querySelectorAll("[aria-invalid]")) {
    field.removeAttribute("aria-invalid");
    describe(field);
  }
  const left = [];
  for (const [blockId, text] of Object.entries(errors)) {
    const block = body.querySelector(`[data-testid="block-input"][data-block-id="${CSS.escape(blockId)}"]`);
    if (!block) {
      left.push(text);
      continue;
    }
    const note = el("p", { class: "input-error", id: uid("error"), testid: "input-error" }, text);
    block.append(note);
    const field = block.querySelector("[data-action-id]");
    field?.setAttribute("aria-invalid", "true");
    if (field) describe(field, note.id);
  }
  const general = form.querySelector("[data-testid=modal-error]");
  general.hidden = !left.length;
  general.textContent = left.join(" ");
  const first = body.querySelector("[aria-invalid]");
  (first?.matches(".ticks") ? first.querySelector("input") : first)?.focus();
}

// A field is described by its hint and, while there is one, by its error.
function describe(field, errorId) {
  const hint = field.closest("[data-testid=block-input]").querySelector(":scope > .hint")?.id;
  const ids = [hint, errorId].filter(Boolean).join(" ");
  if (ids) field.setAttribute("aria-describedby", ids);
  else field.removeAttribute("aria-describedby");
}

/** The bot's App Home for the acting person. */
export function renderHome(view) {
  if (!view) return el("div", { class: "empty", testid: "home-empty" }, el("p", {}, "The bot has not published a Home tab for this person."));
  const node = el("div", { class: "home-view", testid: "home-view", dataset: { viewId: view.id } });
  fill(node, renderBlocks(view.blocks, { container: { view_id: view.id }, root: () => node, problem }));
  return node;
}
