"""`postmedic`, the command line. Every command is one file in `bot/cli/` and is imported only when it is called."""

from __future__ import annotations

import argparse
import errno
import importlib
import io
import os
import re
import signal
import sys
import time
from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path

from bot import config
from bot.cli.status import Status
from bot.errors import NotWritten, PostmedicError
from bot.model.text import LANGS, Lang
from bot.render.redact import redact
from bot.render.visible import visible

ENDED_BY = 128  # and the number of a signal, as shells say it
_NOT_WRITTEN = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def parser() -> argparse.ArgumentParser:
    """The whole command line; docs/commands.md is tested against it."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--settings", type=Path, help="the settings file (default: postmedic.toml, if it is there)")
    common.add_argument("--lang", choices=LANGS, help="in which language to speak")
    top = argparse.ArgumentParser(prog="postmedic", description="Recognise, measure and mend problems of Postfix hosts.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, where: str, says: str, under: argparse._SubParsersAction[argparse.ArgumentParser] = commands):  # type: ignore[no-untyped-def]
        one = under.add_parser(name, help=says, description=says, parents=[common])
        one.set_defaults(run=where)
        return one

    check = command("check", "check:run", "measure the general health of a host, or of this machine with `local`")
    check.add_argument("host")
    check.add_argument("--json", action="store_true", help="plain values for scripts")
    diagnose = command("diagnose", "diagnose:run", "recognise a log on standard input, and measure its causes with --host")
    diagnose.add_argument("--host", help="a host of the inventory, or `local`")
    diagnose.add_argument("--json", action="store_true", help="plain values for scripts")
    match = command("match", "match:run", "name the problems a paste shows, without contacting anything")
    match.add_argument("--paste", help="a file, or - for standard input")
    match.add_argument("--jsonl", action="store_true", help='read {"id", "text"} objects, one a line, and answer each')
    match.add_argument("--json", action="store_true", help="plain values for scripts")
    about = commands.add_parser("knowledge", help="for people who write problems").add_subparsers(required=True, metavar="WHAT")
    new = command("new", "scaffold:run", "begin an entry that says what to write next", about)
    new.add_argument("id", help="area-name, e.g. startup-no-interface")
    new.add_argument(
        "--in", dest="folder", type=Path, metavar="DIR", help="in which folder of entries (default: knowledge_paths)"
    )
    new.add_argument("--paste", metavar="FILE", help="a log to make the first signature of; - for standard input")
    command("check", "knowledge:check", "lint the entries and run their cases", about).add_argument("id", nargs="?")
    kept = command("record", "knowledge:keep", "measure on a host and keep every raw reading as a case", about)
    kept.add_argument("id")
    where = kept.add_mutually_exclusive_group(required=True)
    where.add_argument("--host", help="a host of the inventory, or `local`")
    where.add_argument("--silent", action="store_true", help="no host: as if no probe answered")
    kept.add_argument("--case", type=_case, required=True, help="the name of the case, e.g. was-wrong")
    command("show", "knowledge:show", "print what an entry says", about).add_argument("id")
    trial = command("try", "trial:run", "which signature or phrase a paste matches, and why nothing is said", about)
    trial.add_argument("--paste", metavar="FILE", help="a file, or - for standard input (the default)")
    trial.add_argument("--json", action="store_true", help="plain values for scripts")
    unmatched = command("unmatched", "unmatched:run", "what people asked about and no entry explains", about)
    unmatched.add_argument("--json", action="store_true", help="plain values for scripts")
    digest = command("digest", "knowledge:digest", "print the digest of the entries, to pin it or to sign it", about)
    digest.add_argument("--in", dest="folder", type=Path, metavar="DIR", help="only of the entries in this folder, to sign it")
    ago = "only from this time on: 2026-11-28, 2026-11-28T09:30 (UTC), or how long ago, as in 36h or 7d"
    record = commands.add_parser("audit", help="who did what, and is the record whole").add_subparsers(
        required=True, metavar="WHAT"
    )
    shown = command("show", "audit:show", "print what became of every change, from the audit chain", record)
    shown.add_argument("--host", help="only what happened on this host")
    shown.add_argument("--plan", help="only the plan with this id")
    shown.add_argument("--since", type=_since, default=0.0, help=ago)
    shown.add_argument("--json", action="store_true", help="plain values for scripts")
    verified = command("verify", "audit:verify", "look whether the audit chain was altered", record)
    verified.add_argument(
        "--anchors", type=Path, help="a file (-: standard input) with what places outside remember, in any log"
    )
    verified.add_argument("--host", default="", help="the file is this host's journal: steps of other hosts do not explain it")
    exported = command("export", "audit:export", "print every event as it is stored, one a line", record)
    exported.add_argument("--since", type=_since, default=0.0, help=ago)
    command("serve", "serve:run", "connect to Slack and serve until stopped")
    demo = command("demo", "demo:run", "a local workspace, sample hosts and the bot, in your browser; no Slack account needed")
    demo.add_argument("--port", type=_port, default=8080, help="where the page is served on loopback")
    demo.add_argument("--inventory", type=Path, help="use the hosts of this inventory instead of the sample hosts")
    demo.add_argument("--samples", type=Path, help='the pastes the page offers: a JSON list of {"title", "text"}')
    approve = command("approve", "approve:run", "read a high risk plan, and confirm it outside Slack with your SSH key")
    approve.add_argument("plan", help="the plan's id, as its card in Slack shows it")
    approve.add_argument("--as", dest="person", help="your name in the inventory (default: who has your login)")
    how = approve.add_mutually_exclusive_group()  # who asks for the words only must not have signed them
    how.add_argument("--text", action="store_true", help="print only the words to sign")
    how.add_argument("--key", type=Path, help="sign with this private key")
    how.add_argument("--signature", help="a signature made elsewhere: a file, or - for standard input")
    approve.add_argument("--break-glass", action="store_true", help="confirm that you break the glass, not an approval")
    freeze = command("freeze", "freezing:freeze", "stop every change on every host that was not yet sent")
    freeze.add_argument("reason", nargs="*", help="why; everybody will see it")
    command("unfreeze", "freezing:unfreeze", "let approved changes run again")
    doctor = command("doctor", "doctor:run", "what is wrong with settings, Slack or hosts, and the command that mends it")
    doctor.add_argument("host", nargs="?", help="look only at this host of the inventory")
    doctor.add_argument("--json", action="store_true", help="plain values for scripts")
    command("version", "version:run", "print the version and the digest of the program's files")
    enroll = command("enroll", "enroll:run", "print the script with which an administrator enrols a mail host, or ends that")
    enroll.add_argument("host")
    enroll.add_argument("--uninstall", action="store_true", help="the script that takes everything away from the host again")
    enroll.add_argument("--probe-key", help="the private key file for reading, for a host the inventory does not hold yet")
    enroll.add_argument("--fix-key", help="the private key file for fixes; without one, postmedic can only read there")
    enroll.add_argument("--files", type=Path, metavar="FOLDER", help="write the files there instead, for the Ansible role")
    return top


def _port(text: str) -> int:
    if not text.isdecimal() or len(text) > 5 or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{visible(text[:40])} is no port number from 0 to 65535")
    return int(text)


def _case(text: str) -> str:
    """The name of a file among the cases, and of no other."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,63}", text):
        raise argparse.ArgumentTypeError(f"{visible(text[:40])} is not of small letters, digits and hyphens")
    return text


def _since(text: str) -> float:
    """A time as UTC seconds since the epoch."""
    found = re.fullmatch(r"([0-9]{1,6})([mhd])", text)
    if found:
        return time.time() - int(found[1]) * {"m": 60, "h": 3600, "d": 86400}[found[2]]
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{visible(text[:40])} is no time such as 2026-11-28, 2026-11-28T09:30 or 7d"
        ) from None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _language(given: Namespace) -> Lang:
    """In which language an error is told, also where the settings are the error."""
    try:
        return given.lang or config.load(given.settings).lang
    except PostmedicError:
        return given.lang or "en"


def main(arguments: list[str] | None = None) -> int:
    """Run one command and give its exit status; errors are one clear message on standard error."""
    _make_streams_usable()
    given = Namespace(lang=None, settings=None)
    try:
        try:
            parser().parse_args(arguments, given)
            module, _, function = given.run.partition(":")
            status = int(getattr(importlib.import_module(f"bot.cli.{module}"), function)(given))
        finally:
            sys.stdout.flush()  # what cannot be written is to be said here and not behind our back
    except PostmedicError as error:
        return _refused(error, given)
    except KeyboardInterrupt:
        return ENDED_BY + signal.SIGINT
    except BrokenPipeError:  # the reader of our output went away, e.g. `| head`: what was found may not have been told
        _write_no_more()
        return ENDED_BY + signal.SIGPIPE
    except OSError as error:
        if error.errno not in _NOT_WRITTEN or error.filename is not None:
            raise
        _write_no_more()
        return _refused(NotWritten(detail=error.strerror), given)
    return status


def _refused(error: PostmedicError, given: Namespace) -> Status:
    print(f"{error.code}: {visible(redact(error.said(_language(given)))[0])}", file=sys.stderr)
    return Status.USAGE


def _make_streams_usable() -> None:
    """A closed stream is an empty one, a log may hold bytes of any charset, and a terminal may lack some of our characters."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            os.dup2(opened := os.open(os.devnull, os.O_RDWR), number)
            if opened != number:
                os.close(opened)
            setattr(sys, name, os.fdopen(number, "w" if number else "r", encoding="utf-8", closefd=False))
    for stream, errors in ((sys.stdin, "replace"), (sys.stdout, "backslashreplace"), (sys.stderr, "backslashreplace")):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=errors)
    if not os.environ.get("COLUMNS", "1").strip("0"):  # a terminal without a size: nothing would be printed at all
        del os.environ["COLUMNS"]


def _write_no_more() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
