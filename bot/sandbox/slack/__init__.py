"""A Slack workspace on this machine: the real slack_sdk and Bolt connect to it, and it refuses what Slack refuses.

It never imports the product, and the product never imports it; the seam is the API URL and the tokens.
"""

from .seed import Channel, Person, Sample, Usergroup
from .server import Running, serve
from .shapes import Timing
from .workspace import Workspace

__all__ = ["Channel", "Person", "Running", "Sample", "Timing", "Usergroup", "Workspace", "serve"]
