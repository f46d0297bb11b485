"""Does the SMTP service have all the processes it may have, and does one destination crowd the active queue?"""

from __future__ import annotations

from dataclasses import dataclass

from bot.facts.base import derivation, fact, first_unknown, unreadable
from bot.facts.network import parsed
from bot.facts.pairs import SHELL, number, pairs, text
from bot.facts.queue import Queue
from bot.model.fact import Unknown
from bot.model.probe import Probe, Reading

SMTP_LOAD = Probe(
    name="smtp-load",
    script=SHELL
    + """
need postconf ss pgrep
limit=$(postconf -o mynetworks= -M smtp/inet 2>/dev/null | awk '{ print $7; exit }')
case $limit in -) limit=$(postconf -o mynetworks= -xh default_process_limit 2>/dev/null) ;; esac
echo "limit=$limit"
echo "processes=$(pgrep -cx smtpd)"
ss -H -tn state established '( sport = :25 )' | awk '
    { peer = $4; sub(/:[0-9]+$/, "", peer); gsub(/[][]/, "", peer); sub(/^::ffff:/, "", peer); count[peer]++; all++ }
    END { for (one in count) if (count[one] > most) { most = count[one]; who = one }
          print "clients=" all + 0; print "most=" most + 0; print "peer=" who }'
echo end=ok
""",
    bytes=4096,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpLoad:
    """Processes of smtpd against the limit of the smtp service (0: none), connections to port 25, and the busiest client."""

    limit: int
    processes: int
    clients: int
    peer: str
    most: int  # connections of that client

    @property
    def full(self) -> bool:
        return 0 < self.limit <= self.processes

    @property
    def one_client(self) -> bool:
        """Whether a single client holds half of the connections or more."""
        return self.most > 1 and self.most * 2 >= self.clients


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """Whether a fifth or more of the active queue is in use, from where qmgr(8) warns; `domain` waits most."""

    crowded: bool
    domain: str


@fact("smtp-load", SMTP_LOAD)
def smtp_load(reading: Reading) -> SmtpLoad | Unknown:
    """How many processes the SMTP service has and may have, and its busiest client (SmtpLoad)."""
    values = pairs(reading)
    if isinstance(values, Unknown):
        return values
    limit, processes, clients, most = (number(values, name) for name in ("limit", "processes", "clients", "most"))
    if limit is None or processes is None or clients is None or most is None:
        return unreadable("the load of the SMTP service has an unexpected form")
    peer = text(values, "peer")
    return SmtpLoad(limit=limit, processes=processes, clients=clients, peer=peer if parsed(peer) else "-", most=most)


@derivation("crowd")
def crowd(queue: object, limit: object) -> Crowd | Unknown:
    """Whether the active queue is crowded, from `queue` and `setting(qmgr_message_active_limit)` (Crowd)."""
    if not isinstance(queue, Queue) or not isinstance(limit, str) or not limit.isdecimal():
        return first_unknown(queue, limit)
    return Crowd(crowded=queue.active * 5 >= int(limit), domain=queue.domains[0] if queue.domains else "-")
