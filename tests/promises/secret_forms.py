"""The 13 forms in which secrets show up around Postfix, each with the variations in which people paste them."""

from __future__ import annotations

import base64

SECRET = "hunter2Secret"
ENCODED = base64.b64encode(f"\0relayuser\0{SECRET}".encode()).decode()
TYPED = base64.b64encode(SECRET.encode()).decode()
BEARER = base64.b64encode(f"user=joe@example.com\x01auth=Bearer ya29.{SECRET * 3}\x01\x01".encode()).decode()
APP_WORDS = "abcd efgh ijkl mnop"  # how Google writes an app password
KEY = "AB12" * 12
CANARIES = (SECRET, ENCODED, TYPED, BEARER[:30], BEARER[60:90], "ijkl", KEY[:20])

_S = SECRET
FORMS: dict[int, tuple[str, ...]] = {
    1: (
        f"smtp_sasl_password_maps = static:relayuser:{_S}",
        f"smtp_sasl_password_maps=static:relayuser:{_S}",
        f"SMTP_SASL_PASSWORD_MAPS = static:relayuser@example.com:{_S}",
        f"postconf -e 'smtp_sasl_password_maps = static:relayuser:{_S}'",
        f'postconf -e "smtp_sasl_password_maps=static:relayuser:{_S}"',
        f"smtp_sasl_password_maps =\n    static:relayuser:{_S}\nsmtp_tls_security_level = may",
        f"smtp_sasl_password_maps = hash:/etc/postfix/sasl_passwd,\n    static:relayuser:{_S}",
        f"smtp_sasl_password_maps = static:{{relayuser:{_S} x}}",
        f"  -o smtp_sasl_password_maps=static:relayuser:{_S}",
        f"  -o {{ smtp_sasl_password_maps = static:relayuser:{_S} }}",
        f"lmtp_sasl_password_maps = static:u:{_S}",
        f"warning: static:relayuser:{_S}: table lookup problem",
    ),
    2: (
        f"smtp_sasl_password_maps = inline:{{ [smtp.example.com]:587=relayuser:{_S} }}",
        f"smtp_sasl_password_maps = inline:{{ {{ [a.example]:587 = u:p{_S} }}, {{ b.example = v:{_S} }} }}",
        f"smtp_sasl_password_maps = inline:{{\n    [a.example]:587=u:x{_S}\n    b.example=v:{_S}\n    }}",
        f"smtp_sasl_password_maps = inline:{{ a=u:{_S}",
    ),
    3: (
        f"[smtp.example.com]:587    relayuser@example.com:{_S}",
        f"[2001:db8::25]:587 relayuser:{_S}",
        f"[192.0.2.25]:587 relayuser:{_S}",
        f"[192.0.2.25] relayuser:{_S}",
        f"> [smtp.example.com]:587    relayuser@example.com:{_S}",
        f"`[smtp.example.com]:587 relayuser:{_S}`",
        f"[smtp.example.com]:submission relayuser:{_S}",
        f"[smtp.example.com] relayuser:{_S}",
        f"[relay]:587 relayuser:{_S}",
        f"[smtp.example.com]:587 relayuser:{_S} with blanks {_S}",
        f"/etc/postfix/sasl_passwd:1:[smtp.example.com]:587 relayuser:{_S}",
        f"1\t[smtp.example.com]:587 relayuser:{_S}",
        f'echo "[smtp.example.com]:587 me@example.com:{_S}" > /etc/postfix/sasl_passwd',
        f'echo "[smtp.example.com]:587 me@example.com:{APP_WORDS}" > /etc/postfix/sasl_passwd',
        f"我把 [smtp.example.com]:587 relayuser:{_S} 写进了 sasl_passwd",
        f"$ postmap -q '[smtp.example.com]:587' hash:/etc/postfix/sasl_passwd\nrelayuser:{_S}",
        f"smtp[1]: maps_find: smtp_sasl_passwd: hash:/etc/postfix/sasl_passwd(0,lock): [smtp.example.com]:587 = u:{_S}",
    ),
    4: (
        f"smtp.example.com relayuser:{_S}",
        f"smtp.example.com:587\trelayuser@example.com:{_S}",
        f"anne@example.com relayuser:{_S}",
        f"@example.com relayuser:{_S}",
        f"smtp.example.com\trelayuser:{_S} # old",
        f"smtp.example.com:587 apikey:SG.{_S}{_S}.{_S}{_S}",
        f"/etc/postfix/sasl_passwd:smtp.example.com relayuser:{_S}",
        f"smtp[1]: maps_find: smtp_sasl_passwd: hash:/etc/postfix/sasl_passwd(0,lock): smtp.example.com = relayuser:{_S}",
    ),
    5: (
        f"password = {_S}",
        f"password={_S}",
        f'password = "{_S} and more"',
        f"password = my {_S} word",
        f"password =\n    {_S}",
        f"  password: {_S}",
        f'"password": "{_S} x"',
        f"'password' => '{_S}',",
        f"hosts = 127.0.0.1 user = postfix password = {_S} dbname = mail",
        f"connect = host=localhost dbname=mail user=mail password={_S}",
        f"PGPASSWORD={_S} psql -h db",
        f"DB_PASS={_S}",
        f"MYSQL_ROOT_PASSWORD: {_S}",
        f"smtp_password = {_S}",
        f"sql_passwd: {_S}",
        f"ldap_password: {_S}",
        f"密码：{_S}",
        f"密码是 {_S} ，登录不了",
        f"数据库口令为{_S}",
        f"the password is {_S}1!",
        f"cfg_get_str: /etc/postfix/my.cf: password = {_S}",
        f"mysql -u postfix -p{_S} mail",
        f"testsaslauthd -u joe -p {_S} -s smtp",
        f"doveadm auth test joe {_S}",
        f"doveadm auth test -x service=smtp joe@example.com '{_S}'",
        f"swaks --to a@b.example --auth-user joe --auth-password {_S}",
        f"swaks -au joe -ap {_S}",
    ),
    6: (
        f"bind_pw = {_S}",
        f"bind_pw={_S}",
        f"bind_pw = '{_S}'",
        f"dnpass = {_S}",
        f"postfix/smtpd[1]: cfg_get_str: /etc/postfix/ldap.cf: bind_pw = {_S} and more",
        f"ldapsearch -x -D cn=admin -w {_S} -b dc=x",
    ),
    7: (f"ldap_bind_pw = {_S}", f"ldap_virtual_bind_pw = {_S}"),
    8: (
        f"hosts = postgresql://postfix:{_S}@db/mail",
        f"hosts = postgresql://postfix:pa@{_S}@db/mail",
        f"hosts = postgresql://postfix@db/mail?password={_S}",
        f"redis://:{_S}@localhost:6379/0",
        f"http_proxy=http://me:{_S}@proxy:3128",
        f"curl -u joe:{_S} smtps://mail.example.com",
    ),
    9: (
        f"postfix/smtpd[1]: < host[192.0.2.1]: AUTH PLAIN {ENCODED}",
        f"postfix/smtp[1]: > smtp.example.com[192.0.2.1]:587: AUTH PLAIN {ENCODED}",
        f"AUTH PLAIN {ENCODED}",
        f"auth login {ENCODED}",
        f"AUTH XOAUTH2 {BEARER}",
        f"auth xoauth2 {BEARER[:60]}\n{BEARER[60:]}",
        f"Authorization: Bearer ya29.{_S}",
        f"printf '\\0joe\\0{_S}' | base64",
        f"echo -ne '\\000joe\\000{_S}' | base64",
        f"perl -MMIME::Base64 -e 'print encode_base64(\"\\0joe\\0{_S}\")'",
    ),
    10: (
        f"postfix/smtpd[1]: < host[192.0.2.1]: {ENCODED}",
        f"postfix/smtp[1]: > smtp.example.com[192.0.2.1]:587: {TYPED}",
        f"334 UGFzc3dvcmQ6\n{ENCODED}",
        f" <-  334 UGFzc3dvcmQ6\n ~> {ENCODED}",
        f"<** 334 UGFzc3dvcmQ6\n -> {TYPED}",
        f"AUTH PLAIN\n334 \n{ENCODED}\n235 2.7.0 Authentication successful",
        f"AUTH PLAIN\n334\n{ENCODED}",
        f"AUTH LOGIN\n334 VXNlcm5hbWU6\nam9l\n334 UGFzc3dvcmQ6\n{TYPED}\n535 5.7.8 Error",
        f"C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: am9l\nS: 334 UGFzc3dvcmQ6\nC: {TYPED}",
        f"334 PDEyMzQ1Njc4OTAuMTIzNDU2N0BleGFtcGxlLmNvbT4=\n{ENCODED}",
        f"    Protocol  : TLSv1.2\n    Master-Key: {KEY}\n    Start Time: 1700000000",  # openssl s_client
    ),
    11: (
        f"export SLACK_BOT_TOKEN={_S}",
        f"export SLACK_BOT_TOKEN=xoxb-1-2-{_S}",
        f"POSTMEDIC_SLACK_APP_TOKEN='xapp-1-A-{_S}'",
        f'slack_bot_token = "xoxb-12-{_S}"',
        f"SLACK_SIGNING_SECRET={_S}",
        f"the token is xoxb-123456789012-{_S} here",
        f"xapp-1-A0123-{_S}",
        f"xoxe.xoxp-1-{_S}",
        f"https://hooks.slack.com/services/T00/B00/{_S}",
    ),
    12: (
        f"-----BEGIN PRIVATE KEY-----\nMIIE{_S}\nabcd\n-----END PRIVATE KEY-----",
        f"-----BEGIN RSA PRIVATE KEY-----\nMIIE{_S} cut off here",
        f"-----BEGIN OPENSSH PRIVATE KEY-----\n{_S}\n-----END OPENSSH PRIVATE KEY-----",
        f"> -----BEGIN EC PRIVATE KEY-----\n> {_S}\n> -----END EC PRIVATE KEY-----",
        f"MIIE{_S}{_S}abc\n{_S}{_S}\n-----END PRIVATE KEY-----",
    ),
    13: (
        f"xsasl_dovecot: CONT: user=joe pass={_S}",
        f"dovecot: auth: Debug: client passdb out: OK\t1\tuser=joe\tpass={_S}",
        f"auth: Debug: client in: AUTH\t1\tPLAIN\tservice=smtp\tresp={ENCODED}",
        f"postfix/smtp[1]: smtp_sasl_passwd_lookup: host `smtp.example.com' user `u' pass `{_S}'",
    ),
}
ALL = tuple(text for texts in FORMS.values() for text in texts)

NO_SECRETS = """
250-AUTH PLAIN LOGIN
250-AUTH=PLAIN LOGIN
250-AUTH PLAIN LOGIN OAUTHBEARER XOAUTH2
250-AUTH LOGIN EXTERNAL
250 AUTH DIGEST-MD5 CRAM-MD5 SCRAM-SHA-256
AUTH LOGIN failed
smtpd_sasl_auth_enable = yes
smtp_sasl_password_maps = hash:/etc/postfix/sasl_passwd
smtp_sasl_password_maps = cdb:/etc/postfix/sasl_passwd
smtp_sasl_password_maps = proxy:mysql:/etc/postfix/mysql-sasl.cf
smtp_sasl_password_maps = ${indexed}sasl_passwd
smtp_sasl_password_maps =
smtp_sasl_security_options = noanonymous
virtual_uid_maps = static:5000
virtual_transport = lmtp:unix:private/dovecot-lmtp
transport_maps = static:smtp:[relay.example.com]:587
transport_maps = static:relay:relay.example.com:587
example.com smtp:[relay.example.com]:587
example.com relay:relay.example.com:25
example.com lmtp:unix:private/dovecot
[relay.example.com]:587 smtp:relay2.example.com
passwd:         files systemd
postmap: fatal: open /etc/postfix/sasl_passwd: Permission denied
fatal: open database /etc/postfix/sasl_passwd.db: No such file or directory
warning: SASL authentication failure: Password verification failed
warning: unknown[192.0.2.1]: SASL LOGIN authentication failed: UGFzc3dvcmQ6
warning: unknown[192.0.2.1]: SASL PLAIN authentication failed: authentication failure, sasl_username=joe
postfix/smtpd[1]: > host[192.0.2.1]: 334 UGFzc3dvcmQ6
postfix/smtpd[1]: > host[192.0.2.1]: 334 VXNlcm5hbWU6
postfix/smtpd[1]: < host[192.0.2.1]: STARTTLS
postfix/smtpd[1]: < host[192.0.2.1]: QUIT
postfix/smtpd[1]: < host[192.0.2.1]: AUTH LOGIN
postfix/smtpd[1]: < host[192.0.2.1]: AUTH PLAIN
Access denied for user 'postfix'@'localhost' (using password: YES)
Access denied for user 'postfix'@'localhost' (using password: NO)
FATAL:  password authentication failed for user "postfix"
pam_unix(smtp:auth): check pass; user unknown
dkim=pass header.d=example.com; spf=pass; dmarc=pass (p=none)
dovecot: auth: Debug: client in: AUTH 1 PLAIN service=smtp resp=<hidden>
password_query = SELECT username AS user, password FROM mailbox WHERE username='%u'
host mx[192.0.2.1]:25 said: 550 5.1.1 unknown
http://example.com:8080/path@x
see https://example.com/a:b@c
-----BEGIN CERTIFICATE-----
Enter PEM pass phrase:
""".strip().splitlines()
