"""Facts to verdict: measure once, judge in three-valued logic. It is only ever handed a `Reader`."""
