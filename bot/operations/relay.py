"""How is mail sent through a relay, and its password map kept private? No operation takes, shows or writes a password."""

from __future__ import annotations

from bot.model.fact import Facts
from bot.model.plan import Change
from bot.model.text import Text
from bot.operations.base import operation, shown
from bot.operations.parameters import KEEP_MAIN_CF

# A login in the clear would give the password away, so TLS becomes mandatory with it. Port 465 speaks TLS from the first byte.
_LOGIN = """
wrapper=no
case $port in 465) wrapper=yes ;; esac
postconf -e 'smtp_sasl_auth_enable = yes' "smtp_sasl_password_maps = $table" 'smtp_sasl_security_options = noanonymous' \\
    'smtp_sasl_tls_security_options = noanonymous' "smtp_tls_wrappermode = $wrapper" || exit 1
case $(postconf -xh smtp_tls_security_level) in
    encrypt | fingerprint | verify | secure | dane-only) ;;
    *) postconf -e 'smtp_tls_security_level = encrypt' ;;
esac
"""
_COMPILED = """
case $table in lmdb:*) end=lmdb ;; cdb:*) end=cdb ;; dbm:*) end=pag ;; *) end=db ;; esac
file=${table#*:}.$end
[ -f "$file" ] || { echo "the password map $table is not compiled" >&2; exit 66; }
"""


@operation(
    "relay-through",
    parameters={"host": "host", "port": "mail-port", "table": "table"},
    script="host=$1 port=$2 table=$3\n"
    + _COMPILED
    + """
postmap -q "[$host]:$port" "$table" >/dev/null 2>&1 || { echo "$table has no entry for [$host]:$port" >&2; exit 65; }
"""
    + KEEP_MAIN_CF
    + _LOGIN
    + 'postconf -e "relayhost = [$host]:$port"',
    says=Text(
        en="Send all outgoing mail through this relay, with TLS and the login that the password map already holds (main.cf).",
        zh="让所有外发邮件经由该中继发送，强制 TLS，并使用密码表中已有的登录信息（main.cf）。",
    ),
)
def relay_through(facts: Facts, host: str, port: str, table: str) -> tuple[Change, ...]:
    """All mail for other hosts leaves through the relay."""
    before = shown(facts, "relay.relayhost")
    return (Change(what="main.cf: relayhost", before=before or "(none)", after=f"[{host}]:{port}"), *_login(facts, table))


@operation(
    "relay-login",
    parameters={"port": "port", "table": "table"},
    script="port=$1 table=$2\n" + _COMPILED + KEEP_MAIN_CF + _LOGIN,
    says=Text(
        en="Log in to the relay with the password map that is already there, inside TLS only (main.cf).",
        zh="使用已有的密码表登录中继，且仅在 TLS 内登录（main.cf）。",
    ),
)
def relay_login(facts: Facts, port: str, table: str) -> tuple[Change, ...]:
    """Postfix logs in to the relay it already uses."""
    return _login(facts, table)


def _login(facts: Facts, table: str) -> tuple[Change, ...]:
    login, named = _now(facts, "login", "yes", "no"), _now(facts, "named", table, "(none)")
    plaintext = _now(facts, "allows-plaintext", "noanonymous", "with noplaintext")
    tls = _now(facts, "encrypted", "TLS mandatory", "TLS not mandatory")
    return (
        Change(what="main.cf: smtp_sasl_auth_enable", before=login, after="yes"),
        Change(what="main.cf: smtp_sasl_password_maps", before=named, after=table),
        Change(
            what="main.cf: smtp_sasl_security_options, smtp_sasl_tls_security_options", before=plaintext, after="noanonymous"
        ),
        Change(what="main.cf: smtp_tls_security_level", before=tls, after="encrypt, or the stricter level that is set"),
    )


def _now(facts: Facts, field: str, yes: str, no: str) -> str:
    value = facts.look(f"relay.{field}")
    return (yes if value else no) if isinstance(value, bool) else "?"


@operation(
    "password-map-private",
    parameters={"table": "table"},
    # proxymap is not root and could not read a private file.
    script="""
named=$(postconf -xh smtp_sasl_password_maps)
case $named in *"proxy:$1"*) echo "$1 is read through proxymap, which needs to read it" >&2; exit 65 ;; esac
path=${1#*:}
case " $(printf '%s' "$named" | tr ',' ' ') " in
    *" $1 "*) ;;
    *) case $path in
        /etc/postfix/sasl_passwd | /etc/postfix/sasl/sasl_passwd | /etc/postfix/sasl_password) ;;
        *) echo "$1 is not a password map of Postfix" >&2; exit 65 ;;
    esac ;;
esac
for file in "$path" "$path.db" "$path.lmdb" "$path.cdb" "$path.pag" "$path.dir"; do
    if [ -f "$file" ] && [ ! -L "$file" ]; then keep "$file"; chmod 600 "$file" || exit 1; fi
done
""",
    says=Text(
        en="Let only root read the password map and its compiled file (mode 600).",
        zh="让密码表及其编译文件只有 root 可读（权限 600）。",
    ),
)
def password_map_private(facts: Facts, table: str) -> tuple[Change, ...]:
    """Nobody but root reads the relay's passwords."""
    return (Change(what=f"{table} and its compiled file: mode", before="readable by others", after="600"),)
