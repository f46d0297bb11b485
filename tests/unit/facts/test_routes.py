"""Is a way out said for each family on its own, and a cut answer no "no"?"""

from __future__ import annotations

from bot.facts.routes import Routes, routes
from bot.model.fact import Unknown
from tests.unit.facts.recorded import answer


def test_routes() -> None:
    assert routes(answer("ipv4=yes\nipv6=no\nend=ok\n")) == Routes(ipv4=True, ipv6=False)
    assert isinstance(routes(answer("ipv4=yes\n")), Unknown)
    assert isinstance(routes(answer("", exit=127)), Unknown)
