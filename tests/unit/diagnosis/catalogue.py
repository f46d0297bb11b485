"""A small catalogue of facts for tests of gathering, put in place of the shipped one, and a reader that keeps score."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.errors import HostError
from bot.facts.base import Derivation, Fact, first_unknown
from bot.model.fact import Unknown
from bot.model.probe import Probe, Reading, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    host: str
    port: int


def made(name: str, parse: Callable[..., object], *parameters: str) -> Fact:
    probe = Probe(name=name, script=f"echo {name}\n", parameters=parameters)
    return Fact(name=name, parameters=parameters, probe=probe, probe_arguments=lambda *tokens: tokens, parse=parse, says=name)


def _relay(reading: Reading) -> Relay:
    host, port = reading.out.split()
    return Relay(host=host, port=int(port))


def _together(left: object, right: object) -> object:
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return first_unknown(left, right)
    return f"{left} {right}"


FACTS = {
    one.name: one
    for one in (
        made("relay", _relay),
        made("banner", lambda reading, *_: reading.out, "host", "port"),
        made("greeting", lambda reading, *_: reading.out.upper(), "domain"),
        made("fragile", lambda reading: 1 // 0),
    )
}
DERIVATIONS = {
    "together": Derivation(name="together", compute=_together, arity=2, says=""),
    "broken": Derivation(name="broken", compute=lambda value: value.nothing, arity=1, says=""),
}


class Told:
    """A reader that answers from a table, remembers each round, and may lose the host in a named round."""

    host_key = "SHA256:x"

    def __init__(self, answers: Mapping[str, Reading | str], *, failure: HostError | None = None, fails_in: int = 0) -> None:
        self.answers, self.failure, self.fails_in = answers, failure, fails_in
        self.rounds: list[list[str]] = []

    async def read(self, requests: Sequence[Request]) -> AsyncIterator[Reading]:
        self.rounds.append([one.key for one in requests])
        for request in requests:
            answer = self.answers.get(request.key)
            if isinstance(answer, str):
                answer = Reading(key=request.key, exit=0, stdout=answer.encode())
            if answer is not None:
                yield answer
        if self.failure is not None and len(self.rounds) == self.fails_in:
            raise self.failure
