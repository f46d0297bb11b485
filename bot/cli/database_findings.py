"""Can the database be used, and is what it holds kept from others? Only looks: opening an absent file would make it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from bot.cli.findings import Finding, Verdict
from bot.config import is_url, shown, there
from bot.errors import StoreUnavailable
from bot.render.visible import visible
from bot.store.store import Store

_NEAR = (None, "", "127.0.0.1", "::1", "localhost")


async def look_at_database(where: str) -> list[Finding]:
    """Every finding about the database at a path or an address; its password is never shown."""
    if is_url(where):
        return [*_way(where), await _opened(where, f"psql '{shown(where)}' -c 'select 1'")]
    file = Path(where)
    if not there(where):
        return [_absent(file)]
    mend = f"ls -l {file}   # it must be a SQLite file that this account may read and write"
    return [*_rights(file), await _opened(where, mend)]


def _way(where: str) -> list[Finding]:
    url = urlsplit(where)
    if url.hostname in _NEAR or parse_qs(url.query).get("sslmode") == ["verify-full"]:
        return []
    says = f"the server of {shown(where)} is not verified: whoever stands between could read pastes and change plans"
    return [Finding(about="database", verdict=Verdict.FOUND, says=says, mend="add ?sslmode=verify-full to the address")]


def _absent(file: Path) -> Finding:
    if file.parent.is_dir():
        return Finding(about="database", verdict=Verdict.NOTED, says=f"{file} will be made at the first start")
    mend = f"mkdir -p {file.parent}"
    return Finding(about="database", verdict=Verdict.FOUND, says=f"there is no folder for {file}", mend=mend)


def _rights(file: Path) -> list[Finding]:
    if not file.stat().st_mode & 0o077:
        return []
    says = f"{file} holds what people pasted, and others may read it"
    return [Finding(about="database", verdict=Verdict.FOUND, says=says, mend=f"chmod 600 {file}")]


async def _opened(where: str, mend: str) -> Finding:
    try:
        behind = await Store.behind(where)
    except StoreUnavailable as error:
        return Finding(about="database", verdict=Verdict.FOUND, says=visible(str(error)), mend=mend)
    name = shown(where)
    if behind:
        says = f"{name} will be brought up to date at the next start; keep a copy of it until then"
        return Finding(about="database", verdict=Verdict.NOTED, says=says)
    return Finding(about="database", verdict=Verdict.FINE, says=f"{name} opens and is up to date")
