"""Files that may not be read, also where the tests run as root: for a while the modes of files bind it as they bind others."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager

_VERSION = 0x20080522  # of capset(2)
_OVERRIDES = 1 << 1 | 1 << 2  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
_LIBC = ctypes.CDLL(None, use_errno=True)


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Set(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


@contextmanager
def bound_by_modes() -> Iterator[None]:
    """Lay down the rights of root over files, in this thread and those it starts."""
    if os.geteuid() != 0:
        yield
        return
    header, sets = _Header(_VERSION, 0), (_Set * 2)()
    _call("capget", header, sets)
    before = sets[0].effective
    sets[0].effective = before & ~_OVERRIDES
    _call("capset", header, sets)
    try:
        yield
    finally:
        sets[0].effective = before
        _call("capset", header, sets)


def _call(name: str, header: _Header, sets: ctypes.Array[_Set]) -> None:
    if getattr(_LIBC, name)(ctypes.byref(header), sets) != 0:
        raise OSError(ctypes.get_errno(), name)
