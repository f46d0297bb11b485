#!/bin/sh
# What every lab host has before its role: network, name and sshd; and, where keys are given, two accounts with a shell.
# Runs inside the tree as root: prepare.sh NAME ADDRESS ["PROBE PUBLIC KEY" "FIX PUBLIC KEY"]
# Nothing of an enrolment is made here: the script of the project does that.
set -eu
name=$1 address=$2

echo "$name" > /etc/hostname
printf '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n%s %s.lab.example %s\n' \
    "$address" "$name" "$name" > /etc/hosts
printf 'nameserver 10.77.0.10\nsearch lab.example\n' > /etc/resolv.conf
openssl rand -hex 16 > /etc/machine-id

extra=
if [ "$name" = relay ]; then
    extra='203.0.113.10/24 203.0.113.11/24 203.0.113.12/24 203.0.113.20/24 203.0.113.21/24 198.51.100.10/24'
fi
cat > /usr/local/sbin/lab-network <<NETWORK
#!/bin/sh
set -eu
for address in $address/24 $extra; do ip address add "\$address" dev host0; done
ip link set host0 up
if [ '$name' != relay ]; then ip route add default via 10.77.0.10; fi
NETWORK
chmod 755 /usr/local/sbin/lab-network
cat > /etc/systemd/system/lab-network.service <<'UNIT'
[Unit]
Description=Addresses of this lab host
DefaultDependencies=no
Before=network-pre.target network.target network-online.target
Wants=network-pre.target network-online.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/sbin/lab-network
[Install]
WantedBy=sysinit.target
UNIT
mkdir -p /etc/systemd/system/sysinit.target.wants
ln -sf ../lab-network.service /etc/systemd/system/sysinit.target.wants/

# Nobody asks for a password here, and each watch takes one of the few inotify instances that all labs of a machine share.
for unit in systemd-ask-password-console.path systemd-ask-password-wall.path; do
    ln -sf /dev/null "/etc/systemd/system/$unit"
done

ssh-keygen -q -t ed25519 -N '' -C "$name" -f /etc/ssh/ssh_host_ed25519_key
printf 'HostKey /etc/ssh/ssh_host_ed25519_key\nPasswordAuthentication no\n' > /etc/ssh/sshd_config.d/lab.conf

account() {
    useradd --system --create-home --home-dir "/var/lib/$1" --shell /bin/bash "$1"
    install -d -m 700 -o "$1" -g "$1" "/var/lib/$1/.ssh"
    echo "$2" > "/var/lib/$1/.ssh/authorized_keys"
    chown "$1:$1" "/var/lib/$1/.ssh/authorized_keys"
    chmod 600 "/var/lib/$1/.ssh/authorized_keys"
}
if [ $# -eq 4 ]; then
    account postmedic-probe "$3"
    account postmedic-fix "$4"
fi
