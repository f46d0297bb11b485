"""Which sign stands before a finding? The same everywhere; what could not be measured never looks like health."""

from __future__ import annotations

GOOD, BAD, OPEN = ":white_check_mark:", ":red_circle:", ":grey_question:"
NOTE = ":information_source:"  # worth knowing, and neither bad nor unmeasured
