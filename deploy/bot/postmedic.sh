#!/bin/sh
# /usr/local/bin/postmedic: for people, the program as the unit runs it, with its account, settings and tokens: postmedic doctor
set -eu
[ "$(id -un)" = postmedic ] || exec sudo -u postmedic "$0" "$@"
export POSTMEDIC_SETTINGS=/etc/postmedic/postmedic.toml
set -a
# shellcheck source=/dev/null
. /etc/postmedic/tokens
exec /opt/postmedic/.venv/bin/postmedic "$@"
