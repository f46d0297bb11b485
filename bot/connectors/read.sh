#!/bin/sh
# postmedic: the only thing the probe account can do on this host. It runs named, fixed, read-only probes and frames what
# they print. The words come from the SSH client and are compared and passed on, never evaluated.
set -fu
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin IFS=' '
export LC_ALL PATH
umask 077

refuse() {
  echo "postmedic: refused: $1" >&2
  exit 64
}

#@checks

#@probing

as_root=@ROOT_READ@
POSTMEDIC=${as_root%/*} # for the probe that says what is installed; whatever the client's environment holds is replaced
export POSTMEDIC
granted='' # whether sudo lets this account start $as_root: asked at most once, and only for the account of the enrolment,
# because sudo sends root a mail about any account it does not know, even when it is asked by -l

may_sudo() {
  if [ -z "$granted" ]; then
    granted=no
    if [ -x "$as_root" ] && sudo -n -l "$as_root" >/dev/null 2>&1; then granted=yes; fi
  fi
  [ "$granted" = yes ]
}

direct() { # ACCESS: whether this account itself sees the truth
  if [ "$1" = anyone ] || [ "$uid" = 0 ]; then return 0; fi
  case "$1 $groups " in 'logs '*' adm '* | 'logs '*' systemd-journal '*) return 0 ;; esac
  return 1
}

frame() { # WORDS: the same line on both streams; it starts with the newline that probes may leave out
  printf '\n%s %s\n' "$mark" "$1"
  printf '\n%s %s\n' "$mark" "$1" >&2
}

measure() { # NAME TOKEN…
  if ! known "$@"; then
    echo "postmedic: this host has no probe of that name and form" >&2
    code=64 refused=64
  else
    name=$1
    shift
    if direct "$access"; then
      capped "$seconds" sh -c "$text" "$name" "$@"
    elif may_sudo; then
      # shellcheck disable=SC2016 # these are for the inner shell
      capped $((seconds + 3)) sh -c 'root=$1; shift; printf "%s\n" "$*" | sudo -n "$root"' "$name" "$as_root" "$name" "$@"
    else
      echo "postmedic: this account may not read that" >&2
      code=77
    fi
  fi
  frame "$index $code"
  index=$((index + 1))
}

main() {
  if [ $# -gt 0 ]; then words=$* granted=no; else words=${SSH_ORIGINAL_COMMAND-}; fi
  unset SSH_ORIGINAL_COMMAND
  [ "${#words}" -le 16384 ] || refuse 'too many words'
  case $words in *[!A-Za-z0-9_.:@/+=,\ -]*) refuse 'words of other letters than probes have' ;; esac
  # shellcheck disable=SC2086 # split at spaces, checked above; set -f keeps patterns asleep
  set -- $words
  { [ $# -ge 3 ] && [ "$1" = read ]; } || refuse 'not a request to read'
  mark=$2
  case $mark in *[!0-9a-f]*) refuse 'not a mark' ;; esac
  [ "${#mark}" -eq 24 ] || refuse 'not a mark'
  shift 2
  uid=$(id -u) groups=" $(id -nG)"
  exec 4>&1 5>&2
  index=0 refused=0 request=''
  frame begin
  for word in "$@" +; do
    if [ "$word" != + ]; then
      request="$request $word"
    elif [ -n "$request" ]; then
      # shellcheck disable=SC2086
      measure $request
      request=''
    fi
  done
  frame end
  exit "$refused"
}

main "$@"
