"""Sample mail hosts on loopback: real SSH servers that answer from recordings, for the demo and the tests.

They speak to the two accounts of an enrolled host exactly what the dispatchers speak; the same contract tests run against
both. They contact nothing, run nothing, and know of the rest of postmedic only what travels.
"""

from bot.sandbox.hosts.host import SampleHost
from bot.sandbox.hosts.people import people
from bot.sandbox.hosts.scene import Scene, load_scene, load_scenes
from bot.sandbox.hosts.server import FIX_USER, PROBE_USER, Address, SampleHosts

__all__ = ["FIX_USER", "PROBE_USER", "Address", "SampleHost", "SampleHosts", "Scene", "load_scene", "load_scenes", "people"]
