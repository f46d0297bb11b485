"""The bot's token goes to Slack's own hosts only."""

from __future__ import annotations

import pytest

from handlers.files import _slacks_own

REAL, LOCAL = "https://slack.com/api/", "http://127.0.0.1:8080/api/"


@pytest.mark.parametrize(
    ("url", "api", "own"),
    [
        ("https://files.slack.com/files-pri/T1-F1/download/x.txt", REAL, True),
        ("https://slack.com/files/x", REAL, True),
        ("http://127.0.0.1:8080/files-pri/x", LOCAL, True),
        ("http://127.0.0.1:8081/files-pri/x", LOCAL, False),
        ("http://files.slack.com/x", REAL, False),
        ("https://files.slack.com.evil.example/x", REAL, False),
        ("https://evilslack.com/x", REAL, False),
        ("https://files.slack.com@evil.example/x", REAL, False),
        ("https://drive.example.com/x", REAL, False),
        ("", REAL, False),
    ],
)
def test_where_the_token_may_go(url: str, api: str, own: bool) -> None:
    assert _slacks_own(url, api) is own
