#!/bin/sh
# Kopia's after-snapshot-root action: tells kopia-metrics-agent that a snapshot has been taken.
here=${0%/*}
# shellcheck source=hooks/record-event.sh
[ -r "$here/record-event.sh" ] && . "$here/record-event.sh"
exit 0
