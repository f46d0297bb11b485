"""Is a dead name server told from a chroot that still asks the old one?"""

from __future__ import annotations

from bot.facts.resolver import Resolver, resolver
from bot.model.fact import Unknown
from tests.unit.facts.recorded import answer


def test_name_servers_and_the_copy() -> None:
    well = "server=10.77.0.10 yes\nchroot=y\ncopy=same\nend=ok\n"
    assert resolver(answer(well)) == Resolver(servers="10.77.0.10", answers=True, copy="same", copy_servers="-")
    old = "server=10.77.0.10 yes\nchroot=y\ncopy=differs\ninner=10.77.0.99 no\nend=ok\n"
    assert resolver(answer(old)) == Resolver(servers="10.77.0.10", answers=True, copy="differs", copy_servers="10.77.0.99")
    assert resolver(answer(old.replace("chroot=y", "chroot=n"))) == Resolver(
        servers="10.77.0.10", answers=True, copy="unused", copy_servers="10.77.0.99"
    )


def test_one_of_two_that_answers_is_enough_and_none_is_dead() -> None:
    two = resolver(answer("server=10.77.0.99 no\nserver=10.77.0.10 yes\nchroot=n\ncopy=none\nend=ok\n"))
    assert isinstance(two, Resolver)
    assert two.answers
    none = resolver(answer("chroot=n\ncopy=none\nend=ok\n"))
    assert none == Resolver(servers="-", answers=False, copy="unused", copy_servers="-")
    assert isinstance(resolver(answer("server=10.77.0.10 yes\nchroot=n\nend=ok\n")), Unknown)
