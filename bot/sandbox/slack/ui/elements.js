// What can a person press, choose or type in a block? Each element knows how to read its value and what to send.
import { post } from "./api.js";
import { confirmed } from "./dialog.js";
import { el, uid } from "./dom.js";
import { textObject } from "./mrkdwn.js";
import { combobox, menuButton } from "./popup.js";
import { people, store } from "./store.js";

/*
 * A context says where an element stands:
 *   container  {channel, message_ts} or {view_id}: sent with every action
 *   root()     the node whose elements make up `state`
 *   problem(text)  shows the person what went wrong
 *   unknown(thing) the node for kinds the page does not know
 */

const readers = new WeakMap();

/** The values of every element under a node, as Slack's `state`: {values: {block_id: {action_id: {...}}}}. */
export function readState(root) {
  const values = {};
  for (const node of root.querySelectorAll("[data-reads]")) {
    const { blockId, actionId } = node.dataset;
    (values[blockId] ??= {})[actionId] = readers.get(node)();
  }
  return { values };
}

async function send(context, node, blockId, action, confirm) {
  if (node.getAttribute("aria-busy") === "true" || !(await confirmed(confirm))) return;
  node.setAttribute("aria-busy", "true");
  try {
    await post("action", { as: store.actor, container: context.container, block_id: blockId, action, state: readState(context.root()) });
  } catch (error) {
    context.problem(error.message);
  } finally {
    node.removeAttribute("aria-busy");
  }
}

/** One element as a node. `input` is the input block around it, when there is one. */
export function renderElement(element, blockId, context, input) {
  const draw = Object.hasOwn(ELEMENTS, element.type) ? ELEMENTS[element.type] : undefined;
  if (!draw) return context.unknown(element);
  const silent = input && !input.dispatch_action;
  const emit = (node, value) => {
    if (!silent) send(context, node, blockId, { type: element.type, action_id: element.action_id, ...value }, element.confirm);
  };
  const marks = { testid: `el-${element.type}`, dataset: { actionId: element.action_id, blockId } };
  const label = input?.label?.text ?? element.accessibility_label ?? element.placeholder?.text ?? element.action_id ?? "";
  return draw({ element, blockId, context, emit, marks, label, input });
}

function readable(node, read) {
  node.dataset.reads = "yes";
  readers.set(node, read);
  return node;
}

function button({ element, emit, marks, label }) {
  const node = el("button", {
    type: "button", class: `button ${element.style ?? ""}`, "aria-label": element.accessibility_label ? label : undefined, ...marks,
    on: { click: () => {
      if (element.url && /^https?:\/\//i.test(element.url)) window.open(element.url, "_blank", "noopener,noreferrer");
      emit(node, { value: element.value, text: element.text });
    } },
  }, textObject(element.text));
  return node;
}

const plain = (option) => ({ text: option.text.text, hint: option.description?.text, value: option.value, source: option });
const groupsOf = (element) => (element.option_groups ?? [{ options: element.options ?? [] }])
  .map((group) => ({ label: group.label?.text, options: group.options.map(plain) }));

function chooser({ element, emit, marks, label }, load, initial, wait = 0) {
  const choice = (option) => (option ? { selected_option: option.source } : { selected_option: null });
  return choiceNode({ element, emit, marks, label }, { load, initial: initial && plain(initial), wait }, choice);
}

function choiceNode({ element, emit, marks, label }, settings, answer) {
  const combo = combobox({ ...settings, label, placeholder: element.placeholder?.text ?? "Choose…", ...marks,
    onPick: (option) => emit(combo.input, answer(option)) });
  readable(combo.input, () => ({ type: element.type, ...answer(combo.choice()) }));
  return combo.node;
}

function staticSelect(seat) {
  const matching = (query) => groupsOf(seat.element).map((group) => ({
    ...group, options: group.options.filter((option) => option.text.toLowerCase().includes(query.toLowerCase())),
  })).filter((group) => group.options.length);
  return chooser(seat, matching, seat.element.initial_option);
}

function externalSelect(seat) {
  const { element, blockId, context } = seat;
  const least = element.min_query_length ?? 3;
  const load = async (query) => {
    if (query.length < least) return `Type ${least === 1 ? "a letter" : `at least ${least} letters`} to search`;
    const found = await post("options", { as: store.actor, container: context.container, block_id: blockId, action_id: element.action_id, value: query });
    return groupsOf(found);
  };
  return chooser(seat, load, element.initial_option, 150);
}

function usersSelect(seat) {
  const option = (user) => ({ text: user.real_name || user.name, hint: user.role, value: user.id });
  const load = (query) => [{ options: people().map(option).filter(({ text }) => text.toLowerCase().includes(query.toLowerCase())) }];
  const initial = store.users.get(seat.element.initial_user);
  return choiceNode(seat, { load, initial: initial && option(initial) }, (chosen) => ({ selected_user: chosen?.value ?? null }));
}

function overflow({ element, emit, marks, label }) {
  const anchor = menuButton({
    props: { class: "button overflow", ...marks }, content: "⋯", label: label === element.action_id ? "More actions" : label,
    items: () => element.options.map((option) => ({
      label: textObject(option.text), testid: "option", dataset: { value: option.value },
      choose: () => emit(anchor.firstChild, { selected_option: option }),
    })),
  });
  return anchor;
}

function plainTextInput({ element, emit, marks, label, input }) {
  const node = el(element.multiline ? "textarea" : "input", {
    class: "text-input", type: element.multiline ? undefined : "text", rows: element.multiline ? 5 : undefined, placeholder: element.placeholder?.text,
    "aria-label": label, "aria-required": input && !input.optional ? "true" : undefined, maxlength: element.max_length, autocomplete: "off", ...marks,
  });
  node.value = element.initial_value ?? "";
  node.addEventListener("keydown", (event) => {
    const when = element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
    if (event.key === "Enter" && !event.shiftKey && input?.dispatch_action && when.includes("on_enter_pressed")) {
      event.preventDefault();
      emit(node, { value: node.value });
    }
  });
  return readable(node, () => ({ type: element.type, value: node.value || null }));
}

function ticks(kind, seat) {
  const { element, emit, marks, label } = seat;
  const name = uid("group");
  const start = new Set([...(element.initial_options ?? []), ...(element.initial_option ? [element.initial_option] : [])].map((option) => option.value));
  const boxes = element.options.map((option) => el("input", {
    type: kind, name, value: option.value, checked: start.has(option.value), testid: "option", dataset: { value: option.value },
    on: { change: () => emit(node, read()) },
  }));
  const picked = () => element.options.filter((_, at) => boxes[at].checked);
  const read = () => (kind === "radio" ? { selected_option: picked()[0] ?? null } : { selected_options: picked() });
  const node = el("div", { class: "ticks", role: kind === "radio" ? "radiogroup" : "group", "aria-label": label, ...marks },
    element.options.map((option, at) => el("label", { class: "tick" }, boxes[at],
      el("span", {}, textObject(option.text), option.description && el("span", { class: "hint" }, textObject(option.description))))));
  return readable(node, () => ({ type: element.type, ...read() }));
}

const ELEMENTS = {
  button,
  static_select: staticSelect,
  external_select: externalSelect,
  users_select: usersSelect,
  overflow,
  plain_text_input: plainTextInput,
  radio_buttons: (seat) => ticks("radio", seat),
  checkboxes: (seat) => ticks("checkbox", seat),
};
