"""Real mail hosts on one machine: which exist, how to start them, how to speak to them.

Never touches the machine's own network, mounts or services: everything lives in namespaces that die with their owner.
"""

from __future__ import annotations

from tests.lab.host import Host, LabError, Result
from tests.lab.lab import HOSTS, Keys, Lab

__all__ = ["HOSTS", "Host", "Keys", "Lab", "LabError", "Result"]
