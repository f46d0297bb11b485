"""Where in an author's text does a value go? `{{ fact.path }}` and nothing else of the template language."""

from __future__ import annotations

import re

PLACE = re.compile(r"\{\{ ?([a-z][a-zA-Z0-9_.-]{0,120}) ?\}\}")
