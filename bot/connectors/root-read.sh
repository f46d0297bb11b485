#!/bin/sh
# postmedic: the probes that only root can answer, for the probe account through sudo. It takes one line of words from
# standard input and no arguments; it knows fixed read-only probes and nothing else.
# shellcheck disable=SC2034 # who may ask is decided by sudo here, not by $access
set -fu
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin IFS=' '
export LC_ALL PATH
umask 077

#@checks

#@probing

main() {
  [ $# -eq 0 ] || exit 64
  words=$(head -n 1 | head -c 2048)
  case $words in '' | *[!A-Za-z0-9_.:@/+=,\ -]*) exit 64 ;; esac
  # shellcheck disable=SC2086 # split at spaces, checked above; set -f keeps patterns asleep
  set -- $words
  known "$@" || exit 64
  name=$1
  shift
  exec 4>&1 5>&2
  capped "$seconds" sh -c "$text" "$name" "$@"
  exit "$code"
}

main "$@"
