#!/bin/sh
# Builds one root file system: install.sh RELEASE TREE MIRROR "PACKAGE ..."
# Runs in its own mount and process namespace, so an interrupt leaves neither a mount nor a process behind.
set -eu
release=$1 tree=$2 mirror=$3 packages=$4
proxy=$(apt-config dump --format '%v' Acquire::http::Proxy)
if [ -n "$proxy" ]; then export http_proxy="$proxy"; fi

debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,libpam-systemd,debconf,ca-certificates \
    "$release" "$tree" "$mirror"

apt-config dump | grep -E '^Acquire::(https?|Check|Retries)' > "$tree/etc/apt/apt.conf.d/99build" || true
printf 'force-unsafe-io\npath-exclude=/usr/share/man/*\npath-exclude=/usr/share/locale/*\n' > "$tree/etc/dpkg/dpkg.cfg.d/lab"
printf '#!/bin/sh\nexit 101\n' > "$tree/usr/sbin/policy-rc.d"
chmod 755 "$tree/usr/sbin/policy-rc.d"
cp -L /etc/resolv.conf /etc/hosts "$tree/etc/"
mount -t proc proc "$tree/proc"
mount -t sysfs -o ro sysfs "$tree/sys"
chroot "$tree" debconf-set-selections <<'PRESEED'
postfix postfix/main_mailer_type select Internet Site
postfix postfix/mailname string host.lab.example
PRESEED
# shellcheck disable=SC2086  # a list of package names
chroot "$tree" env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 apt-get -y --no-install-recommends install $packages
chroot "$tree" apt-get clean
umount "$tree/sys" "$tree/proc"

# What would write to the disk on its own makes a comparison of two moments meaningless; keys are made for each run.
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
    fstrim.timer systemd-tmpfiles-clean.timer systemd-timesyncd.service systemd-pstore.service sshd-keygen.service \
    console-getty.service getty.target; do
    ln -sf /dev/null "$tree/etc/systemd/system/$unit"
done
rm -f "$tree"/etc/ssh/ssh_host_* "$tree/etc/apt/apt.conf.d/99build" "$tree/usr/sbin/policy-rc.d"
rm -rf "$tree"/var/lib/apt/lists/*
: > "$tree/etc/machine-id"
