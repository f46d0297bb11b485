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
host-record=mx.peer.example,203.0.113.20
host-record=mx.refused.example,203.0.113.21
host-record=mx.dual.example,203.0.113.10,2001:db8::10
host-record=mx.sixth.example,2001:db8::10
ptr-record=121.113.0.203.in-addr.arpa,gone.peer.example
txt-record=mx13.lab.example,v=spf1 mx -all
txt-record=nomx.example,no mail here
# Its name server says nothing to the point.
server=/lame.example/203.0.113.21
# A null MX: preference 0 and the root as name.
dns-rr=nullmx.example,15,000000
mx-host=mx12.lab.example,mx12.lab.example,10
mx-host=mx13.lab.example,mx13.lab.example,10
mx-host=remote.example,mx.remote.example,10
mx-host=remote.lab,mx.remote.lab,10
mx-host=partner.example,mx1.partner.example,10
mx-host=partner.example,mx2.partner.example,20
mx-host=customer.example,mx.customer.example,10
mx-host=peer.example,mx.peer.example,10
mx-host=refused.example,mx.refused.example,10
mx-host=dual.example,mx.dual.example,10
mx-host=sixth.example,mx.sixth.example,10
ZONES

echo smtp.provider.example > /etc/mailname
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=smtp.provider.example \
    -addext subjectAltName=DNS:smtp.provider.example \
    -keyout /etc/postfix/provider.key -out /etc/postfix/provider.pem 2>/dev/null
chmod 600 /etc/postfix/provider.key

# Mail for any address of a pretend domain ends in bob's mailbox, where a test can read it.
# shellcheck disable=SC2016  # $myhostname is Postfix's
postconf -e 'myhostname = smtp.provider.example' 'myorigin = /etc/mailname' 'inet_interfaces = all' 'inet_protocols = ipv4' \
    'mydestination = $myhostname, localhost, remote.example, remote.lab, partner.example, customer.example, dual.example' \
    'local_recipient_maps =' 'luser_relay = bob' 'mynetworks = 127.0.0.0/8' \
    'smtpd_tls_cert_file = /etc/postfix/provider.pem' 'smtpd_tls_key_file = /etc/postfix/provider.key' \
    'smtpd_sasl_type = dovecot' 'smtpd_sasl_path = private/auth'
postconf -M 'submission/inet=submission inet n - y - - smtpd'
postconf -P submission/inet/syslog_name=postfix/submission submission/inet/smtpd_tls_security_level=encrypt \
    submission/inet/smtpd_sasl_auth_enable=yes \
    submission/inet/smtpd_client_restrictions=permit_sasl_authenticated,reject
printf 'root: ops\n' > /etc/aliases
newaliases
# Last, for this tree has none of the addresses yet. The others of 203.0.113.0/24 are not Postfix's.
postconf -e 'inet_interfaces = 127.0.0.1, 10.77.0.10, 203.0.113.10, 203.0.113.11, 203.0.113.12, 198.51.100.10'

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

# 203.0.113.20 is a foreign server that answers as the mail host (`lab-peer` there) tells it on port 26; 203.0.113.21 refuses.
cat > /usr/local/sbin/lab-peer <<'PEER'
#!/usr/bin/env python3
import itertools, socketserver, threading, time

ADDRESS = "203.0.113.20"
GOOD = {
    "connect": "220 mx.peer.example ESMTP", "ehlo": "250-mx.peer.example\n250 8BITMIME", "mail": "250 2.1.0 Ok",
    "rcpt": "250 2.1.5 Ok", "data": "354 End data with .", "dot": "250 2.0.0 Ok: queued as PEER1",
}
told = {}  # client address -> (stage, replies that take turns)

class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True

class Told(socketserver.StreamRequestHandler):
    def handle(self):
        stage, *replies = self.rfile.readline().decode().rstrip("\n").replace("\\n", "\n").split("\t")
        told[self.client_address[0]] = (stage, itertools.cycle(replies or [""]))
        self.wfile.write(b"ok\n")

class Mail(socketserver.StreamRequestHandler):
    def say(self, stage):
        chosen, replies = told.get(self.client_address[0], ("", None))
        reply = next(replies) if stage == chosen else GOOD[stage]
        if reply == "wait":
            time.sleep(60)
        if reply in ("wait", "drop"):
            raise ConnectionError
        reply = reply.replace("{ip}", self.client_address[0]).replace("\n", "\r\n")
        self.wfile.write(reply.encode() + b"\r\n")
        return reply[0]

    def handle(self):
        try:
            self.say("connect")
            while line := self.rfile.readline():
                verb = line.decode("utf-8", "replace").strip().upper()
                if verb == "QUIT":
                    return self.wfile.write(b"221 2.0.0 Bye\r\n")
                if verb == "DATA" and self.say("data") == "3":
                    while self.rfile.readline() not in (b".\r\n", b""):
                        pass
                    self.say("dot")
                elif verb[:4] in ("MAIL", "RCPT", "EHLO"):
                    self.say(verb[:4].lower())
                elif verb != "DATA":
                    self.wfile.write(b"250 2.0.0 Ok\r\n")
        except ConnectionError:
            pass

threading.Thread(target=Server((ADDRESS, 26), Told).serve_forever, daemon=True).start()
Server((ADDRESS, 25), Mail).serve_forever()
PEER
cat > /etc/systemd/system/lab-peer.service <<'UNIT'
[Unit]
After=lab-network.service
[Service]
ExecStart=/usr/bin/python3 /usr/local/sbin/lab-peer
[Install]
WantedBy=multi-user.target
UNIT
ln -sf ../lab-peer.service /etc/systemd/system/multi-user.target.wants/
