#!/bin/sh
# Makes a clean tree the rest of the world: name server, the MX of pretend domains, and a submission provider.
# Runs inside the tree as root: role-relay.sh
set -eu
address=10.77.0.10

useradd --create-home --shell /bin/bash bob
useradd --create-home --shell /bin/bash ops

cat > /etc/dnsmasq.d/lab.conf <<ZONES
no-resolv
no-hosts
no-poll
bind-interfaces
listen-address=$address
# Every name that is not written here does not exist.
address=/#/
host-record=mx12.lab.example,10.77.0.12
host-record=mx13.lab.example,10.77.0.13
host-record=relay.lab.example,$address
host-record=smtp.provider.example,203.0.113.10
host-record=mx.remote.example,203.0.113.10
host-record=mx.remote.lab,203.0.113.10
host-record=mx1.partner.example,203.0.113.11
host-record=mx2.partner.example,203.0.113.12
host-record=mx.customer.example,198.51.100.10
mx-host=mx12.lab.example,mx12.lab.example,10
mx-host=mx13.lab.example,mx13.lab.example,10
mx-host=remote.example,mx.remote.example,10
mx-host=remote.lab,mx.remote.lab,10
mx-host=partner.example,mx1.partner.example,10
mx-host=partner.example,mx2.partner.example,20
mx-host=customer.example,mx.customer.example,10
ZONES

echo smtp.provider.example > /etc/mailname
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=smtp.provider.example \
    -addext subjectAltName=DNS:smtp.provider.example \
    -keyout /etc/postfix/provider.key -out /etc/postfix/provider.pem 2>/dev/null
chmod 600 /etc/postfix/provider.key

# Mail for any address of a pretend domain ends in bob's mailbox, where a test can read it.
# shellcheck disable=SC2016  # $myhostname is Postfix's
postconf -e 'myhostname = smtp.provider.example' 'myorigin = /etc/mailname' 'inet_interfaces = all' 'inet_protocols = ipv4' \
    'mydestination = $myhostname, localhost, remote.example, remote.lab, partner.example, customer.example' \
    'local_recipient_maps =' 'luser_relay = bob' 'mynetworks = 127.0.0.0/8' \
    'smtpd_tls_cert_file = /etc/postfix/provider.pem' 'smtpd_tls_key_file = /etc/postfix/provider.key' \
    'smtpd_sasl_type = dovecot' 'smtpd_sasl_path = private/auth'
postconf -M 'submission/inet=submission inet n - y - - smtpd'
postconf -P submission/inet/syslog_name=postfix/submission submission/inet/smtpd_tls_security_level=encrypt \
    submission/inet/smtpd_sasl_auth_enable=yes \
    submission/inet/smtpd_client_restrictions=permit_sasl_authenticated,reject
printf 'root: ops\n' > /etc/aliases
newaliases

cat > /etc/dovecot/dovecot.conf <<'AUTH'
protocols =
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
passdb {
  driver = passwd-file
  args = /etc/dovecot/users
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=/nonexistent
}
service auth {
  unix_listener /var/spool/postfix/private/auth {
    mode = 0660
    user = postfix
    group = postfix
  }
}
AUTH
echo 'relayuser:{PLAIN}relaypw' > /etc/dovecot/users
chown root:dovecot /etc/dovecot/users
chmod 640 /etc/dovecot/users
