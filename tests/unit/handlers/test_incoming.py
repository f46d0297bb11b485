"""What is kept of a payload, and what never is: kinds, keys, masks, other workspaces, other channels."""

from __future__ import annotations

from typing import Any

import pytest

from handlers.commands import Verb, Words, words
from handlers.inbox import next_of
from handlers.incoming import LONGEST, Served, masked, opaque
from handlers.messages.paste import ordered
from handlers.serving import KEPT

Json = dict[str, Any]
EVERYWHERE = Served(team="T1", bot_user="UBOT", channels=frozenset())
SOMEWHERE = Served(team="T1", bot_user="UBOT", channels=frozenset({"C9"}))


def message(team: str = "T1", **more: Any) -> Json:
    event = {"type": "message", "channel": "C1", "user": "U1", "ts": "1.1", "text": "hello", "channel_type": "channel"}
    return {"type": "event_callback", "team_id": team, "event_id": "Ev1", "event": event | more}


def clicked(action_id: str = "approve", value: str = "plan1", **more: Any) -> Json:
    body: Json = {
        "type": "block_actions",
        "team": {"id": "T1"},
        "user": {"id": "U1", "team_id": "T1"},
        "channel": {"id": "C1"},
        "container": {"message_ts": "1.1"},
        "trigger_id": "1.2.3",
        "actions": [{"action_id": action_id, "block_id": "b", "value": value}],
    }
    return body | more


def submitted(reason: str | None, **more: Any) -> Json:
    view = {
        "callback_id": "deny_plan",
        "private_metadata": "plan1",
        "state": {"values": {"reason": {"reason": {"value": reason}}}},
    }
    body: Json = {"type": "view_submission", "team": {"id": "T1"}, "user": {"id": "U1"}, "trigger_id": "1.2.3", "view": view}
    return body | more


def test_a_message_and_its_mention_have_one_key() -> None:
    said = next_of(KEPT, message(), EVERYWHERE)
    named = next_of(KEPT, message(type="app_mention"), EVERYWHERE)
    assert said is not None
    assert named is not None
    assert said.key == named.key == "message:C1:1.1"
    assert (said.payload["insisted"], named.payload["insisted"]) == (False, True)


@pytest.mark.parametrize(
    "body",
    [
        message(team="T2"),
        message(subtype="message_changed"),
        message(bot_id="B1"),
        message(edited={"ts": "1.2"}),
        message(user="UBOT"),
        message(user=""),
        message(user_team="T2"),
        message(type="reaction_added"),
        clicked(team={"id": "T2"}),
        clicked(user={"id": "U1", "team_id": "T2"}),
        clicked(action_id="approve_everything"),
        clicked(action_id="xapprove"),
        clicked(action_id="deny"),  # opens a modal and has no effect of its own
        clicked(actions=[]),
        clicked(actions=[clicked()["actions"][0]] * 2),
        clicked(channel=None),
        submitted(None),
        submitted("   "),
        submitted("no", team={"id": "T2"}),
        {"type": "view_submission", "team": {"id": "T1"}, "view": {"callback_id": "other"}},
        {"command": "/other", "team_id": "T1", "trigger_id": "1"},
        {"command": "/postfix", "team_id": "T2", "trigger_id": "1"},
        {"type": "message_action", "callback_id": "other", "team": {"id": "T1"}},
        {"type": "block_suggestion", "team": {"id": "T1"}},
        {},
    ],
)
def test_what_has_no_effect_is_not_kept(body: Json) -> None:
    assert next_of(KEPT, body, EVERYWHERE) is None


def test_in_channels_that_are_not_served_no_text_is_kept() -> None:
    assert next_of(KEPT, message(), SOMEWHERE) is None
    assert next_of(KEPT, clicked(), SOMEWHERE) is None
    kept = next_of(KEPT, message(text="<@UBOT> secret", files=[{"id": "F1"}]), SOMEWHERE)
    assert kept is not None
    assert (kept.payload["text"], kept.payload["files"], kept.payload["here"]) == ("", [], False)
    assert next_of(KEPT, message(channel="C9"), SOMEWHERE) is not None


@pytest.mark.parametrize("value", ["", "x" * 10_000, "a b", "plan\n", "<!channel>", "-x", 7, None, ["plan1"]])
def test_a_button_value_that_is_no_id_is_empty(value: object) -> None:
    assert opaque(value) == ""
    kept = next_of(KEPT, clicked(value=value), EVERYWHERE)  # type: ignore[arg-type]
    assert kept is not None
    assert kept.payload["plan"] == ""


@pytest.mark.parametrize(("text", "order"), [("freeze, see the picture", Verb.FREEZE), ("check host01", None)])
def test_beside_a_file_only_a_freeze_is_an_order(text: str, order: Verb | None) -> None:
    kept = next_of(KEPT, message(type="app_mention", text=f"<@UBOT> {text}", files=[{"id": "F1"}]), EVERYWHERE)
    assert kept is not None
    found = ordered(kept.payload)
    assert (found.verb if found else None) is order


def test_secrets_are_masked_as_slack_writes_them() -> None:
    kept = masked("smtp_sasl_password_maps = static:bob:hunter2 &lt;<mailto:bob@example.com|bob@example.com>&gt;", EVERYWHERE)
    assert "hunter2" not in kept["text"]
    assert kept["text"].endswith("<bob@example.com>")
    assert (kept["masked"], kept["cut"]) == (1, False)


def test_a_paste_is_cut_at_its_size_without_breaking_a_character() -> None:
    kept = masked("好" * LONGEST, EVERYWHERE)
    assert kept["cut"] is True
    assert len(kept["text"].encode()) in range(LONGEST - 2, LONGEST + 1)
    assert set(kept["text"]) == {"好"}


def test_an_alert_that_has_its_words_in_blocks_alone_is_read() -> None:
    link = {"type": "link", "url": "mailto:a@b.example", "text": "a@b.example"}
    line = [{"type": "text", "text": "postfix/smtp: to=<"}, link, {"type": "text", "text": ">"}]
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "Mail is stuck"}},
        {"type": "divider"},
        {"type": "rich_text", "elements": [{"type": "rich_text_preformatted", "elements": line}]},
        {"type": "section", "fields": [{"type": "mrkdwn", "text": "host01"}], "accessory": None},
    ]
    asked = {"type": "message_action", "callback_id": "diagnose_message", "team": {"id": "T1"}, "user": {"id": "U1"}}
    asked |= {"channel": {"id": "C1"}, "trigger_id": "1", "message": {"ts": "1.1", "text": "", "blocks": blocks}}
    kept = next_of(KEPT, asked, EVERYWHERE)
    assert kept is not None
    assert kept.payload["text"].split("\n") == ["Mail is stuck", "postfix/smtp: to=<a@b.example>", "host01"]
    asked["message"] = {"ts": "1.1", "attachments": [{"blocks": blocks}, {"fallback": "and more"}]}
    kept = next_of(KEPT, asked, EVERYWHERE)
    assert kept is not None
    assert kept.payload["text"].split("\n")[1:] == ["postfix/smtp: to=<a@b.example>", "host01", "and more"]


@pytest.mark.parametrize(("count", "cut"), [(0, False), (3, False), (4, True)])
def test_files_that_are_not_read_are_said_to_be_left_out(count: int, cut: bool) -> None:
    attached = {"ts": "1.1", "text": "look", "files": [{"id": f"F{number}"} for number in range(count)]}
    asked = {"type": "message_action", "callback_id": "diagnose_message", "message": attached, "trigger_id": "1"}
    asked |= {"team": {"id": "T1"}, "user": {"id": "U1"}, "channel": {"id": "C1"}}
    for body in (message(**attached), asked):
        kept = next_of(KEPT, body, EVERYWHERE)
        assert kept is not None
        assert (len(kept.payload["files"]), kept.payload["cut"]) == (min(count, 3), cut)


def test_the_reason_of_a_denial_is_masked_and_bounded() -> None:
    kept = next_of(KEPT, submitted("password = hunter2 " + "x" * 5000), EVERYWHERE)
    assert kept is not None
    assert "hunter2" not in kept.payload["reason"]
    assert len(kept.payload["reason"]) < 400


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("check host01", Words(verb=Verb.CHECK, name="host01")),
        (" Check  `host01` ", Words(verb=Verb.CHECK, name="host01")),
        ("检查 host01", Words(verb=Verb.CHECK, name="host01")),
        ("check", Words(verb=Verb.CHECK)),
        ("hosts", Words(verb=Verb.HOSTS)),
        ("帮助", Words(verb=Verb.HELP)),
        ("check this log please, it is broken", None),
        ("check\nfatal: something", None),
        ("approve everything", None),
        ("freeze", Words(verb=Verb.FREEZE)),
        ("FREEZE the new relay eats mail", Words(verb=Verb.FREEZE, name="the new relay eats mail")),
        ("freeze\nit eats mail:\n\nfatal: something", Words(verb=Verb.FREEZE, name="it eats mail: fatal: something")),
        (", Freeze!", Words(verb=Verb.FREEZE)),
        ("冻结！ 停下", Words(verb=Verb.FREEZE, name="停下")),
        (": check host01", Words(verb=Verb.CHECK, name="host01")),
        ("check: host01", None),
        (" ,!", None),
        ("解冻", Words(verb=Verb.UNFREEZE)),
        ("", None),
    ],
)
def test_orders_are_a_few_words_on_one_line(text: str, read: Words | None) -> None:
    assert words(text) == read
