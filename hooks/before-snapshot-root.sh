#!/bin/sh
# Kopia's before-snapshot-root action: tells kopia-metrics-agent that a snapshot begins.
here=${0%/*}
# shellcheck source=hooks/record-event.sh
[ -r "$here/record-event.sh" ] && . "$here/record-event.sh"
exit 0
