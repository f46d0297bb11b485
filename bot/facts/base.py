"""How is a fact declared? A fixed probe, and a pure parser from its reading to a typed value or `Unknown`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.model.fact import Reason, Unknown
from bot.model.probe import KILLED, NO_PERMISSION, NOT_INSTALLED, TIMED_OUT, Probe, Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A named measurement.

    `probe` says what is run; `probe_arguments` maps the fact's arguments to the probe's tokens (default: all of them).
    `parse(reading, *arguments)` gives a scalar, a tuple, a frozen dataclass, or `Unknown`; it never raises on host output.
    """

    name: str
    parameters: tuple[str, ...]  # token types of the fact's arguments, see bot/facts/tokens.py
    probe: Probe
    probe_arguments: Callable[..., tuple[str, ...]]
    parse: Callable[..., object]
    says: str  # one line for documentation: what it measures and its shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivation:
    """A pure function from values (captures, facts, literals) to a value; any `Unknown` argument reaches it as such."""

    name: str
    compute: Callable[..., object]
    arity: int
    says: str


FACTS: dict[str, Fact] = {}
DERIVATIONS: dict[str, Derivation] = {}


def fact(
    name: str,
    probe: Probe,
    *,
    parameters: Sequence[str] = (),
    probe_arguments: Callable[..., tuple[str, ...]] | None = None,
) -> Callable[[Callable[..., object]], Callable[..., object]]:
    """Register the decorated parser as the fact `name`; without `probe_arguments` a probe gets as many of the fact's
    arguments as it has parameters."""

    def register(parse: Callable[..., object]) -> Callable[..., object]:
        if name in FACTS:
            raise ValueError(f"two facts are called {name}")
        taken = len(probe.parameters)
        FACTS[name] = Fact(
            name=name,
            parameters=tuple(parameters),
            probe=probe,
            probe_arguments=probe_arguments or (lambda *arguments: tuple(arguments[:taken])),
            parse=parse,
            says=_first_line(parse),
        )
        return parse

    return register


def derivation(name: str) -> Callable[[Callable[..., object]], Callable[..., object]]:
    """Register the decorated pure function as the derived fact `name`."""

    def register(compute: Callable[..., object]) -> Callable[..., object]:
        if name in DERIVATIONS:
            raise ValueError(f"two derivations are called {name}")
        arity = compute.__code__.co_argcount
        DERIVATIONS[name] = Derivation(name=name, compute=compute, arity=arity, says=_first_line(compute))
        return compute

    return register


def refusal(reading: Reading) -> Unknown | None:
    """Say why a reading cannot be parsed at all, for the exits that mean the same for every probe; else None."""
    match reading.exit:
        case None:
            return Unknown(reason=Reason.UNREACHABLE, detail="the connection ended before this probe answered")
        case int() as code if code == NO_PERMISSION:
            return Unknown(reason=Reason.NO_PERMISSION, detail="the account may not read this")
        case int() as code if code in (TIMED_OUT, KILLED):
            return Unknown(reason=Reason.TIMED_OUT, detail="the probe did not end in time")
        case int() as code if code == NOT_INSTALLED:
            return Unknown(reason=Reason.NOT_INSTALLED, detail="the command is not installed")
        case _:
            return None


def unreadable(detail: str) -> Unknown:
    """A reading of an unexpected form; `detail` is ours, never the host's text."""
    return Unknown(reason=Reason.UNREADABLE, detail=detail)


def first_unknown(*values: object) -> Unknown:
    """What a derivation gives when an argument has no value: the reason of the first one that lacks it."""
    unknown = next((one for one in values if isinstance(one, Unknown)), None)
    return unknown or Unknown(reason=Reason.NOT_APPLICABLE, detail="it depends on something that was not measured")


def _first_line(function: Callable[..., object]) -> str:
    return (function.__doc__ or "").strip().split("\n")[0]
