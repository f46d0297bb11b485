"""Which facts hold on the host now? Measures every fact an entry asks for, in as few rounds as their arguments allow.

All requests of a round travel together over one connection. A fact whose arguments are other facts waits for them. What
could not be measured is `Unknown` with its reason; nothing here ever guesses.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from bot.connectors.base import Reader
from bot.errors import HostError, HostKeyRejected, Refused
from bot.facts.base import DERIVATIONS, FACTS, refusal, unreadable
from bot.facts.tokens import typed
from bot.model.fact import Facts, FactUse, Reason, Unknown
from bot.model.probe import Reading, Request
from bot.model.problem import Derived
from bot.render.discretion import Discretion

Arrived = Callable[[str, object], Awaitable[None]]
"""Called with the path and value of each fact as it arrives."""

_DISCREET = Discretion()  # no secret gets into a fact; addresses stay until nothing more is asked about them


async def gather(
    uses: Sequence[FactUse],
    derived: Sequence[Derived],
    captures: Mapping[str, str],
    reader: Reader,
    arrived: Arrived | None = None,
) -> tuple[Facts, str]:
    """Give all facts, and why the host could not be asked at all (empty when it could)."""
    values: dict[str, object] = {f"match.{name}": value for name, value in captures.items()}
    declared = {use.path for use in uses} | {one.name for one in derived}
    readings: dict[str, Reading] = {}
    waiting, uncomputed, error = list(uses), list(derived), ""
    while waiting or uncomputed:
        uncomputed = _compute(uncomputed, values, declared)
        ready = [use for use in waiting if _resolved(use.arguments, values, declared)]
        if not ready:
            break  # the rest waits for something that never comes: a circle, or a fact nobody declared
        waiting = [use for use in waiting if use not in ready]
        asked = {use: _request(use, values, declared) for use in ready}
        requests = {one.key: one for one in asked.values() if isinstance(one, Request) and one.key not in readings}
        try:
            if requests and not error:
                async for reading in reader.read(tuple(requests.values())):
                    readings[reading.key] = _DISCREET.reading(reading)
                    await _parse(asked, readings, values, declared, arrived)
        except HostError as failure:
            error = _DISCREET(str(failure))
            lost = Unknown(reason=_reason(failure), detail="the host could not be asked")
            values |= {use.path: lost for use in ready if use.path not in values}
        await _parse(asked, readings, values, declared, arrived, final=True)
    for path in [use.path for use in waiting] + [one.name for one in uncomputed]:
        values[path] = Unknown(reason=Reason.NOT_APPLICABLE, detail="it depends on something that was not measured")
    return Facts(values), error


async def _parse(
    asked: Mapping[FactUse, Request | Unknown],
    readings: Mapping[str, Reading],
    values: dict[str, object],
    declared: set[str],
    arrived: Arrived | None,
    final: bool = False,
) -> None:
    """Turn what has arrived into values; at the end of a round, what never arrived is unknown."""
    for use, request in asked.items():
        if use.path in values:
            continue
        if isinstance(request, Unknown):
            values[use.path] = request
        elif request.key in readings:
            values[use.path] = value_of(use.name, readings[request.key], _arguments(use.arguments, values, declared))
        elif final:
            values[use.path] = Unknown(reason=Reason.UNREACHABLE, detail="the host gave no answer to this probe")
        else:
            continue
        if arrived:
            await arrived(use.path, values[use.path])


def value_of(name: str, reading: Reading, arguments: Sequence[object]) -> object:
    """Parse one reading; a parser that raises on a hostile host's output costs one fact, never the diagnosis."""
    unknown = refusal(reading)
    if unknown is not None:
        return unknown
    try:
        return FACTS[name].parse(reading, *arguments)
    except Exception:
        return unreadable("the host's answer has an unexpected form")


def _request(use: FactUse, values: Mapping[str, object], declared: set[str]) -> Request | Unknown:
    fact = FACTS.get(use.name)
    if fact is None:  # an entry that nobody checked, e.g. one that is being written
        return Unknown(reason=Reason.NOT_MEASURED, detail="there is no such fact")
    arguments = _arguments(use.arguments, values, declared)
    for argument in arguments:
        if isinstance(argument, Unknown):
            return Unknown(reason=Reason.NOT_APPLICABLE, detail=argument.detail or "it needs a fact that is unknown")
    try:
        tokens = fact.probe_arguments(*arguments)
        checked = tuple(typed(kind, token) for kind, token in zip(fact.probe.parameters, tokens, strict=True))
    except (Refused, ValueError, TypeError):
        return Unknown(reason=Reason.NOT_APPLICABLE, detail="the measured value it needs is not a plain word")
    return Request(probe=fact.probe, tokens=checked)


def _compute(waiting: Sequence[Derived], values: dict[str, object], declared: set[str]) -> list[Derived]:
    """Compute every derived fact whose arguments are there, until none is left or nothing moves."""
    left = list(waiting)
    while True:
        ready = [one for one in left if _resolved(one.arguments, values, declared)]
        if not ready:
            return left
        for one in ready:
            try:
                values[one.name] = DERIVATIONS[one.function].compute(*_arguments(one.arguments, values, declared))
            except Exception:  # a value of an unforeseen form costs one fact, never the diagnosis
                values[one.name] = unreadable("the measured values do not fit together")
        left = [one for one in left if one not in ready]


def reference(argument: str, declared: set[str]) -> str | None:
    """Give the declared path an argument refers to, or None when it is a literal."""
    if argument.startswith("match."):
        return argument
    fitting = [path for path in declared if argument == path or argument.startswith(path + ".")]
    return max(fitting, key=len, default=None)


def _resolved(arguments: Sequence[str], values: Mapping[str, object], declared: set[str]) -> bool:
    paths = (reference(argument, declared) for argument in arguments)
    return all(path is None or path in values or path.startswith("match.") for path in paths)


def _arguments(arguments: Sequence[str], values: Mapping[str, object], declared: set[str]) -> list[object]:
    facts = Facts(values)
    return [facts.look(one) if reference(one, declared) else one for one in arguments]


def _reason(failure: HostError) -> Reason:
    return Reason.HOST_KEY if isinstance(failure, HostKeyRejected) else Reason.UNREACHABLE
