"""What do Postfix's main.cf parameters say? One probe asks for all names the catalogue uses; it never carries a secret.

`postconf` goes on past a name it does not know, so one old release does not break the others. Where mynetworks is not set
and no interface is up, `postconf` dies while it computes the default of mynetworks (util/inet_addr_local.c), so it is asked
again with that one parameter overridden, which is then left out.
"""

from __future__ import annotations

from functools import lru_cache

from bot.facts.base import fact, refusal, unreadable
from bot.model.fact import Reason, Unknown
from bot.model.probe import Probe, Reading

_NAMES = """
alias_database alias_maps append_dot_mydomain biff bounce_queue_lifetime canonical_maps command_directory compatibility_level
config_directory content_filter cyrus_sasl_config_path daemon_directory data_directory default_process_limit default_transport
defer_transports
disable_dns_lookups fallback_relay fallback_transport fallback_transport_maps header_checks home_mailbox inet_interfaces
inet_protocols lmtp_sasl_auth_enable lmtp_sasl_password_maps local_recipient_maps local_transport luser_relay mail_version
mailbox_command mailbox_size_limit mailbox_transport mailbox_transport_maps maillog_file masquerade_domains
maximal_backoff_time maximal_queue_lifetime message_size_limit milter_default_action minimal_backoff_time mydestination
mydomain myhostname mynetworks mynetworks_style myorigin non_smtpd_milters parent_domain_matches_subdomains proxy_interfaces
qmgr_message_active_limit queue_directory queue_minfree queue_run_delay recipient_canonical_maps recipient_delimiter
relay_domains relay_recipient_maps relay_transport relayhost relocated_maps sender_canonical_maps
sender_dependent_relayhost_maps sendmail_path smtp_address_preference smtp_bind_address smtp_bind_address6 smtp_connect_timeout
smtp_dns_support_level smtp_fallback_relay smtp_generic_maps smtp_helo_name smtp_host_lookup smtp_sasl_auth_enable
smtp_sasl_mechanism_filter smtp_sasl_password_maps smtp_sasl_path smtp_sasl_security_options smtp_sasl_tls_security_options
smtp_sasl_type smtp_sender_dependent_authentication smtp_tls_ciphers smtp_tls_mandatory_ciphers smtp_tls_mandatory_protocols
smtp_tls_note_starttls_offer smtp_tls_policy_maps smtp_tls_protocols smtp_tls_security_level smtp_tls_wrappermode smtp_use_tls
smtpd_banner smtpd_client_restrictions smtpd_data_restrictions smtpd_helo_required smtpd_helo_restrictions smtpd_milters
smtpd_recipient_restrictions smtpd_relay_restrictions smtpd_restriction_classes smtpd_sasl_auth_enable
smtpd_sasl_authenticated_header smtpd_sasl_local_domain smtpd_sasl_path smtpd_sasl_security_options smtpd_sasl_service
smtpd_sasl_tls_security_options smtpd_sasl_type smtpd_sender_restrictions smtpd_tls_auth_only smtpd_tls_cert_file
smtpd_tls_chain_files smtpd_tls_ciphers smtpd_tls_key_file smtpd_tls_mandatory_protocols smtpd_tls_protocols
smtpd_tls_security_level smtpd_tls_wrappermode smtpd_use_tls soft_bounce syslog_facility syslog_name transport_maps
virtual_alias_domains virtual_alias_maps virtual_mailbox_domains virtual_mailbox_limit virtual_mailbox_maps virtual_transport
"""
NAMES = tuple(_NAMES.split())
MASKED = "<masked>"
UNEXPANDED, EXPANDED = "[unexpanded]", "[expanded]"

# On the host: of password maps only lookups in files stay; elsewhere what stands inside a table instead of in a file goes.
MASK = r"""
/^[A-Za-z0-9_]*password_maps = ./{
/ = ((proxy:)?(FILES):\/[A-Za-z0-9._\/-]+[ ,]*)+$/!s/ = .*/ = <masked>/
}
s/(^|[^a-z])(static|inline|pipemap|unionmap|randmap):.*/\1\2:<masked>/
s/(^|[^a-z])(regexp|pcre|cidr):[^\/].*/\1\2:<masked>/
s/:\/\/[^\/@ ]*@/:\/\/<masked>@/g
""".strip().replace("FILES", "hash|btree|lmdb|cdb|dbm|sdbm|texthash|mysql|pgsql|ldap|sqlite|mongodb|memcache|pcre|regexp|cidr")

SETTINGS = Probe(
    name="settings",
    script=f"""
names='{" ".join(NAMES)}'
mask='{MASK}'
command -v postconf >/dev/null || exit 127
ask() {{
    if all=$(postconf "$@" $names 2>/dev/null); then
        printf '%s\\n' "$all" | sed -E "$mask"
    elif all=$(postconf "$@" -o mynetworks= $names 2>/dev/null); then
        printf '%s\\n' "$all" | grep -v '^mynetworks =' | sed -E "$mask"
    else
        exit 1
    fi
}}
echo '{UNEXPANDED}'
ask
echo '{EXPANDED}'
ask -x
""".strip(),
    bytes=131072,
)


@fact("setting", SETTINGS, parameters=("parameter",))
def setting(reading: Reading, name: str) -> str | Unknown:
    """The value of a main.cf parameter as written or by default, `$` not expanded (str, empty when set to nothing)."""
    return _value(reading, UNEXPANDED, name)


@fact("expanded", SETTINGS, parameters=("parameter",))
def expanded(reading: Reading, name: str) -> str | Unknown:
    """The value of a main.cf parameter with every `$` expanded (str, empty when set to nothing)."""
    return _value(reading, EXPANDED, name)


def _value(reading: Reading, section: str, name: str) -> str | Unknown:
    if refused := refusal(reading):
        return refused
    if reading.exit != 0:
        return unreadable("postconf cannot read main.cf, so no setting is known")
    values = _sections(reading.stdout).get(section, {})
    if name in values:
        return values[name]
    if name == "mynetworks" and values:
        return Unknown(reason=Reason.NOT_APPLICABLE, detail="without an active interface Postfix cannot compute mynetworks")
    if name not in NAMES:
        return Unknown(reason=Reason.NOT_MEASURED, detail=f"the catalogue does not ask for {name}")
    if reading.truncated or not values:
        return Unknown(reason=Reason.TRUNCATED, detail="the list of settings was cut")
    return Unknown(reason=Reason.NOT_APPLICABLE, detail=f"this Postfix release does not know {name}")


@lru_cache(maxsize=64)
def _sections(stdout: bytes) -> dict[str, dict[str, str]]:
    sections: dict[str, dict[str, str]] = {}
    values: dict[str, str] = {}
    for line in stdout.decode("utf-8", "replace").split("\n"):
        if line in (UNEXPANDED, EXPANDED):
            values = sections.setdefault(line, {})
            continue
        name, equals, value = line.partition(" =")
        if equals and name in NAMES:
            values[name] = value.strip()
    return sections


def words(value: str) -> tuple[str, ...]:
    """Split a list value as Postfix does, at commas and white space."""
    return tuple(value.replace(",", " ").split())
