# One probe: looked up by its exact name and number of tokens, run with nothing to read, both outputs cut, its exit kept.
known() { # NAME TOKEN…: sets $access $seconds $bytes $text, or returns 64
  name=$1
  shift
  for word in "$@"; do
    is_token "$word" || return 64
  done
  case $name:$# in
    #@probes
    *) return 64 ;;
  esac
}

capped() { # SECONDS COMMAND…: stdout to 4 and stderr to 5, $bytes of each; its exit status in $code
  limit=$1
  shift
  code=$(
    {
      {
        {
          timeout -k 1 "$limit" "$@" 2>&1 1>&6 3>&- 4>&- 5>&- 6>&- </dev/null
          echo "$?" >&3
        } | carried >&5 6>&-
      } 6>&1 | carried >&4
    } 3>&1
  )
  code=${code##*[!0-9]} # the last that was said
}

carried() { # what is held open a second beyond the limit is carried no further, and the probe says 124: it may not be all
  {
    timeout -k 1 "$((limit + 1))" cat
    [ "$?" -ne 124 ] || echo 124 >&3
  } | head -c "$bytes"
}
