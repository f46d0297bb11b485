"""What is a fact: a named measurement with a typed value, or `Unknown` with its reason. Unknown never looks like healthy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Why a fact has no value."""

    UNREACHABLE = "unreachable"
    HOST_KEY = "host-key"
    NO_PERMISSION = "no-permission"
    TIMED_OUT = "timed-out"
    NOT_INSTALLED = "not-installed"
    TRUNCATED = "truncated"
    UNREADABLE = "unreadable"  # the output is not of the expected form
    NOT_APPLICABLE = "not-applicable"  # an input this fact needs is itself unknown or absent
    NOT_MEASURED = "not-measured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """A fact without a value; `detail` is one short sentence for people, never raw host output."""

    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactUse:
    """A fact as an entry asks for it: `setting(inet_interfaces)`; an argument is a literal or the path of another fact."""

    name: str
    arguments: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """Where its value is found by conditions and texts: `setting.inet_interfaces`."""
        return ".".join((self.name, *self.arguments))

    def __str__(self) -> str:
        return f"{self.name}({', '.join(self.arguments)})" if self.arguments else self.name


Scalar = str | int | bool | None
"""What a condition may compare: the leaf of a fact."""


class Facts(Mapping[str, object]):
    """All facts of one diagnosis by path; values are scalars, tuples, frozen dataclasses or `Unknown`."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = dict(values)

    def __getitem__(self, path: str) -> object:
        return self._values[path]

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    @property
    def strange_key(self) -> bool:
        """Whether the host showed another key than the inventory's, so that nobody logged in."""
        return any(isinstance(value, Unknown) and value.reason is Reason.HOST_KEY for value in self._values.values())

    def look(self, path: str) -> object:
        """Give the value at `path` (longest stored prefix, then fields of its dataclass), or `Unknown`."""
        for stored in sorted((p for p in self._values if path == p or path.startswith(p + ".")), key=len, reverse=True):
            value = self._values[stored]
            for name in path[len(stored) + 1 :].split(".") if len(path) > len(stored) else ():
                if isinstance(value, Unknown):
                    return value
                value = _field(value, name)
            return value
        return Unknown(reason=Reason.NOT_MEASURED, detail=f"{path} was not measured")


def _field(value: object, name: str) -> object:
    """Read one declared field or property; anything else, such as dunder names, is unknown."""
    if is_dataclass(value) and not name.startswith("_"):
        declared = {f.name for f in fields(value)} | {n for n, v in vars(type(value)).items() if isinstance(v, property)}
        attribute = name.replace("-", "_")
        if attribute in declared:
            return getattr(value, attribute)
    return Unknown(reason=Reason.NOT_MEASURED, detail=f"there is no {name} in this measurement")
