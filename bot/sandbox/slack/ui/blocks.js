// How does a Block Kit block look? One function per type; a type without one becomes a red box nobody can overlook.
import { renderElement } from "./elements.js";
import { el, langOf, uid } from "./dom.js";
import { textObject } from "./mrkdwn.js";
import { markdown, richText } from "./richtext.js";

/** The red box for a block or element the page cannot show. */
export function unknown(thing) {
  return el("div", { class: "unknown", testid: "unknown-block", role: "alert" },
    el("strong", {}, `This page cannot show “${thing?.type ?? "?"}”`), el("code", {}, JSON.stringify(thing).slice(0, 200)));
}

/** Blocks as nodes; see elements.js for the context. */
export function renderBlocks(blocks, context) {
  return blocks.map((block, index) => {
    const draw = Object.hasOwn(BLOCKS, block.type) ? BLOCKS[block.type] : undefined;
    if (!draw) return unknown(block);
    const blockId = block.block_id ?? `block-${index}`;
    const node = draw(block, blockId, { ...context, unknown });
    node.classList.add("block", `block-${block.type}`);
    node.dataset.testid = `block-${block.type}`;
    node.dataset.blockId = blockId;
    const lang = langOf(node.textContent);
    if (lang) node.lang = lang;
    return node;
  });
}

const body = (object) => el("div", { class: "text" }, textObject(object));

function section(block, blockId, context) {
  return el("div", { class: block.accessory ? "with-accessory" : "" },
    el("div", { class: "section-main" },
      block.text && body(block.text),
      block.fields && el("div", { class: "fields" }, block.fields.map((field) => el("div", { class: "field text" }, textObject(field))))),
    block.accessory && el("div", { class: "accessory" }, accessory(block.accessory, blockId, context)));
}

function accessory(element, blockId, context) {
  return element.type === "image" ? picture(element) : renderElement(element, blockId, context);
}

function picture({ image_url: url, alt_text: alt }) {
  const node = el("img", { class: "picture", src: url, alt, referrerpolicy: "no-referrer" });
  node.addEventListener("error", () => node.replaceWith(
    el("span", { class: "picture-missing", testid: "image-alt" }, alt, el("span", { class: "hint" }, "Picture not loaded: this page fetches nothing from outside."))));
  return node;
}

function context(block) {
  return el("div", {}, block.elements.map((element) => (element.type === "image" ? picture(element) : body(element))));
}

function actions(block, blockId, context) {
  return el("div", { role: "group", "aria-label": "Actions" }, block.elements.map((element) => renderElement(element, blockId, context)));
}

function input(block, blockId, context) {
  const hint = block.hint && el("p", { class: "hint", id: uid("hint") }, textObject(block.hint));
  const node = el("div", { dataset: { optional: String(Boolean(block.optional)) } },
    el("div", { class: "label", "aria-hidden": "true" }, textObject(block.label), block.optional && el("span", { class: "hint inline" }, "(optional)")),
    renderElement(block.element, blockId, context, block), hint);
  if (hint) node.querySelector("[data-action-id]")?.setAttribute("aria-describedby", hint.id);
  return node;
}

function cell(part) {
  if (!part) return "";
  if (part.type === "rich_text") return richText(part.elements, unknown);
  if (part.type === "raw_text") return part.text;
  if (part.type === "raw_number") return part.text ?? String(part.value);
  return unknown(part);
}

function table(block) {
  const settings = block.column_settings ?? [];
  const row = (cells, tag) => el("tr", {}, cells.map((part, column) => el(tag, {
    scope: tag === "th" ? "col" : undefined, class: `align-${settings[column]?.align ?? "left"} ${settings[column]?.is_wrapped === false ? "nowrap" : ""}`,
  }, cell(part))));
  const [head, ...rest] = block.rows;
  return el("div", { role: "group", "aria-label": "Table", tabindex: 0 }, el("table", {}, el("thead", {}, row(head, "th")), el("tbody", {}, rest.map((cells) => row(cells, "td")))));
}

const BLOCKS = {
  header: (block) => el("h3", {}, textObject(block.text)),
  section,
  context,
  divider: () => el("hr", { class: "divider" }),
  actions,
  input,
  rich_text: (block) => el("div", {}, richText(block.elements, unknown)),
  table,
  markdown: (block) => el("div", {}, markdown(block.text)),
  image: (block) => el("figure", {}, block.title && el("figcaption", {}, textObject(block.title)), picture(block)),
};
