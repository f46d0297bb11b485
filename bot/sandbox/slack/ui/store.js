// What does the page know? The workspace, who acts, and the messages that person can see; no drawing here.

export const store = {
  team: { id: "", name: "" },
  users: new Map(),
  channels: new Map(),
  usergroups: new Map(),
  commands: [],
  shortcuts: [],
  samples: [],
  botId: "",
  actor: "",
  channel: "", // an id, or "home" for the bot's App Home
  thread: "", // ts of the thread shown, or ""
  unread: new Set(),
  messages: new Map(), // channel id -> Map(ts -> message)
  home: undefined, // the acting person's Home view; undefined before it is read, null when there is none
};

/** Takes the answer of /_control/state. */
export function takeState(state) {
  store.team = state.team;
  store.users = new Map(state.users.map((user) => [user.id, user]));
  store.channels = new Map(state.channels.map((channel) => [channel.id, channel]));
  store.usergroups = new Map((state.usergroups ?? []).map((group) => [group.id, group]));
  store.commands = state.commands ?? [];
  store.shortcuts = state.shortcuts ?? [];
  store.samples = state.samples ?? [];
  store.botId = state.bot_user_id;
}

/** The people one can act as, in the workspace's order. */
export const people = () => [...store.users.values()].filter((user) => !user.is_bot);

/** The name shown for a user id; the id itself when unknown. */
export function nameOf(userId) {
  const user = store.users.get(userId);
  return user?.real_name || user?.name || userId || "unknown";
}

/** Whether a person is in a channel (a channel without a member list holds everybody). */
export function isMember(channelId, userId) {
  const members = store.channels.get(channelId)?.members;
  return !Array.isArray(members) || members.includes(userId);
}

const COLOURS = ["#0b6e5f", "#7a3fb8", "#a8480a", "#0d6291", "#b02a62", "#4a5a12", "#4b49c0"];

/** A person's own colour, steady over the session; white text is readable on it. */
export function colourOf(userId) {
  return COLOURS[Math.max(0, people().findIndex((user) => user.id === userId)) % COLOURS.length];
}

/** One or two initials for an avatar; a Chinese name gives its last character. */
export function initialsOf(userId) {
  const name = nameOf(userId).trim();
  if (/^[\u3400-\u9fff]/.test(name)) return name.at(-1);
  const words = name.split(/[\s._-]+/).filter(Boolean);
  return (words.length > 1 ? words[0][0] + words.at(-1)[0] : name.slice(0, 2)).toUpperCase();
}

function shelf(channelId) {
  if (!store.messages.has(channelId)) store.messages.set(channelId, new Map());
  return store.messages.get(channelId);
}

/** Adds or replaces a message; returns whether it was new. One that did not change stays the same object, and so its node. */
export function keepMessage(channelId, message) {
  const messages = shelf(channelId);
  const known = messages.get(message.ts);
  if (!known || JSON.stringify(known) !== JSON.stringify(message)) messages.set(message.ts, message);
  return !known;
}

/** Counts a live reply on its thread's root, unless the root already tells of it. */
export function countReply(channelId, reply) {
  const root = shelf(channelId).get(reply.thread_ts);
  if (!root || reply.ts === reply.thread_ts || reply.ephemeral || Number(root.latest_reply ?? 0) >= Number(reply.ts)) return;
  const users = new Set([...(root.reply_users ?? []), reply.user ?? store.botId]);
  shelf(channelId).set(root.ts, { ...root, reply_count: (root.reply_count ?? 0) + 1, latest_reply: reply.ts, reply_users: [...users] });
}

export function dropMessage(channelId, ts) {
  shelf(channelId).delete(ts);
}

/** Forgets everything one person could see, before another one acts. */
export function forget() {
  store.messages = new Map();
  store.unread = new Set();
  store.home = undefined;
}

const byTime = (left, right) => Number(left.ts) - Number(right.ts);

/** The messages of a channel's main column, oldest first. */
export function channelMessages(channelId) {
  return [...shelf(channelId).values()]
    .filter((message) => !message.thread_ts || message.thread_ts === message.ts || message.subtype === "thread_broadcast" || message.reply_broadcast)
    .sort(byTime);
}

/** A thread's root and replies, oldest first. */
export function threadMessages(channelId, ts) {
  return [...shelf(channelId).values()].filter((message) => message.ts === ts || message.thread_ts === ts).sort(byTime);
}

/** How many messages only the acting person sees are on the page. */
export function ephemeralCount() {
  return [...store.messages.values()].flatMap((messages) => [...messages.values()]).filter((message) => message.ephemeral).length;
}
