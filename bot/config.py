"""What is postmedic told at its start? Settings from one TOML file and the environment; it refuses to start when unsafe.

Every setting is a field of `Settings`; the environment name is `POSTMEDIC_` and the field in capitals, and it wins over
the file. docs/settings.md lists them all, and a test compares the two.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bot import rights, toml_file
from bot.errors import ConfigError
from bot.model.text import LANGS, Lang

DEFAULT_FILE = Path("postmedic.toml")
PREFIX = "POSTMEDIC_"
_NEARLY = 0.9  # how far the name of a variable is that of a setting; the prefix counts
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
SHOWN, PSEUDONYMS = "shown", "pseudonyms"
FOR_EVER = 0  # as keep_days
_RATE = (1, 1000, "how many changes may begin within an hour; more of them wait")
_NUMBERS = {
    "plan_minutes": (1, 240, "an approval is worth as much as the facts behind it are fresh"),
    "keep_days": (7, 3650, "what Slack delivers again must still be known; 0 keeps everything for ever"),
    "host_changes_per_hour": _RATE,
    "changes_per_hour": _RATE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings with their defaults; paths are relative to the settings file."""

    inventory: Path = Path("inventory.toml")
    database: str = field(default="postmedic.db", repr=False)  # a path, or a URL that may hold a password
    knowledge_paths: tuple[Path, ...] = ()
    knowledge_digest: str = ""
    knowledge_signers: Path | None = None
    lang: Lang = "en"
    channels: tuple[str, ...] = ()
    plan_minutes: int = 30
    keep_days: int = 90
    addresses: str = SHOWN
    audit_syslog: bool = True
    host_changes_per_hour: int = 6
    changes_per_hour: int = 20
    alarm_channels: tuple[str, ...] = ()
    slack_bot_token: str = field(default="", repr=False)
    slack_app_token: str = field(default="", repr=False)
    slack_api_url: str = "https://slack.com/api/"


def load(path: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings; without `path` the file is optional. Raises `ConfigError` that says what to correct."""
    environment = os.environ if environment is None else environment
    named = path or (Path(environment[PREFIX + "SETTINGS"]) if PREFIX + "SETTINGS" in environment else None)
    file = named or DEFAULT_FILE
    values: dict[str, Any] = _from_file(file) if named or _present(file) else {}
    known = {one.name for one in fields(Settings)}
    if unknown := sorted(set(values) - known):
        raise ConfigError(where=file, detail=f"the setting {unknown[0]!r} is not known; known are {', '.join(sorted(known))}")
    variables = {name: PREFIX + name.upper() for name in known}
    _refuse_misspelt(environment, {*variables.values(), PREFIX + "SETTINGS"})
    where: dict[str, object] = {}
    for name, variable in variables.items():
        if variable in environment:
            values[name], where[name] = environment[variable], variable
    return _checked(values, file, where)


def _present(file: Path) -> bool:
    """Whether there is a file to read; one that may not be looked at, or a link to nothing, is not the same as none."""
    try:
        file.lstat()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise ConfigError(where=file, detail=error.strerror or "it cannot be looked at") from error
    return True


def _refuse_misspelt(environment: Mapping[str, str], variables: Set[str]) -> None:
    """What nearly is a setting would be taken for one; other variables of this prefix may be somebody else's."""
    for name in sorted(environment):
        if name.startswith(PREFIX) and name not in variables and (meant := get_close_matches(name, variables, 1, _NEARLY)):
            raise ConfigError(where=name, detail=f"there is no such setting; {meant[0]} is one")


def _from_file(file: Path) -> dict[str, Any]:
    try:
        mode, exposed = file.stat().st_mode, rights.open_to_others(file)
        values = toml_file.read(file)
    except OSError as error:
        raise ConfigError(where=file, detail=error.strerror or "it cannot be read") from error
    except ValueError as error:
        raise ConfigError(where=file, detail=str(error)) from error
    if exposed:
        raise ConfigError(where=file, detail=exposed)
    if mode & (stat.S_IRGRP | stat.S_IROTH):
        if any(name.endswith("_token") for name in values):
            raise ConfigError(where=file, detail=f"it holds a token and others may read it; `chmod 600 {file}`")
        if is_url(database := str(values.get("database", ""))) and shown(database) != database:
            raise ConfigError(where=file, detail=f"it may hold a password and others may read it; `chmod 600 {file}`")
    return values


def there(database: str) -> bool:
    """Whether there is a database to open, as far as that can be told without opening it, which will say why it cannot."""
    try:
        return is_url(database) or Path(database).exists()
    except OSError:
        return True


def is_url(database: str) -> bool:
    """Whether the database is named by an address and not by the path of a file."""
    return "://" in database


def shown(database: str) -> str:
    """The database as it may be printed: an address without password and parameters."""
    if not is_url(database):
        return database
    begin, _, rest = database.partition("://")
    user, at, place = rest.partition("?")[0].rpartition("@")
    return f"{begin}://{user.partition(':')[0]}{at}{place}"


def _checked(values: dict[str, Any], file: Path, where: Mapping[str, object]) -> Settings:
    """Check the values; those that are not from the file have the place they are from in `where`."""

    def wrong(name: str, expected: str) -> ConfigError:
        return ConfigError(where=where.get(name, file), detail=f"{name} is {expected}")

    base = file.parent
    for name in ("inventory", "database", "knowledge_signers"):
        if name in values and (not isinstance(values[name], str) or not values[name]):
            raise wrong(name, "a path or an address" if name == "database" else "the path of a file")
    checked: dict[str, Any] = {"inventory": base / values.pop("inventory", Settings().inventory)}
    if "knowledge_signers" in values:
        checked["knowledge_signers"] = base / values.pop("knowledge_signers")
    checked["database"] = _database(values.pop("database", Settings().database), base, wrong)
    for name in ("knowledge_paths", "channels", "alarm_channels"):
        listed = values.pop(name, [])
        listed = [one.strip() for one in listed.split(",") if one.strip()] if isinstance(listed, str) else listed
        if not isinstance(listed, list) or not all(isinstance(one, str) and one for one in listed):
            raise wrong(name, "a list of texts")
        checked[name] = tuple(base / one for one in listed) if name == "knowledge_paths" else tuple(listed)
    syslog = values.pop("audit_syslog", True)
    syslog = {"true": True, "false": False}.get(syslog, syslog) if isinstance(syslog, str) else syslog
    if not isinstance(syslog, bool):
        raise wrong("audit_syslog", "true or false")
    checked["audit_syslog"] = syslog
    lang = values.pop("lang", "en")
    if lang not in LANGS:
        raise wrong("lang", f"one of {', '.join(LANGS)}")
    for name, (least, most, why) in _NUMBERS.items():
        number = values.pop(name, getattr(Settings(), name))
        number = int(number) if isinstance(number, str) and number.isdecimal() and len(number) < 10 else number
        fits = isinstance(number, int) and not isinstance(number, bool)
        if not fits or not (least <= number <= most or (name == "keep_days" and number == FOR_EVER)):
            raise wrong(name, f"a number from {least} to {most}: {why}")
        checked[name] = number
    addresses = values.pop("addresses", SHOWN)
    if addresses not in (SHOWN, PSEUDONYMS):
        raise wrong("addresses", f"{SHOWN} or {PSEUDONYMS}")
    if bad := sorted(name for name, value in values.items() if not isinstance(value, str)):
        raise wrong(bad[0], "a text")
    if not re.fullmatch(r"([0-9a-f]{64})?", values.get("knowledge_digest", "")):
        raise wrong("knowledge_digest", "64 hexadecimal digits, as `postmedic knowledge digest` prints them")
    _check_slack(values, wrong)
    return Settings(**checked, **values, lang=lang, addresses=addresses)


def _database(given: str, base: Path, wrong: Callable[[str, str], ConfigError]) -> str:
    if not is_url(given):
        return str(base / given)
    try:
        url = urlsplit(given)
        usable = url.scheme == "postgresql" and bool(url.path.strip("/")) and (url.port is None or url.port > 0)
    except ValueError:
        usable = False
    if not usable:
        raise wrong("database", "the path of a file, or postgresql://USER@HOST/DATABASE; special signs in it are %-encoded")
    return given


def _check_slack(values: Mapping[str, str], wrong: Any) -> None:
    for name, start in (("slack_bot_token", "xoxb-"), ("slack_app_token", "xapp-")):
        if values.get(name) and not values[name].startswith(start):
            raise wrong(name, f"a token that begins with {start}")
    try:
        url = urlsplit(values.get("slack_api_url", Settings().slack_api_url))
        usable = bool(url.hostname) and (url.port is None or url.port > 0)
    except ValueError:
        usable = False
    if not usable or (url.scheme != "https" and not (url.scheme == "http" and url.hostname in _LOOPBACK)):
        raise wrong("slack_api_url", "an https address, or a plain one on loopback")
