"""Can the database be used, and is what it holds kept from others? Only looks: opening an absent file would make it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from bot.audit import syslog
from bot.cli.findings import Finding, Verdict, say
from bot.config import is_url, shown, there
from bot.errors import StoreUnavailable
from bot.model.text import Lang
from bot.render.visible import visible
from bot.store.store import Store

_NEAR = (None, "", "127.0.0.1", "::1", "localhost")


async def look_at_database(where: str, lang: Lang) -> list[Finding]:
    """Every finding about the database at a path or an address; its password is never shown."""
    if is_url(where):
        return [*_way(where, lang), await _opened(where, f"psql '{shown(where)}' -c 'select 1'", lang)]
    file = Path(where)
    if not there(where):
        return [_absent(file, lang)]
    return [*_rights(file, lang), await _opened(where, say("doctor-database-file-how", lang, file=file), lang)]


def look_at_witness(wanted: bool, lang: Lang, device: Path = syslog.DEVICE) -> list[Finding]:
    """Whether the system log keeps heads of the record; where it does there is nothing to say."""
    if wanted and device.exists():
        return []
    says = say("doctor-witness-absent", lang, device=device) if wanted else say("doctor-witness-off", lang)
    mend = say("doctor-witness-absent-how", lang) if wanted else "audit_syslog = true"
    return [Finding(about="record", verdict=Verdict.NOTED, says=says, mend=mend)]


def _way(where: str, lang: Lang) -> list[Finding]:
    url = urlsplit(where)
    if url.hostname in _NEAR or parse_qs(url.query).get("sslmode") == ["verify-full"]:
        return []
    says, mend = say("doctor-database-way", lang, database=shown(where)), say("doctor-database-way-how", lang)
    return [Finding(about="database", verdict=Verdict.FOUND, says=says, mend=mend)]


def _absent(file: Path, lang: Lang) -> Finding:
    if file.parent.is_dir():
        return Finding(about="database", verdict=Verdict.NOTED, says=say("doctor-database-new", lang, file=file))
    says = say("doctor-database-no-folder", lang, file=file)
    return Finding(about="database", verdict=Verdict.FOUND, says=says, mend=f"mkdir -p {file.parent}")


def _rights(file: Path, lang: Lang) -> list[Finding]:
    try:
        closed = not file.is_file() or not file.stat().st_mode & 0o077
    except OSError:  # opening it will say why
        closed = True
    if closed:
        return []
    says = say("doctor-database-open", lang, file=file)
    return [Finding(about="database", verdict=Verdict.FOUND, says=says, mend=f"chmod 600 {file}")]


async def _opened(where: str, mend: str, lang: Lang) -> Finding:
    try:
        behind = await Store.behind(where)
    except StoreUnavailable as error:
        return Finding(about="database", verdict=Verdict.FOUND, says=visible(error.said(lang)), mend=mend)
    name = shown(where)
    if behind:
        return Finding(about="database", verdict=Verdict.NOTED, says=say("doctor-database-behind", lang, database=name))
    return Finding(about="database", verdict=Verdict.FINE, says=say("doctor-database-fine", lang, database=name))
