// Who gets to answer before the page goes on? Native modal dialogs: the rest of the page is inert, Esc closes, the focus returns.
import { el } from "./dom.js";
import { textObject } from "./mrkdwn.js";

/** Opens a dialog and gives it back; `onDismiss` runs when the person closes it by Esc. */
export function openDialog({ testid, labelledby, props = {}, onDismiss }, ...content) {
  const before = document.activeElement;
  const dialog = el("dialog", { class: "dialog", testid, "aria-labelledby": labelledby, ...props }, ...content);
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    onDismiss();
  });
  dialog.addEventListener("keydown", (event) => wrapTab(event, dialog));
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (before?.isConnected) before.focus({ preventScroll: true });
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

function wrapTab(event, dialog) {
  if (event.key !== "Tab") return;
  const stops = [...dialog.querySelectorAll("button, input, textarea, select, a[href], [tabindex='0']")]
    .filter((node) => !node.disabled && node.tabIndex >= 0 && node.getClientRects().length);
  const edge = event.shiftKey ? stops[0] : stops.at(-1);
  if (document.activeElement !== edge) return;
  event.preventDefault();
  (event.shiftKey ? stops.at(-1) : stops[0]).focus();
}

/** Asks what a Block Kit `confirm` object says; resolves to whether the person agreed. */
export function confirmed(confirm) {
  if (!confirm) return Promise.resolve(true);
  return new Promise((resolve) => {
    const answer = (agreed) => {
      dialog.close();
      resolve(agreed);
    };
    const danger = confirm.style === "danger";
    const text = (object, fallback) => object?.text ?? fallback;
    const yes = el("button", { type: "button", class: danger ? "button danger solid" : "button primary", testid: "confirm-yes", on: { click: () => answer(true) } },
      text(confirm.confirm, "Yes"));
    const no = el("button", { type: "button", class: "button", testid: "confirm-no", on: { click: () => answer(false) } }, text(confirm.deny, "Cancel"));
    const dialog = openDialog({ testid: "confirm-dialog", labelledby: "confirm-title", props: { role: "alertdialog", "aria-describedby": "confirm-text" }, onDismiss: () => answer(false) },
      el("h2", { class: "dialog-title", id: "confirm-title" }, text(confirm.title, "Are you sure?")),
      el("p", { class: "dialog-text", id: "confirm-text" }, confirm.text && textObject(confirm.text)),
      el("div", { class: "dialog-buttons" }, no, yes));
    // The answer that changes nothing is the one a stray Enter should give.
    (danger ? no : yes).focus();
  });
}
