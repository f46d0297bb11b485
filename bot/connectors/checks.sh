# Which words are acceptable: one check per token type, with shell patterns only. Nothing here evaluates what it checks.
is_token() {
  case $1 in '' | [!A-Za-z0-9]* | *[!A-Za-z0-9_.:@/+=,-]*) return 1 ;; esac
  [ "${#1}" -le 128 ]
}

is_parameter() {
  case $1 in '' | [!a-z]* | *[!a-z0-9_]*) return 1 ;; esac
  [ "${#1}" -le 64 ]
}

is_service() {
  case $1 in postfix | dovecot | saslauthd | opendkim) return 0 ;; esac
  return 1
}

is_word() {
  case $1 in '' | [!a-z0-9]* | *[!a-z0-9_.@-]*) return 1 ;; esac
  [ "${#1}" -le 64 ]
}

is_domain() {
  case $1 in '' | .* | *. | *..* | *[!A-Za-z0-9_.-]*) return 1 ;; esac
  rest=$1.
  while [ -n "$rest" ]; do
    label=${rest%%.*}
    rest=${rest#*.}
    case $label in
      [A-Za-z0-9_]) ;;
      -* | *-) return 1 ;;
      *_) return 1 ;;
    esac
    [ "${#label}" -le 63 ] || return 1
  done
  return 0
}

# The bot has parsed the address; here its form is enough: digits with dots, or hexadecimal groups with colons.
is_address() {
  [ "${#1}" -le 45 ] || return 1
  case $1 in
    *[!0-9a-fA-F:.]* | *:::*) return 1 ;;
    *:*:*) return 0 ;;
    *[!0-9.]* | .* | *. | *..* | *.*.*.*.*) return 1 ;;
    *.*.*.*) return 0 ;;
  esac
  return 1
}

is_host() {
  is_address "$1" || is_domain "$1"
}

is_port() {
  case $1 in '' | 0* | *[!0-9]*) return 1 ;; esac
  [ "${#1}" -le 5 ] && [ "$1" -le 65535 ]
}

is_mail_port() {
  case $1 in 25 | 465 | 587 | 2525) return 0 ;; esac
  return 1
}

is_table() {
  case $1 in
    hash:/* | btree:/* | lmdb:/* | cdb:/* | dbm:/*) is_path "${1#*:/}" ;;
    *) return 1 ;;
  esac
}

is_path() {
  case /$1/ in */../*) return 1 ;; esac
  case $1 in '' | [!A-Za-z0-9]* | *[!A-Za-z0-9_.@/-]*) return 1 ;; esac
  [ "${#1}" -le 127 ]
}

is_record() {
  case $1 in a | aaaa | mx | txt | ns | ptr | tlsa) return 0 ;; esac
  return 1
}
