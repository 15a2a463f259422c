#!/bin/sh
# Kopia's after-snapshot-root action: records for kopia-metrics-agent that a snapshot has been taken.
#
# `after-snapshot-root.sh -- COMMAND ARGUMENTS…` runs the user's own action instead. `kopia-metrics-agent install-hooks` keeps
# notes in the arguments before `--`: `--essential` says that Kopia fails the backup if this action fails.
kopia_metrics_hooks=${0%/*}
kopia_metrics_phase=call
kopia_metrics_code=
kopia_metrics_mode=
while [ "$#" -gt 0 ] && [ "$1" != -- ]; do
  [ "$1" = --essential ] && kopia_metrics_mode=essential
  shift
done
if [ "$#" -gt 1 ]; then
  shift
  # shellcheck source=hooks/chain.sh
  [ -r "$kopia_metrics_hooks/chain.sh" ] && . "$kopia_metrics_hooks/chain.sh"
  exec "$@"
fi
# shellcheck source=hooks/record-event.sh
[ -r "$kopia_metrics_hooks/record-event.sh" ] && . "$kopia_metrics_hooks/record-event.sh"
exit 0
