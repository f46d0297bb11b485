"""Run a command and kill it, with all it started, at one exact point: python -m tests.support.killed_at POINT UNDER COMMAND…

A point is the entry of a system call that changes a file below UNDER (as the command sees it); POINT 0 kills nowhere. With
`pause-POINT` it is held there instead: UNDER/paused appears, and it goes on once UNDER/resume does. Prints how many points
were passed. Linux on x86_64 with ptrace; nothing else on the machine is touched.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time
from pathlib import Path

TRACEME, SYSCALL, SETOPTIONS, GET_SYSCALL_INFO = 0, 24, 0x4200, 0x420E
OPTIONS = 1 | 2 | 4 | 8 | 0x100000  # marked syscalls, forks, vforks, clones; all die with the tracer
WALL = 0x40000000
ENTRY = 1
# Calls that name what they change, and calls on an open file: write, pwrite, ftruncate, fchmod, fchown, copy, sync, sendfile.
NAMING = {76, 82, 83, 86, 87, 88, 90, 92, 94, 260, 263, 264, 265, 266, 268, 280, 316, 452}
ON_FILES = {1: 0, 18: 0, 20: 0, 74: 0, 75: 0, 77: 0, 91: 0, 93: 0, 40: 0, 326: 2}
OPENAT, CHANGING_OPEN = 257, os.O_CREAT | os.O_TRUNC

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)


class Info(ctypes.Structure):
    """struct ptrace_syscall_info of a call's entry."""

    _fields_ = (
        ("op", ctypes.c_uint8),
        ("pad", ctypes.c_uint8 * 3),
        ("arch", ctypes.c_uint32),
        ("ip", ctypes.c_uint64),
        ("sp", ctypes.c_uint64),
        ("nr", ctypes.c_uint64),
        ("args", ctypes.c_uint64 * 6),
    )


def main() -> int:
    """Run, and kill at the point; gives 0 whatever became of the command."""
    point, under, command = int(sys.argv[1].removeprefix("pause-")), sys.argv[2], sys.argv[3:]
    first = os.fork()
    if first == 0:
        LIBC.ptrace(TRACEME, 0, None, None)
        os.kill(os.getpid(), signal.SIGSTOP)
        os.execvp(command[0], command)
    os.waitpid(first, WALL)
    LIBC.ptrace(SETOPTIONS, first, None, OPTIONS)
    LIBC.ptrace(SYSCALL, first, None, None)
    print(_follow({first}, point, under, pausing=sys.argv[1].startswith("pause-")))
    return 0


def _follow(traced: set[int], point: int, under: str, *, pausing: bool) -> int:
    passed = 0
    while traced:
        try:
            pid, status = os.waitpid(-1, WALL)
        except ChildProcessError:
            break
        traced.add(pid)
        if os.WIFEXITED(status) or os.WIFSIGNALED(status):
            traced.discard(pid)
            continue
        stopped = os.WSTOPSIG(status)
        if stopped == signal.SIGTRAP | 0x80 and _changes(pid, under):
            passed += 1
            if passed == point and pausing:
                _pause(Path(under))
            elif passed == point:
                for one in traced:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(one, signal.SIGKILL)
                continue
        ours = stopped in (signal.SIGTRAP | 0x80, signal.SIGTRAP, signal.SIGSTOP)
        LIBC.ptrace(SYSCALL, pid, None, 0 if ours else stopped)
    return passed


def _pause(under: Path) -> None:
    (under / "paused").touch()
    while not (under / "resume").exists():
        time.sleep(0.01)


def _changes(pid: int, under: str) -> bool:
    info = Info()
    LIBC.ptrace(GET_SYSCALL_INFO, pid, ctypes.c_void_p(ctypes.sizeof(info)), ctypes.byref(info))
    if info.op != ENTRY:
        return False
    if info.nr in NAMING:
        return True
    if info.nr == OPENAT:
        return bool(info.args[2] & CHANGING_OPEN)
    if info.nr not in ON_FILES:
        return False
    with contextlib.suppress(OSError):
        return under in os.readlink(f"/proc/{pid}/fd/{info.args[ON_FILES[info.nr]]}")
    return False


if __name__ == "__main__":
    sys.exit(main())
