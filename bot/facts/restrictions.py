"""Does smtpd know every restriction that it is told to apply, and does one of them stop strangers from relaying?

The names are those of Postfix 3.5 to 3.11 (smtpd_check.c). What has a colon, slash, dot, `=` or brace is an argument of the
restriction before it: a table, a list's domain, a policy service.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.facts.base import derivation, first_unknown
from bot.facts.settings import words
from bot.model.fact import Unknown

_REJECT = """
fqdn_helo_hostname fqdn_hostname fqdn_recipient fqdn_sender invalid_helo_hostname invalid_hostname maps_rbl
multi_recipient_bounce non_fqdn_helo_hostname non_fqdn_hostname non_fqdn_recipient non_fqdn_sender plaintext_session
rbl rbl_client recipient_domain_unknown rhsbl_client rhsbl_helo rhsbl_recipient rhsbl_reverse_client rhsbl_sender
sender_login_mismatch authenticated_sender_login_mismatch known_sender_login_mismatch unauthenticated_sender_login_mismatch
unauth_destination unauth_pipelining unknown_address unknown_client unknown_client_hostname
unknown_forward_client_hostname unknown_helo_hostname unknown_hostname unknown_recipient_domain
unknown_reverse_client_hostname unknown_sender_domain unlisted_recipient unlisted_sender unverified_recipient
unverified_sender
"""
_PERMIT = """
auth_destination dnswl_client inet_interfaces mx_backup mynetworks naked_ip_address rhswl_client sasl_authenticated
tls_all_clientcerts tls_clientcerts
"""
_CHECK = """
address_map ccert_access client_a_access client_access client_mx_access client_ns_access etrn_access helo_a_access
helo_access helo_mx_access helo_ns_access policy_service recipient_a_access recipient_access recipient_maps
recipient_mx_access recipient_ns_access relay_domains reverse_client_hostname_a_access
reverse_client_hostname_access reverse_client_hostname_mx_access reverse_client_hostname_ns_access sasl_access
sender_a_access sender_access sender_mx_access sender_ns_access
"""
_ALONE = "permit reject defer defer_if_permit defer_if_reject warn_if_reject sleep defer_unauth_destination permit_any"
KNOWN = frozenset(
    _ALONE.split()
    + [f"reject_{name}" for name in _REJECT.split()]
    + [f"permit_{name}" for name in _PERMIT.split()]
    + [f"check_{name}" for name in _CHECK.split()]
)
# One of these before the end keeps strangers from relaying: the list smtpd itself insists on.
_GUARDS = frozenset(
    {"reject_unauth_destination", "defer_unauth_destination", "reject", "defer", "defer_if_permit", "check_relay_domains"}
)
_ARGUMENT = frozenset(":/.={}[]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Restrictions:
    """What the smtpd restriction lists hold: the first name that smtpd does not know with its parameter (`-` without one),
    and whether smtpd's own demand for a guard against relaying is met."""

    unknown: str
    parameter: str
    guarded: bool

    @property
    def sound(self) -> bool:
        return self.unknown == "-"


@derivation("restrictions")
def restrictions(
    client: object, helo: object, sender: object, relay: object, recipient: object, data: object, classes: object
) -> Restrictions | Unknown:
    """The first restriction smtpd does not know, and whether relaying is guarded, from the expanded lists (Restrictions)."""
    lists = {"client": client, "helo": helo, "sender": sender, "relay": relay, "recipient": recipient, "data": data}
    named = {name: value for name, value in lists.items() if isinstance(value, str)}
    if len(named) < len(lists) or not isinstance(classes, str):
        return first_unknown(*lists.values(), classes)
    own = set(words(classes))
    strange = ((name, word) for name, value in named.items() for word in _names(value))
    where, unknown = next(((name, word) for name, word in strange if word.lower() not in KNOWN and word not in own), ("", ""))
    guards = {word.lower() for word in (*_names(named["relay"]), *_names(named["recipient"]))}
    return Restrictions(
        unknown=unknown[:64] if unknown else "-",
        parameter=f"smtpd_{where}_restrictions" if unknown else "-",
        guarded=bool(guards & _GUARDS),
    )


def _names(value: str) -> list[str]:
    return [word for word in words(value) if not _ARGUMENT & set(word) and not word.isdecimal()]
