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
