"""Which sign stands before a finding? The same three everywhere; what could not be measured never looks like health."""

from __future__ import annotations

GOOD, BAD, OPEN = ":white_check_mark:", ":red_circle:", ":grey_question:"
