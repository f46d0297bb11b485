"""Are servers of tables, caches, load, services and users told apart, also from answers that are cut or hostile?"""

from __future__ import annotations

import pytest

from bot.facts.accounts import account_of, accounts
from bot.facts.caches import Caches, caches
from bot.facts.core_services import CoreServices, core_services
from bot.facts.load import Crowd, SmtpLoad, crowd, smtp_load
from bot.facts.lookup_servers import LookupServers, lookup_servers
from bot.facts.queue import Queue
from bot.model.fact import Unknown
from tests.unit.facts.recorded import answer


@pytest.mark.parametrize(
    ("lines", "state", "server"),
    [
        ("", "none", "-"),
        ("server=mysql:/etc/postfix/a.cf direct listens 127.0.0.1 3306\n", "listens", "127.0.0.1"),
        ("server=mysql:/etc/postfix/a.cf direct closed 127.0.0.1 3306\n", "closed", "127.0.0.1"),
        ("server=mysql:/etc/postfix/a.cf direct socket unix:/run/x 3306\n", "outside-chroot", "unix:/run/x"),
        ("server=mysql:/etc/postfix/a.cf proxy socket unix:/run/x 3306\n", "socket", "unix:/run/x"),
        ("server=ldap:/etc/postfix/l.cf direct no-file - -\n", "no-file", "-"),
        (
            "server=pgsql:/a direct elsewhere db.example.com 5432\nserver=mysql:/b direct closed localhost 3306\n",
            "closed",
            "localhost",
        ),
        ("server=pgsql:/a direct elsewhere $(x) 5432\nserver=short\n", "none", "-"),
    ],
)
def test_the_worst_server_of_the_tables(lines: str, state: str, server: str) -> None:
    found = lookup_servers(answer(f"{lines}chrooted=yes\nend=ok\n"))
    assert isinstance(found, LookupServers)
    assert (found.state, found.server) == (state, server)


def test_caches() -> None:
    found = caches(answer("cache=smtp_scache.db good\ncache=verify_cache.db bad\ncache=../x.db bad\nend=ok\n"))
    assert found == Caches(bad="verify_cache.db", foreign="-")
    assert isinstance(caches(answer("cache=smtp_scache.db bad\n")), Unknown)


def load(limit: int, processes: int, clients: int, most: int) -> SmtpLoad:
    said = f"limit={limit}\nprocesses={processes}\nclients={clients}\nmost={most}\npeer=192.0.2.9\nend=ok\n"
    found = smtp_load(answer(said))
    assert isinstance(found, SmtpLoad)
    return found


def test_the_load_of_the_smtp_service() -> None:
    assert (load(2, 2, 4, 4).full, load(2, 2, 4, 4).one_client) == (True, True)
    assert (load(2, 2, 4, 1).full, load(2, 2, 4, 1).one_client) == (True, False)
    assert not load(100, 3, 0, 0).full
    assert not load(0, 3, 0, 0).full, "0 is no limit"
    assert isinstance(smtp_load(answer("limit=x\nend=ok\n")), Unknown)


def waiting(active: int) -> Queue:
    return Queue(
        count=active, truncated=False, active=active, deferred=0, hold=0, incoming=0, maildrop=0, oldest=0, reasons=(),
        domains=("slow.example",),
    )  # fmt: skip


def test_a_crowded_active_queue() -> None:
    assert crowd(waiting(5), "20") == Crowd(crowded=True, domain="slow.example")
    assert crowd(waiting(3), "20000") == Crowd(crowded=False, domain="slow.example")
    assert isinstance(crowd(None, "20"), Unknown)


def services(lines: str) -> CoreServices:
    found = core_services(answer(f"{lines}end=ok\n"))
    assert isinstance(found, CoreServices)
    return found


def test_services_age_and_old_parameters() -> None:
    found = services("missing=pickup\nnow=1000\nchanged=995\nrunning=50\nold=disable_dns_lookups smtp_dns_support_level\n")
    assert (found.missing, found.complete, found.changed_since_start) == ("pickup", False, True)
    assert (found.old, found.instead) == ("disable_dns_lookups", "smtp_dns_support_level")
    healthy = services("now=1000\nchanged=500\nrunning=50\n")
    assert (healthy.missing, healthy.complete, healthy.changed_since_start, healthy.old) == ("-", True, False, "-")
    assert not services("now=1000\nchanged=999\n").changed_since_start, "nothing runs"
    assert isinstance(core_services(answer("now=x\nend=ok\n")), Unknown)


def test_the_user_a_message_names() -> None:
    known = accounts(answer("sources=files systemd\nid=0\nid=1000\nend=ok\n"))
    assert known == (0, 1000)
    assert [account_of(one, known) for one in ("0", "4848", 1000, None)] == ["known", "missing", "known", "none"]
    directory = accounts(answer("sources=files sss\nid=0\nend=ok\n"))
    assert isinstance(directory, Unknown)
    assert isinstance(account_of("4848", directory), Unknown)
