"""How is SMTP AUTH of this host set right? The backend, where it is found and its mechanisms; never a user or a password."""

from __future__ import annotations

from bot.model.fact import Facts
from bot.model.plan import Change
from bot.model.text import Text
from bot.operations.base import operation, shown
from bot.operations.parameters import KEEP_MAIN_CF


@operation(
    "sasl-type-cyrus",
    script=KEEP_MAIN_CF + "postconf -e 'smtpd_sasl_type = cyrus' 'smtpd_sasl_path = smtpd'",
    says=Text(
        en="Check logins with the Cyrus SASL library, which asks the backend that smtpd.conf names (main.cf).",
        zh="用 Cyrus SASL 库验证登录，由 smtpd.conf 指定后端（main.cf）。",
    ),
)
def type_cyrus(facts: Facts) -> tuple[Change, ...]:
    """smtpd asks Cyrus SASL."""
    return _type(facts, "cyrus", "smtpd")


@operation(
    "sasl-type-dovecot",
    script=KEEP_MAIN_CF + "postconf -e 'smtpd_sasl_type = dovecot' 'smtpd_sasl_path = private/auth'",
    says=Text(
        en="Check logins with Dovecot through the socket private/auth in the Postfix queue folder (main.cf).",
        zh="通过 Postfix 队列目录下的 private/auth 套接字由 Dovecot 验证登录（main.cf）。",
    ),
)
def type_dovecot(facts: Facts) -> tuple[Change, ...]:
    """smtpd asks Dovecot at private/auth."""
    return _type(facts, "dovecot", "private/auth")


def _type(facts: Facts, kind: str, path: str) -> tuple[Change, ...]:
    return (
        Change(what="main.cf: smtpd_sasl_type", before=shown(facts, "sasl.type"), after=kind),
        Change(what="main.cf: smtpd_sasl_path", before=shown(facts, "sasl.path"), after=path),
    )


@operation(
    "sasl-config-path",
    script="""
[ -f /etc/postfix/sasl/smtpd.conf ] || { echo '/etc/postfix/sasl/smtpd.conf does not exist' >&2; exit 66; }
"""
    + KEEP_MAIN_CF
    + "postconf -e 'cyrus_sasl_config_path = /etc/postfix/sasl'",
    says=Text(
        en="Let the SASL library read smtpd.conf from /etc/postfix/sasl (main.cf).",
        zh="让 SASL 库从 /etc/postfix/sasl 读取 smtpd.conf（main.cf）。",
    ),
)
def config_path(facts: Facts) -> tuple[Change, ...]:
    """The smtpd.conf that exists is the one that is read."""
    return (Change(what="main.cf: cyrus_sasl_config_path", before="another folder, or none", after="/etc/postfix/sasl"),)


@operation(
    "sasl-mechanisms-plain",
    # The file is edited in a copy of its own owner and mode, so that passwords in it stay as private as they are.
    script="""
folders=$(postconf -xh cyrus_sasl_config_path | tr ':' ' ')
for place in ${folders:-/etc/postfix/sasl}; do
    file=$place/smtpd.conf
    [ -f "$file" ] || continue
    keep "$file"
    cp -a -- "$file" "$file.postmedic" || exit 1
    sed 's/^[[:space:]]*mech_list[[:space:]]*:.*/mech_list: PLAIN LOGIN/' "$file" >"$file.postmedic" &&
        sync "$file.postmedic" && mv -f -- "$file.postmedic" "$file"
    exit
done
echo 'no smtpd.conf was found' >&2
exit 66
""",
    says=Text(
        en="Offer the mechanisms PLAIN and LOGIN (mech_list in smtpd.conf).",
        zh="提供 PLAIN 和 LOGIN 机制（smtpd.conf 中的 mech_list）。",
    ),
)
def mechanisms_plain(facts: Facts) -> tuple[Change, ...]:
    """Clients are offered PLAIN and LOGIN."""
    return (Change(what="smtpd.conf: mech_list", before="names nothing that is installed", after="PLAIN LOGIN"),)


@operation(
    "sasl-plaintext-in-tls",
    script=KEEP_MAIN_CF + "postconf -e 'smtpd_sasl_security_options = noanonymous' 'smtpd_tls_auth_only = yes'",
    says=Text(
        en="Allow PLAIN and LOGIN, but offer them only inside TLS (main.cf).",
        zh="允许 PLAIN 和 LOGIN，但只在 TLS 加密后提供（main.cf）。",
    ),
)
def plaintext_in_tls(facts: Facts) -> tuple[Change, ...]:
    """Passwords travel inside TLS only, and logins work again."""
    return (
        Change(what="main.cf: smtpd_sasl_security_options", before="with noplaintext", after="noanonymous"),
        Change(what="main.cf: smtpd_tls_auth_only", before=shown(facts, "setting.smtpd_tls_auth_only"), after="yes"),
    )


@operation(
    "dovecot-listener",
    # What Dovecot really reads decides: a later file may say otherwise, and then this snippet would only be in the way.
    script="""
queue=$(postconf -h queue_directory) || exit 1
snippet=/etc/dovecot/conf.d/99-postmedic-postfix-auth.conf
grep -qE '^[[:space:]]*!include(_try)?[[:space:]]+conf\\.d/\\*\\.conf' /etc/dovecot/dovecot.conf ||
    { echo 'dovecot.conf does not read conf.d/*.conf' >&2; exit 65; }
keep "$snippet"
umask 022
printf '%s\\n' '# Logins for Postfix, written by postmedic.' 'service auth {' "  unix_listener $queue/private/auth {" \\
    '    mode = 0660' '    user = postfix' '    group = postfix' '  }' '}' >"$snippet.postmedic" || exit 1
sync "$snippet.postmedic" && mv -fT "$snippet.postmedic" "$snippet" || exit 1
listener=$(doveconf service 2>/dev/null | sed -n '/^service auth {/,/^}/p' |
    sed -n "\\\\#unix_listener $queue/private/auth {#,/}/p")
if ! doveconf -n >/dev/null 2>&1 || ! printf '%s' "$listener" | grep -q 'mode = 0660' ||
    ! printf '%s' "$listener" | grep -q 'user = postfix'; then
    restore
    echo 'another file of the Dovecot configuration says otherwise' >&2
    exit 65
fi
""",
    says=Text(
        en="Let Dovecot listen at private/auth in the Postfix queue folder, for the user postfix only (own file in conf.d).",
        zh="让 Dovecot 在 Postfix 队列目录的 private/auth 监听，仅限 postfix 用户（conf.d 下的独立文件）。",
    ),
)
def dovecot_listener(facts: Facts) -> tuple[Change, ...]:
    """Dovecot is configured to answer Postfix."""
    file = "/etc/dovecot/conf.d/99-postmedic-postfix-auth.conf"
    return (Change(what=file, before="(absent)", after="unix_listener private/auth, mode 0660, user and group postfix"),)
