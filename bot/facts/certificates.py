"""Can Postfix use the certificate and key of its own TLS service? Compares them on the host; a key never leaves it.

Postfix reads them as root before it gives up its rights, so a private mode is no trouble.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.facts.base import fact, unreadable
from bot.facts.pairs import SHELL, number, pairs, text
from bot.model.fact import Unknown
from bot.model.probe import Access, Probe, Reading

CERTIFICATES = Probe(
    name="certificates",
    access=Access.ROOT,
    script=rf"""
{SHELL}
need postconf openssl awk
level=$(postconf -xh smtpd_tls_security_level 2>/dev/null)
chain=$(postconf -xh smtpd_tls_chain_files 2>/dev/null | awk -F '[ ,]+' '{{ print $1 }}')
cert=${{chain:-$(postconf -xh smtpd_tls_cert_file 2>/dev/null)}}
key=${{chain:-$(postconf -xh smtpd_tls_key_file 2>/dev/null)}}
echo "level=$level"
echo "cert=$cert"
echo "key=$key"
case $cert in '' | none) state=none ;; *)
    if [ ! -e "$cert" ]; then state=no-cert
    elif ! public=$(openssl x509 -in "$cert" -noout -pubkey 2>/dev/null); then state=bad-cert
    elif [ ! -e "$key" ]; then state=no-key
    elif ! private=$(openssl pkey -in "$key" -pubout -passin pass: 2>/dev/null </dev/null); then state=bad-key
    elif [ "$public" != "$private" ]; then state=mismatch
    else state=usable; fi ;;
esac
echo "state=$state"
echo "now=$(date +%s)"
end=$(openssl x509 -in "$cert" -noout -enddate 2>/dev/null | sed 's/notAfter=//')
if [ -n "$end" ]; then echo "ends=$(date -d "$end" +%s 2>/dev/null)"; fi
echo end=ok
""".strip(),
    bytes=4096,
)
_STATES = frozenset({"none", "no-cert", "bad-cert", "no-key", "bad-key", "mismatch", "usable"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """The certificate that smtpd shows: `state` is none (no certificate set), no-cert, bad-cert, no-key, bad-key (damaged,
    or with a passphrase), mismatch (the key belongs to another certificate) or usable."""

    state: str
    cert: str
    key: str
    level: str  # smtpd_tls_security_level
    days: int  # until it ends, negative when it has ended; 0 where that is not known

    @property
    def wanted(self) -> bool:
        """Whether smtpd is told to offer TLS."""
        return self.level in ("may", "encrypt")


@fact("certificate", CERTIFICATES)
def certificate(reading: Reading) -> Certificate | Unknown:
    """Whether smtpd can use its certificate and key (Certificate: state, cert, key, level, days)."""
    values = pairs(reading)
    if isinstance(values, Unknown):
        return values
    state = text(values, "state")
    if state not in _STATES:
        return unreadable("the state of the certificate has an unexpected form")
    now, ends = number(values, "now"), number(values, "ends")
    return Certificate(
        state=state,
        cert=text(values, "cert")[:128],
        key=text(values, "key")[:128],
        level=text(values, "level")[:20],
        days=(ends - now) // 86400 if now is not None and ends is not None else 0,
    )
