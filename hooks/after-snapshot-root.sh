#!/bin/sh
# Kopia's after-snapshot-root action: records for kopia-metrics-agent that a snapshot has been taken.
#
# `after-snapshot-root.sh -- COMMAND ARGUMENTS…` runs the user's own action instead. `kopia-metrics-agent install-hooks` keeps
# notes for itself in the arguments before `--`.
here=${0%/*}
while [ "$#" -gt 0 ] && [ "$1" != -- ]; do shift; done
if [ "$#" -gt 1 ]; then
  shift
  # shellcheck source=hooks/chain.sh
  [ -r "$here/chain.sh" ] && . "$here/chain.sh"
  exec "$@"
fi
# shellcheck source=hooks/record-event.sh
[ -r "$here/record-event.sh" ] && . "$here/record-event.sh"
exit 0
