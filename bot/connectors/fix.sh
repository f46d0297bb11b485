#!/bin/sh
# postmedic: the only thing the account for fixes can do on this host, run as root through sudo without arguments.
# It reads one line of words: `run EXECUTION INDEX OPERATION TOKEN…`, `ask EXECUTION INDEX` or `version`. An operation runs
# at most once per (execution, index): the first claim is an exclusive link in the journal, every later one gets its result.
set -fu
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin IFS=' '
export LC_ALL PATH
umask 077
journal=@JOURNAL@
shown=16384 # bytes of each output that are given back

refuse() { # EXIT TEXT
  echo "postmedic: refused: $2" >&2
  exit "$1"
}

#@checks

# --- the operations -----------------------------------------------------------------------------------------------------

#@operations

known() { # NAME TOKEN…: sets $seconds and $operation, or returns 64
  name=$1
  shift
  for word in "$@"; do
    is_token "$word" || return 64
  done
  case $name:$# in
    #@names
    *) return 64 ;;
  esac
}

# --- files an operation is about to edit --------------------------------------------------------------------------------

# Tables and caches may lie in folders of mail users, who plant links: so a folder is known by its real path, and is the same when
# files are put back; those are made as new files, and but for mounts nothing is written over.

keep() { # FILE: save a byte-exact copy for this execution, or note that there is none; the first copy stays
  case $1 in *..*) ;; /*) set -- "$(readlink -m -- "${1%/*}")/${1##*/}" ;; esac
  case $1 in
    *..* | *[!A-Za-z0-9_.@/+=,:-]*) ;;
    /*)
      grep -qxF "present $1" "$folder/kept" 2>/dev/null && return 0
      grep -qxF "absent $1" "$folder/kept" 2>/dev/null && return 0
      if [ -L "$1" ] && [ -e "$1" ]; then
        # A mail user's link to what is not theirs: an undo would put back a file that no fix has edited.
        case $(stat -c %u -- "$1") in
          0 | "$(stat -Lc %u -- "$1")") keep "$(readlink -f -- "$1")" ;;
          *) echo "postmedic: $1 is a link to somebody else's file, so it was not edited" >&2; exit 73 ;;
        esac
      fi
      if [ ! -e "$1" ] && [ ! -L "$1" ]; then
        echo "absent $1" >>"$folder/kept" && return 0
      elif [ -L "$1" ] || [ -f "$1" ]; then
        mkdir -p "$folder/files${1%/*}" && cp -a -- "$1" "$folder/files$1" &&
          { sync "$folder/files$1" 2>/dev/null || sync; } && echo "present $1" >>"$folder/kept" && return 0
      fi
      ;;
  esac
  echo "postmedic: could not keep a copy of $1, so it was not edited" >&2
  exit 73
}

restore() { # put every kept file of this execution back as it was
  [ -f "$folder/kept" ] || return 0
  while read -r state file; do
    if [ "$state" = absent ] && [ ! -e "${file%/*}" ]; then continue; fi
    (cd -- "${file%/*}" && [ "$(pwd -P)" = "${file%/*}" ] && "put_$state" "$folder/files$file" "${file##*/}") || return 74
  done <"$folder/kept"
}

put_absent() { # COPY NAME: in the folder one is in
  rm -f -- "$2"
}

put_present() { # COPY NAME: by renaming, so that no reader sees half of it; where the file is a mount, by writing it over
  cp -aT --remove-destination -- "$1" "$2.postmedic-restore" && { sync "$2.postmedic-restore" 2>/dev/null || sync; } &&
    mv -fT -- "$2.postmedic-restore" "$2" 2>/dev/null && return 0
  rm -f -- "$2.postmedic-restore"
  [ ! -L "$2" ] && mountpoint -q -- "$2" && cp -p -- "$1" "$2"
}

# --- one step -----------------------------------------------------------------------------------------------------------

locate() { # EXECUTION INDEX
  case $1 in '' | [!A-Za-z0-9]* | *[!A-Za-z0-9_-]*) refuse 64 'not an execution' ;; esac
  case $2 in '' | *[!0-9]* | 0?*) refuse 64 'not an index' ;; esac
  { [ "${#1}" -le 64 ] && [ "${#2}" -le 3 ]; } || refuse 64 'not a step'
  execution=$1 index=$2 folder=$journal/$1 step=$journal/$1/$2
}

claim() { # WORDS: returns 0 for the first claim, 1 when the same words were claimed before; refuses other words
  { mkdir -p "$folder" && true >>"$step.lock"; } 2>/dev/null || refuse 73 'the journal cannot be written'
  exec 9>>"$step.lock"
  flock -s 9 || refuse 73 'the journal cannot be locked'
  mine=$step.claim.$$
  printf '%s\n' "$1" >"$mine" || { rm -f "$mine"; refuse 73 'the journal cannot be written'; }
  first=1
  if ln "$mine" "$step.words" 2>/dev/null; then
    sync "$step.words" "$folder" "$journal" 2>/dev/null || sync
    first=0
  elif [ ! -f "$step.words" ]; then
    rm -f "$mine"
    refuse 73 'the journal cannot be written'
  elif ! cmp -s "$mine" "$step.words"; then
    rm -f "$mine"
    refuse 65 'this step was asked for before with other words'
  fi
  rm -f "$mine"
  return "$first"
}

start() { # run the claimed step where neither a lost connection nor the end of this process can reach it
  if [ -d /run/systemd/system ]; then
    systemd-run --quiet --wait --collect --unit="postmedic-$execution-$index" \
      "$0" step "$execution" "$index" </dev/null >/dev/null 2>&1 9>&-
  else
    setsid -w "$0" step "$execution" "$index" </dev/null >/dev/null 2>&1 9>&-
  fi
}

step() { # as the process that outlives the connection: give the operation its time and write down how it ended
  exec 9>>"$step.lock"
  flock -s 9
  [ ! -e "$step.over" ] || exit 70 # it was told as interrupted before it began
  # shellcheck disable=SC2046 # the words were checked before they were claimed, and are again
  known $(cat "$step.words") || exit 64
  timeout -k 5 "$seconds" "$0" perform "$execution" "$index" </dev/null >"$step.stdout" 2>"$step.stderr"
  # On a full disk there is no room for it: a step without an end was interrupted, one with an empty end would read as 0.
  echo "$?" >"$step.exit.new" && { sync "$step.exit.new" "$folder" 2>/dev/null || sync; } &&
    mv -f "$step.exit.new" "$step.exit"
}

perform() { # under timeout, which keeps the lock; what the operation starts must not
  exec 9>&-
  # shellcheck disable=SC2046
  set -- $(cat "$step.words")
  known "$@" || exit 64
  shift
  unset IFS
  set +fu
  umask 022 # what an operation makes is for the mail system; the journal's own folder is closed already
  readonly folder
  "$operation" "$@"
  exit
}

answer() { # fresh|replayed: how the step ended, with lengths before the bytes so that no output can look like an answer
  if [ -f "$step.exit" ]; then
    out=$(head -c "$shown" "$step.stdout" | wc -c) err=$(head -c "$shown" "$step.stderr" | wc -c)
    printf 'ended %d %s %d %d\n' "$(cat "$step.exit")" "$1" "$out" "$err"
    head -c "$shown" "$step.stdout"
    head -c "$shown" "$step.stderr"
  elif true >"$step.over"; then # what a busy host begins after this word must not run
    echo interrupted
  else
    echo running
  fi
}

run() { # EXECUTION INDEX OPERATION TOKEN…
  [ $# -ge 3 ] || refuse 64 'not a step'
  locate "$1" "$2"
  shift 2
  known "$@" || refuse 64 'this host has no operation of that name and form'
  if claim "$*"; then
    logger -t postmedic -- "execution $execution step $index runs: $*" 2>/dev/null
    how=fresh
    start
  else
    how=replayed
  fi
  # Exclusive only when nobody runs or starts the step any more; a crowd that asks may keep the lock shared beyond its end.
  if flock -w $((seconds + 10)) 9 || [ -f "$step.exit" ]; then
    answer "$how"
  else
    echo running
  fi
}

ask() { # EXECUTION INDEX
  [ $# -eq 2 ] || refuse 64 'not a question'
  locate "$1" "$2"
  if [ ! -f "$step.words" ]; then
    echo unseen
  elif [ -f "$step.exit" ]; then
    answer replayed
  else
    exec 9>>"$step.lock"
    # The lock is free for a moment while the step's process starts; only a lock still free later means nobody runs it.
    if { flock -n 9 && flock -u 9 && sleep 2 && flock -n 9; } || [ -f "$step.exit" ]; then
      answer replayed
    else
      echo running
    fi
  fi
}

version() { # what is installed beside this file, by its digests
  cd -- "${0%/*}" && @TELLING@
}

main() {
  [ "$(id -u)" = 0 ] || refuse 77 'not root'
  if [ $# -eq 3 ] && { [ "$1" = step ] || [ "$1" = perform ]; }; then
    locate "$2" "$3"
    "$1"
    exit
  fi
  [ $# -eq 0 ] || refuse 64 'arguments are not taken'
  words=$(head -c 2049)
  [ "${#words}" -le 2048 ] || refuse 64 'too many words'
  case $words in *[!A-Za-z0-9_.:@/+=,\ -]*) refuse 64 'words of other letters than operations have' ;; esac
  # shellcheck disable=SC2086 # split at spaces, checked above; set -f keeps patterns asleep
  set -- $words
  if [ "$words" = version ]; then
    version
    exit
  fi
  [ $# -ge 3 ] || refuse 64 'not a request'
  case $1 in
    run | ask) "$@" ;;
    *) refuse 64 'neither run nor ask' ;;
  esac
}

main "$@"
