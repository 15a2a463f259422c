#!/bin/sh
# Kopia's after-snapshot-root action: tells kopia-metrics-agent that a snapshot has been taken.
#
# after-snapshot-root.sh -- COMMAND ARGUMENTS…  runs an action of the user's own in its place; what stands before `--` are
# notes of `kopia-metrics-agent install-hooks` to itself.
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
