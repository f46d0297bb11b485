// How is a message written? A growing box with slash-command and mention completion; Enter sends, Shift+Enter breaks the line.
import { post } from "./api.js";
import { el, fill, icon, uid } from "./dom.js";
import { colourOf, nameOf, store } from "./store.js";

/**
 * Makes a composer. `place()` = {channel, thread_ts?}; `onSent(ts)` after a message was taken.
 * The result: {node, input, setText(text), refresh()}.
 */
export function composer({ id, testid, place, onSent }) {
  const listId = uid("completions");
  let offers = [];
  let marked = 0;
  const input = el("textarea", { id, rows: 1, class: "composer-input", testid: `${testid}-input`, "aria-autocomplete": "list", "aria-controls": listId, spellcheck: "false" });
  const list = el("ul", { class: "completions", id: listId, role: "listbox", "aria-label": "Suggestions", testid: `${testid}-suggestions`, hidden: true });
  const warning = el("p", { class: "composer-warning", role: "alert", testid: `${testid}-warning`, hidden: true });
  const face = el("span", { class: "composer-as", testid: `${testid}-as` });
  const button = el("button", { type: "button", class: "icon-button send", "aria-label": "Send", title: "Send (Enter)", testid: `${testid}-send`, on: { click: () => send() } }, icon("send"));
  const fence = el("button", { type: "button", class: "icon-button", "aria-label": "Code block", title: "Make the selection a code block", testid: `${testid}-code`, on: { click: () => fenceSelection() } }, icon("code"));
  const node = el("div", { class: "composer", testid }, list, warning, input, el("div", { class: "composer-bar" }, fence, face,
    el("span", { class: "hint inline keys" }, el("kbd", {}, "Enter"), " sends, ", el("kbd", {}, "Shift Enter"), " new line"), button));

  const grow = () => {
    input.style.height = "auto";
    input.style.height = `${Math.min(input.scrollHeight + 2, 260)}px`;
    input.classList.toggle("mono", input.value.includes("```"));
    button.disabled = !input.value.trim();
  };
  const warn = (text) => {
    warning.textContent = text;
    warning.hidden = !text;
  };
  const setText = (text) => {
    input.value = text;
    grow();
    suggest();
    warn("");
  };

  function fenceSelection() {
    const { selectionStart: from, selectionEnd: to, value } = input;
    input.setRangeText(`\`\`\`\n${value.slice(from, to)}\n\`\`\``, from, to, "end");
    if (from === to) input.selectionStart = input.selectionEnd = from + 4;
    input.focus();
    grow();
  }

  function suggest() {
    const before = input.value.slice(0, input.selectionStart);
    const slash = /^\/\S*$/.exec(before);
    const at = /(?:^|\s)@([\p{L}\w.-]*)$/u.exec(before);
    if (slash) {
      offers = store.commands.filter(({ command }) => command.startsWith(before)).map((item) => ({ title: item.command, text: `${item.command} `, detail: item.usage_hint, hint: item.description, from: 0 }));
    } else if (at) {
      const start = before.length - at[1].length - 1;
      const called = [...store.users.values()].map((user) => ({ handle: user.name, detail: user.real_name, hint: user.is_bot ? "app" : user.role }));
      const groups = [...store.usergroups.values()].map((group) => ({ handle: group.handle, detail: group.name, hint: "user group" }));
      offers = [...called, ...groups].filter(({ handle, detail }) => `${handle} ${detail}`.toLowerCase().includes(at[1].toLowerCase()))
        .map(({ handle, detail, hint }) => ({ title: `@${handle}`, text: `@${handle} `, detail, hint, from: start }));
    } else offers = [];
    mark(0);
  }

  function mark(index) {
    marked = offers.length ? (index + offers.length) % offers.length : 0;
    list.hidden = !offers.length;
    fill(list, offers.map((offer, at) => el("li", {
      role: "option", id: `${listId}-${at}`, class: "completion", "aria-selected": String(at === marked), testid: "suggestion",
      on: { mousedown: (event) => { event.preventDefault(); accept(offer); } },
    }, el("strong", {}, offer.title), offer.detail && el("code", {}, offer.detail), offer.hint && el("span", { class: "hint inline" }, offer.hint))));
    if (offers.length) input.setAttribute("aria-activedescendant", `${listId}-${marked}`);
    else input.removeAttribute("aria-activedescendant");
  }

  function accept(offer) {
    input.setRangeText(offer.text, offer.from, input.selectionStart, "end");
    offers = [];
    mark(0);
    grow();
  }

  async function send() {
    const text = input.value;
    if (!text.trim() || input.readOnly) return;
    const where = place();
    const command = /^\/(\S*)/.exec(text)?.[0];
    const declared = store.commands.some((item) => item.command === command);
    if (command && where.thread_ts) return warn(`Slack does not run slash commands in threads. Mention @${store.users.get(store.botId)?.name ?? "postmedic"} here instead.`);
    if (command && !declared) return warn(`${command} is not a valid command. Type / to see those that are.`);
    input.readOnly = true;
    node.setAttribute("aria-busy", "true");
    try {
      const body = { as: store.actor, channel: where.channel, text: command ? text.trim() : text };
      const answer = command ? await post("command", body) : await post("message", { ...body, thread_ts: where.thread_ts });
      setText("");
      onSent(answer.ts);
    } catch (error) {
      warn(`Not sent: ${error.message}`);
    } finally {
      input.readOnly = false;
      node.removeAttribute("aria-busy");
    }
  }

  input.addEventListener("input", () => { grow(); suggest(); warn(""); });
  input.addEventListener("blur", () => { offers = []; mark(0); });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return; // Enter that ends a Chinese input method's word must not send
    if (offers.length && (event.key === "ArrowDown" || event.key === "ArrowUp")) mark(marked + (event.key === "ArrowDown" ? 1 : -1));
    else if (offers.length && (event.key === "Tab" || event.key === "Enter") && input.value.slice(offers[marked].from).trim() !== offers[marked].text.trim()) accept(offers[marked]);
    else if (offers.length && event.key === "Escape") { offers = []; mark(0); event.stopPropagation(); }
    else if (event.key === "Enter" && !event.shiftKey) send();
    else return;
    event.preventDefault();
  });

  const refresh = (placeholder) => {
    input.placeholder = placeholder;
    input.setAttribute("aria-label", placeholder);
    fill(face, "as ", el("strong", { vars: { "--person": colourOf(store.actor) } }, nameOf(store.actor)));
    node.style.setProperty("--person", colourOf(store.actor));
  };
  grow();
  return { node, input, setText, refresh };
}

/** The clickable sample pastes; choosing one calls `choose(sample)`. */
export function sampleCards(choose) {
  if (!store.samples.length) return null;
  const cards = el("div", { class: "sample-cards", role: "list" }, store.samples.map((sample, index) => el("div", { role: "listitem" },
    el("button", { type: "button", class: "sample", testid: `sample-${index}`, title: sample.text, on: { click: () => choose(sample) } },
      el("strong", {}, sample.title), sample.hint && el("span", { class: "hint" }, sample.hint), el("code", {}, preview(sample.text))))));
  return el("details", { class: "samples", testid: "samples", open: true }, el("summary", {}, "Try a sample paste"), cards);
}

// The part worth recognising is the error itself, not the sentence before it.
const preview = (text) => (text.split("```")[1] ?? text).trim().split("\n")[0].slice(0, 120);
