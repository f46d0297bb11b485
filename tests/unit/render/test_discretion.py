"""Are mail addresses replaced by stable pseudonyms where the settings say so, and is everything else left as it is?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.knowledge.cases import cases
from bot.knowledge.library import BUILT_IN, load
from bot.matching import Matcher
from bot.model.fact import Reason, Unknown
from bot.model.token import TOKEN
from bot.render.discretion import Discretion
from bot.sandbox.slack.seed import MAIL_OPS
from tests.e2e.test_story_fix import is_card
from tests.support.house import LOG_LINE, at_home

SHOWN, HIDDEN, ELSEWHERE = Discretion(), Discretion(key=b"k" * 32), Discretion(key=b"e" * 32)
ANNE = HIDDEN("anne@example.com")


def test_the_same_address_has_the_same_pseudonym_and_another_one_elsewhere() -> None:
    assert HIDDEN("Anne@EXAMPLE.com").lower() == ANNE
    assert ANNE.startswith("~")
    assert ANNE.endswith("@example.com")
    assert len(ANNE) == len("~0123456789@example.com")
    assert ELSEWHERE("anne@example.com") != ANNE
    assert HIDDEN("bob@example.com") != ANNE
    assert HIDDEN("anne@example.org").partition("@")[0] != ANNE.partition("@")[0]


def test_a_pseudonym_stays_itself_and_is_never_sent_to_a_host() -> None:
    assert HIDDEN(f"to=<{ANNE}>, again {ANNE}") == f"to=<{ANNE}>, again {ANNE}"
    assert not TOKEN.fullmatch(ANNE)


@pytest.mark.parametrize(
    "text",
    [
        "to=<{}>, relay=local",
        "from=<{}> to=<root@localhost>",
        "sasl_username={}, x",
        "user={} ok",
        "'{}'",
        '"{}"',
        "({})",
        "/var/mail/{}/cur",
        "lookup error for \"{}\"",
        "邮件发给{}了",
        "Anne <{}>; next",
        "{}: Recipient address rejected",
        "see {}.",
    ],
)  # fmt: skip
def test_an_address_is_replaced_wherever_it_stands(text: str) -> None:
    assert HIDDEN(text.format("anne@example.com")) == text.format(ANNE)
    assert SHOWN(text.format("anne@example.com")) == text.format("anne@example.com")


@pytest.mark.parametrize(
    "text",
    [
        "to=<anne>", "orig_to=<anne>, x", 'unknown user: "anne"', "sasl_username=anne", "sasl_username=anne, x", "anne@mx1",
        "bounce+anne=example.org@lists.example.com", '"anne b"@example.com', "anne@[192.0.2.1]", "änne.anne@example.com",
    ],
)  # fmt: skip
def test_so_is_a_name_that_the_log_marks_and_every_form_of_address(text: str) -> None:
    assert "anne" not in HIDDEN(text)
    assert "~" in HIDDEN(text)


@pytest.mark.parametrize(
    "text",
    [
        "postfix@-.service", "systemctl start postfix@-", "getty@tty1.service: main process exited", "from=<>", "to=<root>",
        "postmaster@example.com", "MAILER-DAEMON@mx1.example.com", "double-bounce@mx1", "@example.com", "a @ b",
        "parameter inet_interfaces: no local interface found for 127.0.0.1", "user=postfix",
    ],
)  # fmt: skip
def test_what_names_no_person_stays(text: str) -> None:
    assert HIDDEN(text) == text


def test_facts_of_every_shape_are_treated_and_reasons_stay() -> None:
    unknown = Unknown(reason=Reason.TIMED_OUT, detail="for anne@example.com")
    assert HIDDEN.value(("anne@example.com", 5, None, True)) == (ANNE, 5, None, True)
    assert HIDDEN.value(unknown) == Unknown(reason=Reason.TIMED_OUT, detail=f"for {ANNE}")
    assert SHOWN.value(unknown) is unknown


def test_problems_are_recognised_as_before() -> None:
    library = load([BUILT_IN])
    matcher = Matcher(library.values())
    changed = 0
    for folder in library.folders.values():
        for case in cases(folder):
            replaced = HIDDEN(case.paste)
            changed += replaced != case.paste
            before, after = matcher.recognise(case.paste), matcher.recognise(replaced)
            assert [one.problem for one in after.sure] == [one.problem for one in before.sure], case.paste
            assert after.hosts == before.hosts
    assert changed > 20


async def test_in_slack_and_in_the_database_there_is_only_the_pseudonym(tmp_path: Path) -> None:
    async with at_home(tmp_path, pseudonyms=True) as house:
        house.fleet.logs = [LOG_LINE, 'postfix/local[1]: 4F37: to=<wilma@example.com>, status=bounced (unknown user: "wilma")']
        house.fleet.says = "sorry, wilma@example.com"
        ts = await house.ana.says(MAIL_OPS, f"@postmedic for wilma@example.com\n{LOG_LINE} wilma@example.com")
        card = await house.ana.waits_for(is_card, thread=ts)
        await house.ben.clicks(card, "approve")
        await house.ana.command("/postfix check host02")
        await house.ana.command("/postfix look for wilma@example.com")
        await house.quiet()
        shown = json.dumps([call["arguments"] for call in house.running.workspace.journal.calls])
        mine = str([one for one in await house.ana.reads() if one.get("bot_id")])
        key = await house.store.key("pseudonyms")
        assert await house.store.key("pseudonyms") == key
        assert Discretion(key=key)("wilma@example.com") in shown
        assert "wilma" not in shown + mine
        events = str([event async for event in house.store.events.read()])
    stored = b"".join(file.read_bytes() for file in tmp_path.glob("postmedic.db*"))
    assert b"wilma" not in stored + events.encode()
    assert b"~" in stored
