"""What in a paste is a secret of Postfix's? Masks the forms in which secrets appear, before anything is stored or shown.

Best effort over a published list of forms, and the message says to change what was pasted. Ordinary log lines pass
untouched. All patterns are RE2: a hostile paste cannot make them slow.
"""

from __future__ import annotations

import re2

MASK = "<masked>"

_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
# What the server itself says during AUTH LOGIN ("Username:", "Password:") is needed for recognition and is no secret, and
# one SMTP command has the shape of base64.
_NO_SECRETS = frozenset({"VXNlcm5hbWU6", "UGFzc3dvcmQ6", "STARTTLS"})
_FORMS = tuple(
    re2.compile(form, _OPTIONS)
    for form in (
        r"(?i)(password_maps\s*=\s*static:)(\S+)()",
        r"(?i)(password_maps\s*=\s*inline:\s*\{)([^}]*)(\}?)",
        r"(?m)(^\s*\[[^\]\s]+\](?::\d+)?\s+[^\s:]+:)(\S+)()",  # a line of sasl_passwd
        r"(?m)(^\s*(?:[^\s@]*@)?[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?::\d+)?\s+[^\s:@/\[\]]+(?:@[^\s:@/\[\]]+)?:)([^\s\[\]]+)(\s*$)",
        r"""(?i)(\b(?:password|bind_pw|ldap_bind_pw|dbpass|passwd)\s*=\s*)("[^"\n]*"|'[^'\n]*'|\S+)()""",
        r"(?i)(\bSLACK_[A-Z_]*(?:TOKEN|SECRET)\s*=\s*)(\S+)()",
        r"(?i)(\b[a-z][a-z0-9+.-]*://[^\s:@/]+:)([^\s@/]+)(@)",
        r"(?i)(\bAUTH\s+(?:PLAIN|LOGIN|XOAUTH2|OAUTHBEARER|CRAM-MD5)\s+)([A-Za-z0-9+/=]{8,})()",
        r"(?m)(:\s<\s\S+\[[^\]]*\]:\s)([A-Za-z0-9+/]{8,}={0,2})(\s*$)",  # what follows AUTH LOGIN in a verbose log
        # The same, typed by hand or by swaks.
        r"(?m)(^[<~* -]*334 [A-Za-z0-9+/=]*\s*\n[>~* -]*)([A-Za-z0-9+/]{4,}={0,2})([ \t\r]*$)",
        r"(\bxox[a-z]-|\bxapp-)([A-Za-z0-9-]{6,})()",
        r"(?s)(-----BEGIN [A-Z ]*PRIVATE KEY-----)(.*?)(-----END [A-Z ]*PRIVATE KEY-----|\z)",
        r"(?i)(xsasl_dovecot.*?\bpass=)(\S+)()",
    )
)


def redact(text: str) -> tuple[str, int]:
    """Give the text with its secrets masked, and how many were."""
    masked = 0
    for form in _FORMS:

        def hide(found: re2._Match[str]) -> str:
            nonlocal masked
            if found.group(2) in _NO_SECRETS:
                return str(found.group(0))
            masked += 1
            return f"{found.group(1)}{MASK}{found.group(3)}"

        text = form.sub(hide, text)
    return text, masked
