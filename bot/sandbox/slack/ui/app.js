// What is on the page now? Reads the workspace, follows its events, and draws sidebar, channel, thread and Home.
//
// Marks for tests (data-testid): app, sidebar, act-as, act-as-<user>, channel-<id>, app-home-link, main, channel-title, acting-bar, acting-name, not-member,
//   message (data-ts, data-user, data-ephemeral), message-text, preformatted, mention, edited, reaction, file, file-toggle, file-content, ephemeral-note,
//   open-thread, reply, message-menu, shortcut-<callback_id>, copy-text, thread-panel, thread-close, thread-count, jump-down,
//   composer / thread-composer, each with -input, -send, -code, -as, -warning, -suggestions; suggestion, samples, sample-<n>,
//   block-<type> (data-block-id), el-<type> (data-action-id, data-block-id), options, options-note, option (data-value), menu, unknown-block, image-alt,
//   confirm-dialog, confirm-yes, confirm-no, modal (data-view-id), modal-title, modal-depth, modal-submit, modal-close, modal-x, modal-error, input-error,
//   home-view, home-empty, problem, note, notice-dismiss, connection, nav-toggle.
import { follow, get, post } from "./api.js";
import { composer, sampleCards } from "./composer.js";
import { el, fill, icon, refill } from "./dom.js";
import { avatar, syncMessages } from "./messages.js";
import { dropNotices, note, problem } from "./notices.js";
import { renderSidebar } from "./sidebar.js";
import * as shelf from "./store.js";
import { dropViews, renderHome, viewClosed, viewOpened, viewUpdated } from "./views.js";

const { store, nameOf } = shelf;
const byId = (id) => document.getElementById(id);
const list = (testid) => el("div", { class: "messages", role: "log", "aria-live": "polite", tabindex: 0, testid, "aria-label": testid === "messages" ? "Messages" : "Thread messages" });

const column = { list: list("messages"), head: el("header", { class: "main-head" }), bar: el("div", { class: "acting-bar", testid: "acting-bar" }) };
const side = { list: list("thread-messages"), head: el("header", { class: "main-head" }) };
let unfollow = () => {};
let waitingFor = ""; // the person's own new message whose answer opens its thread

// What the address asks for: {as, channel, thread} of the page itself, or the message of a permalink.
function here() {
  const parts = new URLSearchParams(location.hash.slice(1));
  const [, channel, digits] = /^\/archives\/(\w+)\/p(\d{7,})$/.exec(location.pathname) ?? [];
  if (!channel || parts.has("channel")) return parts;
  const thread = new URLSearchParams(location.search).get("thread_ts") ?? `${digits.slice(0, -6)}.${digits.slice(-6)}`;
  return new URLSearchParams({ channel, thread });
}

async function start() {
  shelf.takeState(await get("state"));
  const people = shelf.people();
  const wanted = here().get("as");
  store.actor = (people.find((user) => user.id === wanted) ?? people[0]).id;
  const channel = here().get("channel");
  store.channel = channel === "home" || store.channels.has(channel) ? channel : [...store.channels.values()].find(({ id }) => shelf.isMember(id, store.actor)).id;
  store.thread = here().get("thread") ?? "";
  document.title = store.team.name || "postmedic demo";
  frame();
  connect();
}

const main = composer({ id: "composer", testid: "composer", place: () => ({ channel: store.channel }), onSent: (ts) => {
  waitingFor = ts ?? "";
  toEnd(column.list);
  if (ts && shelf.threadMessages(store.channel, ts).length > 1) openThread(ts, { focus: false });
} });
const reply = composer({ id: "thread-composer", testid: "thread-composer", place: () => ({ channel: store.channel, thread_ts: store.thread }), onSent: () => toEnd(side.list) });

function frame() {
  column.samples = sampleCards((sample) => {
    if (sample.channel && sample.channel !== store.channel) go.channel(sample.channel);
    main.setText(sample.text);
    main.input.focus();
  });
  column.foot = el("div", { class: "foot" }, column.samples, main.node);
  column.home = el("div", { class: "home", tabindex: 0, role: "region", "aria-label": "App Home" });
  column.down = jumpDown(column.list);
  side.down = jumpDown(side.list);
  byId("main").addEventListener("click", (event) => { if (!event.target.closest("[data-testid=nav-toggle]")) byId("app").classList.remove("nav-open"); });
  fill(byId("main"), column.head, column.bar, el("div", { class: "stage" }, column.list, column.home, column.down), column.foot);
  fill(byId("thread"), side.head, el("div", { class: "stage" }, side.list, side.down), el("div", { class: "foot" }, reply.node));
}

function jumpDown(node) {
  const button = el("button", { type: "button", class: "jump", hidden: true, testid: "jump-down", on: { click: () => toEnd(node) } }, "New messages", icon("chevron"));
  node.addEventListener("scroll", () => { if (atEnd(node)) button.hidden = true; });
  return button;
}

const atEnd = (node) => node.scrollHeight - node.scrollTop - node.clientHeight < 80;

// To the newest message: its end, or in the channel its beginning when it is taller than the column. A thread shows the
// end, as Slack does: that is where the buttons are.
const toEnd = (node) => requestAnimationFrame(() => {
  const last = node.lastElementChild;
  if (!last) return;
  const tall = node === column.list && last.offsetHeight > node.clientHeight;
  node.scrollTop = tall ? last.offsetTop - node.offsetTop : node.scrollHeight;
});

function connect() {
  unfollow();
  const banner = byId("connection");
  unfollow = follow(store.actor, {
    onOpen: () => {
      banner.hidden = true;
      load();
      reopenModals().catch((error) => problem(error.message));
    },
    onBreak: () => {
      banner.hidden = false;
      fill(banner, el("span", { class: "spinner", "aria-hidden": "true" }), "Connection to the local workspace lost. Reconnecting…");
    },
    onEvent: (event) => take(event),
  });
}

/** Reads again what the acting person can see here. */
async function load() {
  const { actor, channel, thread } = store;
  try {
    if (channel === "home") {
      const before = store.home;
      const { view } = await post("home", { as: actor });
      if (store.home === before) store.home = view ?? null; // else a newer one came by the stream meanwhile
    }
    else if (shelf.isMember(channel, actor)) {
      const parts = [get("history", { channel, as: actor })];
      if (thread) parts.push(get("history", { channel, as: actor, thread_ts: thread }));
      for (const { messages } of await Promise.all(parts)) for (const message of messages) shelf.keepMessage(channel, message);
    }
  } catch (error) {
    problem(error.message);
  }
  if (actor === store.actor && channel === store.channel) draw({ end: true });
}

async function reopenModals() {
  const { modals } = await get("views", { as: store.actor });
  for (const view of modals) viewOpened(view);
}

function take(event) {
  const mine = !event.user || event.user === store.actor;
  switch (event.type) {
    case "message":
    case "ephemeral": {
      if (event.type === "ephemeral" && !mine) return;
      const { channel, message } = event;
      const fresh = shelf.keepMessage(channel, message);
      if (fresh && message.thread_ts) shelf.countReply(channel, message);
      if (fresh && channel !== store.channel) store.unread.add(channel);
      if (message.thread_ts && message.thread_ts === waitingFor && !reply.input.value) openThread(waitingFor, { focus: false });
      draw({ fresh: fresh && channel === store.channel ? message : null });
      break;
    }
    case "message_changed": shelf.keepMessage(event.channel, event.message); draw({}); break;
    case "message_deleted": shelf.dropMessage(event.channel, event.ts); draw({}); break;
    case "view_opened": if (mine) viewOpened(event.view); break;
    case "view_updated": if (mine) viewUpdated(event.view); break;
    case "view_closed": if (mine) viewClosed(event.view_id); break;
    case "home": if (mine) { store.home = event.view; draw({}); } break;
    case "problem": if (mine) problem(event.text); break;
    default: problem(`The workspace sent an event this page does not know: ${event.type}`);
  }
}

const actions = {
  openThread,
  shortcut: (shortcut, message) => post("shortcut", { as: store.actor, callback_id: shortcut.callback_id, channel: store.channel, message_ts: message.ts })
    .catch((error) => problem(error.message)),
};

function openThread(ts, { focus = true } = {}) {
  waitingFor = "";
  store.thread = ts;
  side.list.replaceChildren();
  remember();
  draw({});
  load();
  if (focus) reply.input.focus();
}

function closeThread() {
  store.thread = "";
  reply.setText("");
  remember();
  draw({});
  main.input.focus();
}

const go = {
  channel(id) {
    store.channel = id;
    store.thread = "";
    store.unread.delete(id);
    byId("app").classList.remove("nav-open");
    column.list.replaceChildren();
    remember();
    draw({});
    load();
  },
  actor(id) {
    const before = nameOf(store.actor);
    const hidden = shelf.ephemeralCount();
    store.actor = id;
    shelf.forget();
    dropViews();
    dropNotices();
    column.list.replaceChildren();
    side.list.replaceChildren();
    if (store.channels.get(store.channel)?.kind === "im") store.channel = [...store.channels.keys()][0];
    remember();
    note(`You are now ${nameOf(id)}${store.users.get(id).role ? ` (${store.users.get(id).role})` : ""}.${hidden ? ` ${hidden === 1 ? "One message" : `${hidden} messages`} only ${before} can see ${hidden === 1 ? "is" : "are"} hidden.` : ""}`);
    draw({});
    connect();
  },
};

// The address holds who acts and what is open: a reload stays here, and a second window can act as somebody else.
function remember() {
  const parts = { as: store.actor, channel: store.channel, ...(store.thread ? { thread: store.thread } : {}) };
  history.replaceState(null, "", `#${new URLSearchParams(parts)}`);
}

function draw({ fresh = null, end = false }) {
  renderSidebar(byId("sidebar"), go);
  drawColumn(fresh, end);
  drawThread(fresh, end);
}

function drawColumn(fresh, end) {
  const home = store.channel === "home";
  const channel = store.channels.get(store.channel);
  const member = home || shelf.isMember(store.channel, store.actor);
  const title = home ? `${nameOf(store.botId)} Home` : channel.kind === "im" ? nameOf(store.botId) : `#${channel.name}`;
  const shown = Array.isArray(channel?.members) ? channel.members : null;
  refill(column.head, [title, channel?.topic, shown], () => [
    el("button", { type: "button", class: "icon-button nav-toggle", "aria-label": "Channels and people", testid: "nav-toggle", on: { click: () => byId("app").classList.toggle("nav-open") } }, icon("menu")),
    el("div", { class: "head-text" }, el("h2", { testid: "channel-title" }, title), channel?.topic && el("p", { class: "hint" }, channel.topic)),
    shown && el("div", { class: "faces", role: "img", title: shown.map(nameOf).join(", "), "aria-label": `Members: ${shown.map(nameOf).join(", ")}` }, shown.slice(0, 6).map((user) => avatar(user, "small"))),
  ]);
  actingBar(title);
  column.home.hidden = !home;
  column.list.hidden = home;
  column.foot.hidden = home || !member;
  if (home && store.home !== undefined) fill(column.home, renderHome(store.home));
  else if (!home && !member) {
    fill(column.list, el("div", { class: "empty", testid: "not-member" }, icon("lock"), el("p", {}, `${nameOf(store.actor)} is not a member of ${title}, so Slack shows them nothing of it.`)));
  } else if (!home) {
    refreshList(column, shelf.channelMessages(store.channel), { channel: store.channel }, fresh && !fresh.thread_ts ? fresh : null, end);
    main.refresh(`Message ${title}`);
  }
}

function actingBar(title) {
  const user = store.users.get(store.actor);
  column.bar.style.setProperty("--person", shelf.colourOf(user.id));
  refill(column.bar, [user.id, title], () => [avatar(user.id, "small"), el("span", {}, `You see ${title} as `, el("strong", { testid: "acting-name" }, nameOf(user.id))),
    user.role && el("span", { class: "role" }, user.role), el("span", { class: "hint inline" }, user.blurb ?? "")]);
}

function drawThread(fresh, end) {
  const open = Boolean(store.thread) && store.channel !== "home" && shelf.isMember(store.channel, store.actor);
  byId("thread").hidden = !open;
  byId("app").classList.toggle("with-thread", open);
  if (!open) return;
  const { name } = store.channels.get(store.channel);
  refill(side.head, [name], () => [el("div", { class: "head-text" }, el("h2", {}, "Thread"), el("p", { class: "hint" }, name ? `#${name}` : nameOf(store.botId))),
    el("button", { type: "button", class: "icon-button", "aria-label": "Close thread", title: "Close (Esc)", testid: "thread-close", on: { click: closeThread } }, icon("close"))]);
  refreshList(side, shelf.threadMessages(store.channel, store.thread), { channel: store.channel, thread: store.thread }, fresh?.thread_ts === store.thread ? fresh : null, end);
  reply.refresh("Reply in the thread");
}

function refreshList(part, messages, place, fresh, end) {
  const follow = end || atEnd(part.list) || fresh?.user === store.actor;
  syncMessages(part.list, messages, place, actions);
  if (!messages.length) fill(part.list, welcome(store.channels.get(place.channel)));
  else part.list.querySelector(".empty")?.remove();
  if (follow) toEnd(part.list);
  else if (fresh) part.down.hidden = false;
}

// What a newcomer can do in an empty channel.
function welcome(channel) {
  const bot = nameOf(store.botId);
  if (Array.isArray(channel.members) && !channel.members.includes(store.botId)) {
    return el("div", { class: "empty" }, el("p", {}, `${bot} has not been invited to this channel, so it hears nothing here.`));
  }
  return el("div", { class: "empty", testid: "welcome" }, el("h3", {}, "Try it: from an error to its fix"), el("ol", { class: "steps" },
    el("li", {}, store.samples.length ? "Take a sample below, or paste an error from a mail server, and press Enter." : "Paste an error from a mail server and press Enter."),
    el("li", {}, `Read in the thread what ${bot} measured on the host and what it proposes.`),
    el("li", {}, "Choose another person under “Act as”: nobody approves their own fix."),
    el("li", {}, "Approve, and watch the message follow each step."),
    el("li", {}, "Then ask ", el("code", {}, "/postfix check host01"), " how the host is, or mention ", el("code", {}, `@${store.users.get(store.botId)?.name ?? bot}`), ".")));
}

document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.input.focus();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open]")) return;
  if (byId("app").classList.contains("nav-open")) byId("app").classList.remove("nav-open");
  else if (store.thread) closeThread();
});

start().catch((error) => problem(error.message));
