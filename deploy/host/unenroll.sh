#!/bin/sh
# postmedic @VERSION@: takes everything of postmedic away from the mail host @HOST@. Read it, then run it as root there:
#
#     sh unenroll.sh [--with-journal]      or:  postmedic enroll @HOST@ --uninstall | ssh root@… sh
#
# It removes the keys first, then the sudo rules, the programs and the two accounts. The journal stays, because it says what
# was changed on this host and holds the files as they were before: @JOURNAL@. `--with-journal` removes it as well.
# What fixes have changed is not undone. Where something is gone already, that is said and is no error.

set -eu
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
home=@HOME@ journal=@JOURNAL@ sudoers=/etc/sudoers.d/postmedic

say() {
  echo "postmedic: $1"
}

fail() { # TEXT [EXIT]
  echo "postmedic: $1" >&2
  exit "${2:-1}"
}

away() { # PATH
  if [ -e "$1" ] || [ -L "$1" ]; then
    rm -rf -- "$1"
    say "removed $1"
  else
    say "$1 was not there"
  fi
}

main() {
  [ "$(id -u)" = 0 ] || fail 'only root can do this; nothing was done' 77
  { [ $# -eq 0 ] || [ "$*" = --with-journal ]; } || fail "the only option is --with-journal; nothing was done" 64
  for name in probe fix; do away "/var/lib/postmedic-$name/.ssh/authorized_keys"; done
  if [ -d /run/systemd/system ] && [ -n "$(systemctl list-units --no-legend --plain --state=running 'postmedic-*.service')" ]; then
    fail 'a fix is running. The keys are gone, so no other can begin; run this again when it has ended'
  fi
  away "$sudoers"
  rm -f "$sudoers.postmedic-new" # of an enrolment that was cut off
  away "$home"
  for name in probe fix; do
    if getent passwd "postmedic-$name" >/dev/null; then
      ! command -v pkill >/dev/null || pkill -KILL -u "postmedic-$name" || true # who is still logged in
      userdel --force "postmedic-$name"
      say "removed the account postmedic-$name"
    fi
    if getent group "postmedic-$name" >/dev/null; then # where accounts do not take their groups with them
      if groupdel "postmedic-$name"; then say "removed the group postmedic-$name"; else say "kept the group postmedic-$name"; fi
    fi
    away "/var/lib/postmedic-$name"
  done
  if [ $# -eq 1 ]; then
    away "$journal"
  elif [ -d "$journal" ]; then
    say "kept $journal"
  fi
  say 'done. In the inventory of the bot, remove this host or say  enrolled = false'
}

main "$@"
