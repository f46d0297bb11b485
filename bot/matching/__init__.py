"""Which known problems does a paste show? Pure functions of text and knowledge, without input or output."""

from __future__ import annotations

from bot.matching.clean import clean
from bot.matching.ranking import Candidate, Verdict
from bot.matching.recogniser import Explanation, Matcher

__all__ = ["Candidate", "Explanation", "Matcher", "Verdict", "clean"]
