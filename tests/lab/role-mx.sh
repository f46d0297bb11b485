#!/bin/sh
# Makes a clean tree one of the mail hosts under test. Runs inside the tree as root: role-mx.sh NAME
set -eu
name=$1 domain=lab.example

ln -sf /dev/null /etc/systemd/system/dnsmasq.service
useradd --create-home --shell /bin/bash ops
useradd --create-home --shell /bin/bash alice
echo alice:alicepw1 | chpasswd

echo "$name.$domain" > /etc/mailname
postconf -e "myhostname = $name.$domain" 'myorigin = /etc/mailname' 'inet_interfaces = all' 'inet_protocols = all' \
    "mydestination = \$myhostname, $name.$domain, localhost.$domain, localhost" 'relayhost =' \
    'mynetworks = 127.0.0.0/8 [::ffff:127.0.0.0]/104 [::1]/128'
printf 'postmaster: root\nroot: ops\n' > /etc/aliases
newaliases

# lab-peer STAGE REPLY...: what the server for peer.example answers this host from now on at connect, ehlo, mail, rcpt, data or
# dot; several replies take turns, `drop` hangs up, `wait` says nothing. Without arguments it takes all mail again.
cat > /usr/local/sbin/lab-peer <<'TELL'
#!/bin/bash
exec 3<>/dev/tcp/203.0.113.20/26 || exit 1
(IFS=$'\t'; printf '%s\n' "$*") >&3
read -r answer <&3 && test "$answer" = ok
TELL
# lab-send [NUMBER [DOMAIN]]: that many messages from alice, and the time for a first try.
cat > /usr/local/sbin/lab-send <<'SEND'
#!/bin/sh
for number in $(seq "${1:-1}"); do echo body | /usr/sbin/sendmail -f alice "user$number@${2:-peer.example}"; done
sleep 3
SEND
chmod 755 /usr/local/sbin/lab-peer /usr/local/sbin/lab-send
