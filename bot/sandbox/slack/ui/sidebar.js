// Where am I and who am I? The workspace's channels, the bot's Home, and the people one can act as.
import { el, icon, refill } from "./dom.js";
import { avatar } from "./messages.js";
import { colourOf, isMember, nameOf, people, store } from "./store.js";

/** Draws the sidebar; `go` = {channel(id), actor(id)}. */
export function renderSidebar(node, go) {
  const key = [store.actor, store.channel, [...store.unread], [...store.channels.keys()]];
  refill(node, key, () => [
    el("header", { class: "workspace" }, el("span", { class: "workspace-badge", "aria-hidden": "true" }, icon("spark")),
      el("div", {}, el("h1", {}, store.team.name || "postmedic demo"), el("p", { class: "hint" }, "A stand-in for Slack"))),
    el("div", { class: "sidebar-scroll" }, actAs(go), channels(go), apps(go)),
  ]);
}

function actAs(go) {
  return el("fieldset", { class: "act-as", testid: "act-as" }, el("legend", { class: "sidebar-title" }, "Act as"),
    people().map((user) => {
      const acting = user.id === store.actor;
      return el("label", { class: `person ${acting ? "acting" : ""}`, vars: { "--person": colourOf(user.id) }, title: user.blurb },
        el("input", { type: "radio", name: "act-as", value: user.id, checked: acting, testid: `act-as-${user.id}`, on: { change: () => go.actor(user.id) } }),
        avatar(user.id),
        el("span", { class: "person-text" },
          el("span", { class: "person-line" }, el("strong", {}, nameOf(user.id)), user.role && el("span", { class: "role" }, user.role)),
          user.blurb && el("span", { class: "hint" }, user.blurb)));
    }));
}

function link(id, label, mark, go, extra = "") {
  const here = store.channel === id;
  const unread = store.unread.has(id);
  return el("li", {}, el("button", {
    type: "button", class: `channel-link ${here ? "here" : ""} ${unread ? "unread" : ""}`, "aria-current": here ? "page" : undefined,
    testid: id === "home" ? "app-home-link" : `channel-${id}`, on: { click: () => go.channel(id) },
  }, mark, el("span", { class: "channel-name" }, label), unread && el("span", { class: "unread-dot", role: "img", "aria-label": "new messages" }), extra));
}

function channels(go) {
  const rooms = [...store.channels.values()].filter((channel) => channel.kind !== "im");
  return el("section", { "aria-label": "Channels" }, el("h2", { class: "sidebar-title" }, "Channels"), el("ul", {}, rooms.map((channel) => {
    const out = !isMember(channel.id, store.actor);
    return link(channel.id, channel.name, el("span", { class: "hash", "aria-hidden": "true" }, out ? icon("lock") : "#"), go, out && el("span", { class: "hint inline" }, "not a member"));
  })));
}

function apps(go) {
  const shown = nameOf(store.botId);
  const direct = [...store.channels.values()].filter((channel) => channel.kind === "im" && channel.user === store.actor);
  return el("section", { "aria-label": "Apps" }, el("h2", { class: "sidebar-title" }, "Apps"), el("ul", {},
    link("home", `${shown} Home`, avatar(store.botId, "tiny"), go),
    direct.map((channel) => link(channel.id, `${shown} messages`, avatar(store.botId, "tiny"), go))));
}
