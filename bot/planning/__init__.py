"""Verdict to immutable plan. Pure: nothing here contacts a host or decides who may approve."""
