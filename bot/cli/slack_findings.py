"""Does Slack let the bot in, with every scope of the shipped manifest?"""

from __future__ import annotations

import json
from pathlib import Path

from bot.cli.findings import Finding, Verdict
from bot.config import Settings
from bot.errors import ConfigError
from bot.render.visible import visible
from handlers.connection import connect

MANIFEST = Path(__file__).resolve().parents[2] / "deploy" / "slack" / "manifest.json"
_MENDS = {
    "slack_bot_token": "export POSTMEDIC_SLACK_BOT_TOKEN=xoxb-…   # api.slack.com/apps, your app, OAuth & Permissions",
    "slack_app_token": "export POSTMEDIC_SLACK_APP_TOKEN=xapp-…   # api.slack.com/apps, your app, Basic Information",
}


async def look_at_slack(given: Settings) -> list[Finding]:
    """Try both tokens and compare the granted scopes; without any token there is nothing to try."""
    if not (given.slack_bot_token or given.slack_app_token):
        says = "no tokens are set: the command line works, `postmedic serve` does not"
        return [Finding(about="Slack", verdict=Verdict.NOTED, says=says, mend="see deploy/slack/README.md")]
    try:
        slack = await connect(given)
        granted = (await slack.client.auth_test()).headers.get("x-oauth-scopes", "")
    except ConfigError as error:
        mend = _MENDS.get(error.values["where"], f"curl -sS {given.slack_api_url}api.test")
        return [Finding(about="Slack", verdict=Verdict.FOUND, says=visible(str(error)), mend=mend)]
    found = [Finding(about="Slack", verdict=Verdict.FINE, says=f"both tokens work, in workspace {slack.team}")]
    return [*found, *_scopes(granted)]


def _scopes(granted: str) -> list[Finding]:
    if not MANIFEST.exists():
        says = "the scopes could not be compared: this installation has no deploy/slack/manifest.json"
        return [Finding(about="Slack", verdict=Verdict.UNMEASURED, says=says)]
    needed = set(json.loads(MANIFEST.read_text(encoding="utf-8"))["oauth_config"]["scopes"]["bot"])
    has = {scope.strip() for scope in granted.split(",") if scope.strip()}
    found = []
    if missing := sorted(needed - has):
        says = f"the app lacks the scopes {', '.join(missing)}"
        mend = "paste deploy/slack/manifest.json under App Manifest at api.slack.com/apps, then Install App, Reinstall"
        found.append(Finding(about="Slack", verdict=Verdict.FOUND, says=says, mend=mend))
    if more := sorted(has - needed):
        says = f"the app has scopes that postmedic does not use: {', '.join(more)}"
        found.append(Finding(about="Slack", verdict=Verdict.NOTED, says=says, mend="take them away under OAuth & Permissions"))
    return found or [Finding(about="Slack", verdict=Verdict.FINE, says="it has exactly the scopes of the manifest")]
