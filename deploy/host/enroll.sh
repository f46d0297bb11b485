#!/bin/sh
# postmedic @VERSION@: enrols the mail host @HOST@. Making this text contacted nothing. Read it, then run it as root there:
#
#     sh enroll.sh              or, from the machine of the bot:  postmedic enroll @HOST@ | ssh root@… sh
#
# It makes, or brings up to date where they exist:
#   accounts   postmedic-probe (reads) and, with a key for it, postmedic-fix (mends): system accounts without a password and
#              without further groups. Their shell is /bin/sh because sshd starts the one program of a key through it.
#   programs   @HOME@/{read,root-read,fix-entry,fix}, root's, mode 755: closed lists, told by exact name.
#   sudo rules /etc/sudoers.d/postmedic: each account may start one program as root, with no arguments. visudo checks them
#              before they are put in place.
#   keys       /var/lib/ACCOUNT/.ssh/authorized_keys, root's, so that an account cannot give itself another: a key can
#              start its one program and nothing else (`restrict`: no terminal, no forwarding, no rc file).
#   journal    @JOURNAL@, closed to all but root: which approved steps ran, and copies of the files they edited.
#
# Neither account is put into the groups adm or systemd-journal. They would open every log of the host, the one of logins
# too; root-read opens a few named readings instead, for mail only.
#
# It changes nothing of Postfix, of sshd or of other accounts. Run again it changes what is not as it should be, and nothing
# else. Every file is written beside its place and renamed; until all are written and checked, nothing is replaced.
# To take everything away again: postmedic enroll @HOST@ --uninstall

set -eu
umask 022
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
probe=postmedic-probe fix=postmedic-fix
mends=@MENDS@ # no: there is no key for fixes, so postmedic can only read here
home=@HOME@ journal=@JOURNAL@ sudoers=/etc/sudoers.d/postmedic
new=.postmedic-new # sudo does not read a file with a dot in its name

# --- the files, as they will be ------------------------------------------------------------------------------------------

#@files

# --- how they are put in place --------------------------------------------------------------------------------------------

say() {
  echo "postmedic: $1"
}

fail() { # TEXT [EXIT]
  why=$1
  echo "postmedic: $1" >&2
  exit "${2:-1}"
}

clear_away() {
  code=$?
  [ "$code" = 0 ] || [ -n "${why-}" ] ||
    echo 'postmedic: what stands above stopped it. No file is half; mend that and run this again, or take all away again' >&2
  rm -f "$home"/*"$new" "$sudoers$new" "/var/lib/$probe/.ssh/authorized_keys$new" "/var/lib/$fix/.ssh/authorized_keys$new"
}

account() { # NAME
  if there=$(getent passwd "$1"); then
    [ "$(id -u "$1")" != 0 ] || fail "the account $1 has the rights of root, which it must not have"
    [ "$(echo "$there" | cut -d: -f6)" = "/var/lib/$1" ] ||
      fail "there is an account $1 with another home than /var/lib/$1: it is somebody else's; remove it first"
  fi
  getent group "$1" >/dev/null || groupadd --system "$1"
  if [ -z "$there" ]; then
    # `*` is no password and, unlike `!`, no locked account: sshd without PAM would refuse that one's key too.
    useradd --system --gid "$1" --no-create-home --home-dir "/var/lib/$1" --shell /bin/sh --password '*' "$1"
    say "made the account $1"
  fi
  if [ "$(getent passwd "$1" | cut -d: -f7) $(getent shadow "$1" | cut -d: -f2) $(id -nG "$1")" != "/bin/sh * $1" ]; then
    usermod --shell /bin/sh --password '*' --gid "$1" --groups '' "$1"
    say "set right the account $1: no password, no group but its own"
  fi
}

folder() { # PATH MODE
  { [ ! -L "$1" ] && { [ ! -e "$1" ] || [ -d "$1" ]; }; } || fail "$1 is no folder"
  if [ "$(stat -c '%a %U:%G' "$1" 2>/dev/null)" != "$2 root:root" ]; then
    mkdir -p "$1"
    chown root:root "$1"
    chmod "00$2" "$1" # with the zeros it takes away what a folder above handed down
    say "made the folder $1"
  fi
}

write() { # FILE MODE TEXT: beside its place; where the file is right already, nothing is left there
  rm -f "$1$new"
  "$3" >"$1$new"
  chown root:root "$1$new"
  chmod "$2" "$1$new"
  sync "$1$new"
  if [ ! -L "$1" ] && cmp -s "$1$new" "$1" && [ "$(stat -c '%a %U:%G' "$1")" = "$2 root:root" ]; then rm "$1$new"; fi
}

put() { # FILE
  [ -f "$1$new" ] || return 0
  mv -fT "$1$new" "$1"
  say "put in place $1"
}

home_of() { # ACCOUNT: root's with all that is in it; the account itself can write nowhere
  if [ -d "/var/lib/$1" ] && [ -n "$(find "/var/lib/$1" ! -user root)" ]; then chown -hR root:root "/var/lib/$1"; fi
  folder "/var/lib/$1" 755
  folder "/var/lib/$1/.ssh" 755
}

check_sudo() {
  visudo -cq || {
    rm -f "$sudoers"
    fail 'with the new rules visudo finds an error (visudo -c): they were removed again'
  }
  # Not by asking sudo itself, which may send mail about being asked.
  visudo -c | grep -qF "$sudoers:" ||
    say 'NOTE: sudo does not read the new rules: /etc/sudoers must hold the line  @includedir /etc/sudoers.d'
}

check_sshd() { # only to say what would keep the accounts out; nothing of it is changed
  for name in "$probe" "$fix"; do
    sshd -T -C "user=$name,host=localhost,addr=127.0.0.1" 2>/dev/null ||
      say 'NOTE: sshd does not say how it is set (sshd -T), so it was not seen whether it lets the accounts in'
  done | sort -u | while read -r word rest; do
    case "$word $rest" in
      postmedic:*) echo "$word $rest" ;;
      authorizedkeysfile*.ssh/authorized_keys* | authenticationmethods\ any | authenticationmethods\ publickey | forcecommand\ none) ;;
      authorizedkeysfile* | allowusers* | allowgroups* | denyusers* | denygroups* | authenticationmethods* | forcecommand* | \
        pubkeyauthentication\ no)
        say "NOTE: sshd_config says \`$word $rest\`: it must let $probe and $fix log in with the keys of their home" ;;
    esac
  done
}

host_key() { # one that sshd shows, of the best type, as far as it says which those are
  for kind in ssh-ed25519 ecdsa ssh-rsa; do
    { sshd -T 2>/dev/null || printf 'hostkey %s\n' /etc/ssh/ssh_host_*_key; } | sed -n 's/^hostkey //p' | while read -r file; do
      cut -d' ' -f1,2 "$file.pub" 2>/dev/null || :
    done | grep -m 1 "^$kind" && return 0
  done
  say 'NOTE: no public key of this host was found beside those of sshd: put one into host_keys' >&2
}

tell() { # what belongs into the inventory
  key=$(host_key)
  say 'done. This belongs into the inventory of the bot, with who may approve fixes:'
  printf '\n[[host]]\nname = "%s"\n' @HOST@
  printf 'host_keys = ["%s"]\n' "$key"
  file_inventory
  printf '\n'
  say 'then, on the machine of the bot:  postmedic doctor @HOST@'
}

main() {
  [ "$(id -u)" = 0 ] || fail 'only root can enrol a host; nothing was done' 77
  for tool in groupadd useradd usermod getent sudo visudo sshd flock timeout sha256sum; do
    command -v "$tool" >/dev/null || fail "$tool is not installed here; nothing was done"
  done
  visudo -cq || fail 'the sudo rules of this host have an error already (visudo -c); nothing was done'
  trap clear_away EXIT
  trap 'exit 129' HUP INT PIPE TERM
  folder "$home" 755
  folder "$journal" 700
  home_of "$probe"
  [ "$mends" = no ] || home_of "$fix"
  write "$home/read" 755 file_read
  write "$home/root-read" 755 file_root_read
  write "$home/fix-entry" 755 file_fix_entry
  write "$home/fix" 755 file_fix
  write "$home/version" 644 file_version
  write "$sudoers" 440 file_sudoers
  write "/var/lib/$probe/.ssh/authorized_keys" 644 file_postmedic_probe
  [ "$mends" = no ] || write "/var/lib/$fix/.ssh/authorized_keys" 644 file_postmedic_fix
  [ ! -f "$sudoers$new" ] || visudo -cqf "$sudoers$new" || fail 'visudo refuses the new sudo rules; nothing was replaced'
  account "$probe"
  [ "$mends" = no ] || account "$fix"
  for name in root-read read fix fix-entry version; do put "$home/$name"; done
  put "$sudoers"
  check_sudo
  # The doors come last, when everything behind them stands; sshd would read the second file too.
  for name in "$probe" "$fix"; do
    other=/var/lib/$name/.ssh/authorized_keys2
    if [ -e "$other" ] || [ -L "$other" ]; then
      rm -f "$other"
      say "took $other away: the account has one key"
    fi
  done
  put "/var/lib/$probe/.ssh/authorized_keys"
  if [ "$mends" = yes ]; then
    put "/var/lib/$fix/.ssh/authorized_keys"
  elif [ -e "/var/lib/$fix/.ssh/authorized_keys" ]; then
    rm -f "/var/lib/$fix/.ssh/authorized_keys"
    say "took the key of $fix away: there is none for fixes any more"
  fi
  check_sshd
  tell
}

main # the last line: of a text that was cut off on its way nothing runs
