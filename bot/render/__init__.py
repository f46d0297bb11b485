"""Values to safe text, for Slack and for terminals, in English and Chinese. The only room that knows jinja2."""
