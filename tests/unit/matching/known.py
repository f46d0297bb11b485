"""Small problems in the form of knowledge entries, written for these tests alone."""

from __future__ import annotations

from collections.abc import Sequence

from bot.matching import Matcher
from bot.model.problem import Phrases, Problem
from bot.model.text import Text


def problem(
    id: str,
    *signatures: str,
    en: Sequence[str] = (),
    zh: Sequence[str] = (),
    yields_to: Sequence[str] = (),
) -> Problem:
    """A problem that is only recognised: it has neither causes nor fixes."""
    return Problem(
        id=id,
        version=1,
        title=Text(en=id, zh=id),
        references=(),
        signatures=signatures,
        phrases=Phrases(en=tuple(en), zh=tuple(zh)),
        yields_to=tuple(yields_to),
        facts=(),
        derived=(),
        causes=(),
        fixes={},
        lab=(),
        digest="",
    )


PROBLEMS = (
    problem(
        "startup-no-local-interface",
        "parameter inet_interfaces: no local interface found for {address:ip}",
        en=["postfix start|run no loopback|localhost interface"],
        zh=["postfix 启动失败|起不来 没有本地接口|无本地接口|回环"],
    ),
    problem("startup-port-in-use", "bind {address:ip} port {port:port}: Address already in use"),
    problem("resource-child-crash", "{program:path}: bad command startup -- throttling", yields_to=["*"]),
    problem("recv-relay-access-denied", "RCPT from {client:peer}: {code:code} <{recipient:email}>: Relay access denied"),
    problem("recv-lost-connection", "lost connection after {command:word} from {client:peer}", yields_to=["recv-*", "table-*"]),
    problem("table-missing-db", "open database {file:path}.db: No such file or directory"),
    problem("table-aliases-missing", "open database {directory:path}/aliases.db: No such file or directory"),
    problem("table-stale-db", "database {database:path} is older than source file {source:path}"),
    problem("send-port25-blocked", "connect to {host:host}[{address:ip}]:25: Connection timed out"),
    problem(
        "send-remote-user-unknown",
        "host {server:peer} said: {code:code} {_:text} account that you tried to reach does not exist",
    ),
    problem("resource-disk-full", "Insufficient system storage", zh=["postfix maildrop 小文件|inode"]),
    problem("sasl-dovecot-socket", "SASL: Connect to {socket:path} failed: {error:text}"),
    problem("sasl-no-mechanisms", "fatal: no SASL authentication mechanisms", yields_to=["sasl-dovecot-socket"]),
)

MATCHER = Matcher(PROBLEMS)


def first(text: str) -> str | None:
    """The id that would be posted unprompted, or None."""
    sure = MATCHER.recognise(text).sure
    return sure[0].problem if sure else None
