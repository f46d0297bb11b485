"""D8: secrets are masked in whatever a person pastes, before it is stored or logged, and ordinary lines pass untouched."""

from __future__ import annotations

import io
import json
import logging
import random
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.__main__ import main
from bot.authoring.record import record
from bot.cli.findings import Finding, Verdict
from bot.cli.log import Lines
from bot.cli.status import Status
from bot.connectors.replay import ReplayReader
from bot.diagnosis.gather import gather
from bot.errors import HostUnreachable, PostmedicError
from bot.knowledge.cases import cases
from bot.knowledge.library import BUILT_IN, load
from bot.matching import Matcher
from bot.model.fact import FactUse
from bot.model.probe import Reading
from bot.render.redact import MASK, redact
from bot.sandbox.slack.seed import MAIL_OPS
from tests.e2e.test_story_fix import is_card, shows
from tests.promises.secret_forms import ALL, CANARIES, ENCODED, FORMS, NO_SECRETS, SECRET
from tests.support.house import LOG_LINE, at_home

ORDINARY = (Path(__file__).parent / "ordinary.log").read_text(encoding="utf-8").splitlines()
TEMPLATES = (
    "postfix/smtpd[{n}]: connect from {host}[{ip}]",
    "postfix/smtpd[{n}]: disconnect from {host}[{ip}] ehlo=2 starttls=1 auth=1 mail=1 rcpt=1 data=1 quit=1 commands=8",
    "postfix/smtpd[{n}]: {qid}: client={host}[{ip}], sasl_method=PLAIN, sasl_username={user}",
    "postfix/smtpd[{n}]: warning: {host}[{ip}]: SASL LOGIN authentication failed: UGFzc3dvcmQ6",
    "postfix/smtpd[{n}]: NOQUEUE: reject: RCPT from {host}[{ip}]: 554 5.7.1 <{user}@{host}>: Relay access denied; proto=ESMTP",
    "postfix/cleanup[{n}]: {qid}: message-id=<{qid}.{n}@{host}>",
    "postfix/qmgr[{n}]: {qid}: from=<{user}@{host}>, size={n}, nrcpt=1 (queue active)",
    "postfix/smtp[{n}]: {qid}: to=<{user}@{host}>, relay={host}[{ip}]:25, dsn=2.0.0, status=sent (250 2.0.0 Ok: {qid})",
    "postfix/smtp[{n}]: connect to {host}[{ip}]:25: Connection timed out",
    "postfix/smtp[{n}]: Untrusted TLS connection established to {host}[{ip}]:25: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384",
    "postfix/anvil[{n}]: statistics: max connection rate 1/60s for (smtp:{ip}) at Nov 20 10:11:12",
    'postfix/local[{n}]: {qid}: to=<{user}@{host}>, relay=local, status=bounced (unknown user: "{user}")',
    "postfix/trivial-rewrite[{n}]: warning: do not list domain {host} in BOTH mydestination and virtual_mailbox_domains",
    "dovecot: auth: passwd-file({user},{ip}): unknown user",
    "dovecot: imap-login: Login: user=<{user}>, method=PLAIN, rip={ip}, lip={ip}, mpid={n}, TLS, session=<{qid}/{n}>",
    "opendkim[{n}]: {qid}: DKIM-Signature field added (s=mail, d={host})",
)


@pytest.mark.parametrize("text", ALL)
def test_a_secret_is_masked_wherever_it_stands(text: str) -> None:
    for pasted in (text, f"before\n{text}\nafter", f"请看一下：\n{text}\n谢谢", f"{text}\r\n", text.replace("\n", "\r\n")):
        shown, masked = redact(pasted)
        assert [canary for canary in CANARIES if canary in shown] == []
        assert MASK in shown
        assert masked >= 1


def test_what_stands_around_a_secret_is_kept() -> None:
    text = f"one\n[smtp.example.com]:587 relayuser:{SECRET}\nbind_pw = {SECRET}\ntwo"
    assert redact(text) == (f"one\n[smtp.example.com]:587 relayuser:{MASK}\nbind_pw = {MASK}\ntwo", 2)


@pytest.mark.parametrize("line", [*ORDINARY, *NO_SECRETS])
def test_an_ordinary_line_passes_untouched(line: str) -> None:
    assert redact(line) == (line, 0)


def test_of_ten_thousand_ordinary_lines_fewer_than_one_in_a_thousand_is_altered() -> None:
    dice = random.Random(8)
    lines = list(ORDINARY)
    for problem in load([BUILT_IN]).folders.values():
        for case in cases(problem):
            lines += case.paste.splitlines()
            lines += [line for reading in case.readings.values() for line in reading.out.splitlines()]
    lines = list(dict.fromkeys(lines))
    while len(lines) < 10_000:
        words = {
            "n": dice.randrange(2, 99999),
            "ip": ".".join(str(dice.randrange(1, 255)) for _ in range(4)),
            "host": f"{dice.choice(['mx', 'smtp', 'a-b'])}{dice.randrange(99)}.{dice.choice(['example.com', 'lab'])}",
            "qid": "".join(dice.choices("0123456789ABCDEF", k=11)),
            "user": dice.choice(["anne", "bob.b", "info", "x+y", "password", "secret-santa", "token"]),
        }
        lines.append(f"Nov 20 10:11:12 mx1 {dice.choice(TEMPLATES).format(**words)}")
    altered = [line for line in lines if redact(line)[1]]
    assert len(lines) >= 10_000
    assert len(altered) * 1000 < len(lines), altered[:20]


def test_what_recognition_needs_remains() -> None:
    library = load([BUILT_IN])
    matcher = Matcher(library.values())
    tried = 0
    for folder in library.folders.values():
        for case in cases(folder):
            tried += bool(case.paste)
            assert [one.problem for one in matcher.recognise(redact(case.paste)[0]).sure] == [
                one.problem for one in matcher.recognise(case.paste).sure
            ]
    assert tried > 100


@given(st.text(max_size=300))
def test_masking_twice_changes_nothing_more(text: str) -> None:
    once, _ = redact(text)
    assert redact(once)[0] == once


@pytest.mark.parametrize("text", ALL)
def test_masking_a_masked_text_finds_nothing(text: str) -> None:
    assert redact(redact(text)[0])[1] == 0


@pytest.mark.parametrize(
    "piece",
    [
        *("a.", "[x] ", "334 \n", "://", "password=", "-----BEGIN PRIVATE KEY-----", " " * 50, "a@", "password_maps="),
        *("> ", "postmap -q sasl\na:", "static:a:", "mysql -p", "cfg_get_str: ", "[a.b]:1 ", "AUTH PLAIN AAAA1", "密码 "),
        *("A" * 16 + "\n", "\\0a", "a_", "a-"),
    ],
)
def test_a_hostile_paste_cannot_make_it_slow(piece: str) -> None:
    begin = time.thread_time()
    redact(piece * (65536 // len(piece)))
    assert time.thread_time() - begin < 2


PLANTED = "\n".join(ALL)


def assert_clean(what: str, where: str) -> None:
    """No canary may stand anywhere in the text."""
    found = [canary for canary in CANARIES if canary in what]
    assert found == [], f"{where} holds {found}: …{what[max(0, what.find(found[0]) - 200) :][:400]}…" if found else ""


async def test_every_flow_in_slack_keeps_the_canaries_out_of_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="handlers")
    caplog.set_level(logging.DEBUG, logger="bot")
    monkeypatch.setattr("handlers.worker.RETRY_SECONDS", 0.01)
    monkeypatch.setattr("handlers.worker.POLL_SECONDS", 0.02)
    async with at_home(tmp_path) as house:
        ana, ben = house.ana, house.ben
        house.fleet.logs = [f"postfix/smtpd[1]: {line}" for line in PLANTED.splitlines()] + PLANTED.splitlines() + [LOG_LINE]
        # Pastes: as message, mention, snippet, file name, shortcut; each with forms in groups, so that none hides another.
        for number, texts in FORMS.items():
            await ana.says(MAIL_OPS, "@postmedic what is this?\n" + "\n".join(texts) + f"\n{LOG_LINE} {number}")
        snippet = await ana.says(MAIL_OPS, "@postmedic and this?", snippet=f"{PLANTED}\n{LOG_LINE}")
        await ana.waits_for(shows("secrets in your message were masked"), thread=snippet)
        await ana.says(MAIL_OPS, f"{PLANTED[:3000]}\n{LOG_LINE}")
        message = next(m for m in await ana.reads() if m["ts"] == snippet)
        await ana.shortcut(message)
        # Orders in words.
        for texts in FORMS.values():
            await ana.command(f"/postfix {texts[0]}".replace("\n", " "))
        await ana.command(f"/postfix check password={SECRET}")
        # A check of a host whose log and queue hold secrets, then its fix fails and prints some, then one is denied.
        await ana.command("/postfix check host02")
        house.fleet.says = PLANTED
        ts = await ana.says(MAIL_OPS, LOG_LINE)
        card = await ana.waits_for(is_card, thread=ts)
        await ben.clicks(card, "approve")
        await ana.waits_for(shows("Failed"), thread=ts)
        ts = await ana.says(MAIL_OPS, LOG_LINE.replace("host01", "host02"))
        await ben.clicks(await ana.waits_for(is_card, thread=ts), "deny")
        modal = await ben.waits_for_view()
        assert await ben.submits(modal, {"reason": f"wrong: password={SECRET} AUTH PLAIN {ENCODED}"}) == {}
        await ana.waits_for(shows("*Denied*"), thread=ts)
        # Hosts that cannot be asked, and a handler that cannot go on.
        house.fleet.fails = PLANTED
        ts = await ana.says(MAIL_OPS, f"@postmedic once more\n{LOG_LINE}")
        await ana.waits_for(shows("could not be"), thread=ts)

        async def broken(*about: object) -> None:
            raise PostmedicError(detail=f"cannot go on with {PLANTED}")

        monkeypatch.setattr("handlers.checking.check", broken)
        ts = await ana.says(MAIL_OPS, "@postmedic check host01")
        await ana.waits_for(shows("could not handle this"), thread=ts)
        await house.quiet()
        calls = house.running.workspace.journal.calls
        assert len(calls) > 50
        assert_clean(json.dumps([call["arguments"] for call in calls], ensure_ascii=False), "Slack")
        answered = [one for one in await ana.reads() if one.get("bot_id") or one.get("ephemeral")]  # by response_url too
        assert len(answered) > 10
        assert_clean(json.dumps(answered, ensure_ascii=False), "what people see")
        events = [str(event) async for event in house.store.events.read()]
        assert len(events) > 3
    assert_clean("\n".join(events), "the audit chain")
    for file in tmp_path.glob("postmedic.db*"):
        assert_clean(file.read_bytes().decode("latin-1"), file.name)
    assert_clean(caplog.text, "the log")


async def test_a_secret_in_a_setting_is_masked_before_it_is_a_fact() -> None:
    said = f"[unexpanded]\nsmtpd_banner = hello password={SECRET}\nrelayhost = smtp://u:{SECRET}@relay\n"
    reader = ReplayReader({"settings": Reading(key="settings", exit=0, stdout=said.encode())}, host_key="k")
    uses = [FactUse(name="setting", arguments=(name,)) for name in ("smtpd_banner", "relayhost")]
    facts, _ = await gather(uses, (), {}, reader)
    assert dict(facts) == {"setting.smtpd_banner": f"hello password={MASK}", "setting.relayhost": f"smtp://u:{MASK}@relay"}


@pytest.mark.parametrize(
    "planted",
    [
        f" smtp_sasl_password_maps = static:relayuser:{SECRET}",
        f" AUTH PLAIN {ENCODED}",
        f" pgsql://u:{SECRET}@db",
        f"\npassword = {SECRET}\n[smtp.example.com]:587 u:{SECRET}",
        f",password={SECRET}",
    ],
)
async def test_no_fact_carries_what_stands_in_a_reading(planted: str) -> None:
    library = load([BUILT_IN])
    asked = 0
    for problem in library.values():
        for case in cases(library.folders[problem.id])[:2]:
            readings = {
                key: replace(
                    one,
                    stdout=(one.out.replace("\n", planted + "\n", 40) + planted).encode(),
                    stderr=one.stderr + planted.encode(),
                )
                for key, one in case.readings.items()
            }
            facts, error = await gather(problem.facts, problem.derived, {}, ReplayReader(readings, host_key="k"))
            assert_clean(json.dumps(dict(facts), default=str) + error, problem.id)
            asked += len(facts)
    assert asked > 300


def test_the_command_line_shows_and_keeps_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for order in (["diagnose", "--host", "local", "--json"], ["diagnose", "--host", "local"], ["match"], ["match", "--json"]):
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{PLANTED}\n{LOG_LINE} {PLANTED}"))
        assert main(order) in (Status.FINE, Status.FOUND, Status.UNMEASURED)
        said = capsys.readouterr()
        assert "no-local-interface" in said.out or "interface" in said.out
        assert_clean(said.out + said.err, " ".join(order))

    async def look(*about: object) -> list[Finding]:
        return [Finding(about="host01", verdict=Verdict.FOUND, says=f"it said {PLANTED}")]

    async def unreachable(*about: object) -> None:
        raise HostUnreachable(host="host01", detail=PLANTED)

    monkeypatch.setattr("bot.cli.doctor.look_at_hosts", look)
    for order in (["doctor"], ["doctor", "--json"]):
        main(order)
        assert_clean("".join(capsys.readouterr()), "doctor")
    monkeypatch.setattr("bot.cli.diagnose._run", unreachable)
    monkeypatch.setattr("sys.stdin", io.StringIO(LOG_LINE))
    assert main(["diagnose", "--host", "local"]) == Status.USAGE
    assert_clean("".join(capsys.readouterr()), "an error")


async def test_a_recorded_case_keeps_none() -> None:
    library = load([BUILT_IN])
    problem = library["startup-no-local-interface"]
    [one, *_] = [case for case in cases(library.folders[problem.id]) if case.readings]
    readings = {key: replace(reading, stdout=reading.stdout + PLANTED.encode()) for key, reading in one.readings.items()}
    kept, _ = await record(
        problem,
        f"{PLANTED}\n{LOG_LINE}",
        Matcher(library.values()),
        ReplayReader(readings, host_key="k"),
        name="kept",
        recorded={"host": "host01"},
    )
    assert_clean(f"{kept}", "the case")
    assert kept.readings


def test_the_programs_own_log_holds_none() -> None:
    record_ = logging.LogRecord("x", logging.ERROR, "f", 1, "Slack said %s", (PLANTED,), None)
    assert_clean(Lines("%(message)s").format(record_), "the log")
