"""Does Postfix check incoming mail by a certain rule: is a restriction set, in which list, and what stands before it?

Looks at the lists of main.cf and at what master.cf overrides. Never reads the tables that a restriction names.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.facts.base import fact
from bot.facts.pairs import SHELL, pairs
from bot.facts.settings import MASK
from bot.model.fact import Unknown
from bot.model.probe import Probe, Reading

RULES = Probe(
    name="rules",
    script=rf"""
{SHELL}
need postconf sed awk
mask='{MASK}'
{{
    for one in client helo sender relay recipient data; do postconf -x "smtpd_${{one}}_restrictions" 2>/dev/null; done
    postconf -x postscreen_dnsbl_sites 2>/dev/null
    postconf -P 2>/dev/null | grep -E '/smtpd_[a-z_]+_restrictions = '
}} | sed -E "$mask" | tr ',' ' ' | awk '{{ for (i = 3; i <= NF; i++) print "word=" $1 " " $i }}'
echo end=ok
""".strip(),
    bytes=32768,
)
_TRUSTING = frozenset({"permit_mynetworks", "permit_sasl_authenticated"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Restriction:
    """One restriction as it is set: `where` names its list, `value` is the word after it, both empty where it is not set."""

    set: bool
    where: str
    value: str
    trusts: bool  # earlier in that list mynetworks or clients that logged in are permitted


@fact("restriction", RULES, parameters=("word",))
def restriction(reading: Reading, name: str) -> Restriction | Unknown:
    """Whether a restriction is set, and where (Restriction: set, where, value, trusts); `check_` stands for all so begun."""
    values = pairs(reading)
    if isinstance(values, Unknown):
        return values
    listed = [line.partition(" ") for line in values.get("word", ())]
    for number, (where, _, word) in enumerate(listed):
        if word == name or (name.endswith("_") and word.startswith(name)):
            after = listed[number + 1] if number + 1 < len(listed) else ("", "", "")
            before = {other for other_list, _, other in listed[:number] if other_list == where}
            value = after[2][:120] if after[0] == where else ""
            return Restriction(set=True, where=where[:120], value=value, trusts=bool(before & _TRUSTING))
    return Restriction(set=False, where="", value="", trusts=False)
