"""What someone with a stolen key would try to say; every one of these must be refused."""

from __future__ import annotations

from collections.abc import Sequence

import asyncssh

from bot.model.host import Account, Host

MARK = "0123456789abcdef01234567"
TOUCH = "touch /tmp/postmedic-escaped"


def escapes(plain: str, typed: str, operation: str) -> tuple[str | None, ...]:
    """What is said around a probe without words, one that takes a host and a port, and an operation that takes one word."""
    return (
        None,  # a request for a shell
        " ",
        "id",
        "sh",
        "bash -i",
        "/bin/sh -c id",
        "read",
        "ask",
        "run",
        f"read {MARK}",
        f"read {MARK[:-1]} {plain}",
        f"read {MARK}0 {plain}",
        f"read {MARK.upper()} {plain}",
        f"READ {MARK} {plain}",
        f"read {MARK} {plain}; id",
        f"read {MARK} {plain};id",
        f"read {MARK} {plain} && id",
        f"read {MARK} {plain} & id",
        f"read {MARK} {plain} | id",
        f"read {MARK} {plain} || id",
        f"read {MARK} {plain}\nid",
        f"read {MARK} {plain}\rid",
        f"read {MARK} {plain}\tid",
        f"read {MARK} {plain}\u2028id",
        f"read {MARK} {plain}\u00a0id",
        f"read {MARK} {plain}\x00id",
        f"read {MARK} {plain} > /tmp/postmedic-escaped",
        f"read {MARK} {plain} >/tmp/postmedic-escaped",
        f"read {MARK} {plain} < /etc/shadow",
        f"read {MARK} $(id)",
        f"read {MARK} `id`",
        f"read {MARK} ${{IFS}}id",
        f"read {MARK} $SHELL",
        f"read {MARK} ~root",
        f"read {MARK} *",
        f"read {MARK} {plain[:-1]}?",
        f"read {MARK} [{plain[0]}]{plain[1:]}",
        f"read {MARK} {{{plain},{plain}}}",
        f"read {MARK} '{plain}'",
        f'read {MARK} "{plain}"',
        f"read {MARK} {plain[:-1]}\\{plain[-1]}",
        f"read {MARK} !{plain}",
        f"read {MARK} #{plain}",
        f"read {MARK} ({plain})",
        f"read {MARK} nothing-of-that-name",
        f"read {MARK} {plain} extra",
        f"read {MARK} {plain} -e",
        f"read {MARK} {typed} mail.example.org",
        f"read {MARK} {typed} mail.example.org 25 26",
        f"read {MARK} {typed} mail.example.org 70000",
        f"read {MARK} {typed} mail.example.org -1",
        f"read {MARK} {typed} -oProxyCommand=id 25",
        f"read {MARK} {typed} ../etc/shadow 25",
        f"read {MARK} {typed} /etc/shadow 25",
        f"read {MARK} {typed} a..b 25",
        f"read {MARK} -c id",
        f"read {MARK} --help",
        f"read {MARK} known",
        f"read {MARK} main",
        f"read {'a' * 100_000} {plain}",
        f"read {MARK} {'a' * 100_000}",
        f"run e1 0 {operation} etc/../tmp/postmedic-escaped; {TOUCH}",
        f"run e1 0 {operation} etc/../tmp/postmedic-escaped",
        f"run e1 0 {operation} /tmp/postmedic-escaped",
        f"run e1 0 {operation} -f",
        f"run e1 0 {operation} $(touch${{IFS}}/tmp/postmedic-escaped)",
        f"run e1 0 {operation} tmp/x tmp/y",
        f"run e1 0 {operation}",
        "run e1 0 keep etc/passwd",
        "run e1 0 perform",
        "run ../e1 0 fail",
        "run e1/../../e2 0 fail",
        "run -e 0 fail",
        "run e1 -1 fail",
        "run e1 00 fail",
        "run e1 1000 fail",
        "run e1 x fail",
        "run e1 0 FAIL",
        "run e1 0 fail\nrun e1 1 fail",
        "step e1 0",
        "perform e1 0",
        "ask e1",
        "ask e1 0 extra",
        "ask ../../etc 0",
        f"scp -t {TOUCH}",
        "scp -f /etc/shadow",
        "/usr/lib/openssh/sftp-server",
        "rsync --server --sender . /etc",
        "git-upload-pack /etc",
        "env LD_PRELOAD=/tmp/x.so id",
        "sudo -n id",
        TOUCH,
    )


ESCAPES = escapes("greeting", "echo", "append")


async def say(
    host: Host, account: Account | None, commands: Sequence[str | None]
) -> list[tuple[str | None, asyncssh.SSHCompletedProcess]]:
    """Say anything at all, as someone holding a key could; what the connection did not survive has no answer."""
    assert account is not None
    answers = []
    connection = None
    for command in commands:
        if connection is None or connection.is_closed():
            connection = await asyncssh.connect(
                host.address, host.port, username=account.user, client_keys=[account.key], known_hosts=None, config=None
            )
        try:
            answers.append((command, await connection.run(command, encoding=None, stdin=asyncssh.DEVNULL, timeout=10)))
        except (asyncssh.Error, OSError):
            connection.abort()
            connection = None
    if connection is not None:
        connection.abort()
    return answers
