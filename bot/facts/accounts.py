"""Does the user exist whose number a message names? All numbers are read, so that none of a paste is sent to the host."""

from __future__ import annotations

from bot.facts.base import derivation, fact, first_unknown
from bot.facts.pairs import SHELL, pairs, text
from bot.model.fact import Reason, Unknown
from bot.model.probe import Probe, Reading

ACCOUNTS = Probe(
    name="accounts",
    script=SHELL
    + """
need getent
echo "sources=$(sed -nE 's/^passwd:[[:space:]]*//p' /etc/nsswitch.conf 2>/dev/null)"
getent passwd | awk -F: 'NR <= 2000 { print "id=" $3 }'
echo end=ok
""",
    bytes=32768,
)
_LOCAL = frozenset({"files", "compat", "systemd", "db"})  # these list all their users


@fact("accounts", ACCOUNTS)
def accounts(reading: Reading) -> tuple[int, ...] | Unknown:
    """The numbers of all users of the host (tuple of int); unknown where a directory may know more."""
    values = pairs(reading)
    if isinstance(values, Unknown):
        return values
    sources = {word for word in text(values, "sources").split() if word[:1].isalpha()}
    if sources - _LOCAL:
        return Unknown(reason=Reason.NOT_APPLICABLE, detail="users also come from a directory that does not list them all")
    return tuple(int(one) for one in values.get("id", ()) if one.isascii() and one.isdecimal() and len(one) <= 10)


@derivation("account-of")
def account_of(uid: object, known: object) -> str | Unknown:
    """Whether the user number a text names belongs to a user: known, missing, or none where it names none (str)."""
    if not isinstance(uid, (int, str)) or not str(uid).isdecimal():
        return "none"
    if not isinstance(known, tuple):
        return first_unknown(known)
    return "known" if int(uid) in known else "missing"
