"""Is the program that holds a mail port named, and Postfix itself not mistaken for a stranger?"""

from __future__ import annotations

from bot.facts.log import last_fatal
from bot.facts.ports import PortHolders, port_holders
from bot.model.fact import Unknown
from bot.model.probe import NO_PERMISSION
from tests.unit.facts.recorded import answer


def test_a_stranger_on_a_mail_port_is_named() -> None:
    found = port_holders(answer("port25=exim4\nport587=master\nmasters=1\nend=ok\n"))
    assert found == PortHolders(foreign=True, port=25, program="exim4", masters=1)


def test_postfix_is_no_stranger() -> None:
    found = port_holders(answer("port25=master\nport587=master\nmasters=1\nend=ok\n"))
    assert found == PortHolders(foreign=False, port=0, program="-", masters=1)


def test_a_hostile_name_is_not_shown_and_no_right_is_unknown() -> None:
    found = port_holders(answer("port465=$(x)\nmasters=0\nend=ok\n"))
    assert found == PortHolders(foreign=True, port=465, program="-", masters=0)
    assert isinstance(port_holders(answer("", exit=NO_PERMISSION)), Unknown)


def test_the_last_fatal_message_is_the_one_that_tells_why() -> None:
    said = (
        "postfix/smtpd[1]: fatal: old",
        "postfix/master[2]: fatal: bind 0.0.0.0 port 25: Address already in use",
        "postfix/master[3]: fatal: daemon initialization failure -- see logs for details",
        "postfix/postqueue[4]: fatal: Queue report unavailable - mail system is down",
        "postfix/smtpd[5]: connect from fatal: x",
    )
    assert last_fatal(said) == said[1]
    assert last_fatal(()) == "-"
    assert isinstance(last_fatal(None), Unknown)
