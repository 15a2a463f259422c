# Writes one event to the spool of kopia-metrics-agent. The hooks and chain.sh read this file with `.`.
#
# It writes one small file and prints nothing, and no hook looks at its status, so that no backup fails because it is
# watched. It saves only the variables below: the environment also has KOPIA_PASSWORD.
#
# The spool is that of the first of these state directories whose `spool` folder is writable:
#   $KOPIA_METRICS_STATE_DIR  /var/lib/kopia-metrics-agent  $XDG_STATE_HOME or ~/.local/state, kopia-metrics-agent
#   and on macOS  /Library or ~/Library, Application Support/kopia-metrics-agent
# shellcheck shell=sh disable=SC2154 # The hooks and chain.sh set the variables whose names begin with kopia_metrics_.

exec </dev/null >/dev/null 2>&1
umask 077

for state in "${KOPIA_METRICS_STATE_DIR:-}" /var/lib/kopia-metrics-agent \
  "${XDG_STATE_HOME:-${HOME:-}/.local/state}/kopia-metrics-agent" \
  "/Library/Application Support/kopia-metrics-agent" "${HOME:-}/Library/Application Support/kopia-metrics-agent"; do
  spool=$state/spool
  [ -n "$state" ] && [ -d "$spool" ] && [ -w "$spool" ] && break
  spool=
done

# Kopia's id of the attempt becomes part of a file name, so it must be letters and digits (Kopia writes hexadecimal).
case "${KOPIA_SNAPSHOT_ID:-/}" in *[!0-9A-Za-z]*) spool= ;; esac

# Keep the spool bounded while no agent empties it: about one call in 16 (the id is random) removes the oldest beyond 1,000.
drop_oldest() {
  set -- "$spool"/*
  [ "$#" -gt 1000 ] || return
  # shellcheck disable=SC2012 # The names are those below: letters, digits, dashes and dots.
  ls -t "$spool" | tail -n +1001 | while read -r name; do rm -f "$spool/$name"; done
}

[ -n "$spool" ] || return
case $KOPIA_SNAPSHOT_ID in *0) drop_oldest ;; esac
event=$spool/$KOPIA_SNAPSHOT_ID-$$-$kopia_metrics_phase
# The parent process is Kopia, and the time of the file is that of the event. No path contains a NUL, so NUL ends an entry.
printf '%s\0' "KOPIA_ACTION=${KOPIA_ACTION:-}" "KOPIA_SNAPSHOT_ID=$KOPIA_SNAPSHOT_ID" \
  "KOPIA_SOURCE_PATH=${KOPIA_SOURCE_PATH:-}" "PARENT_PID=$PPID" "PHASE=$kopia_metrics_phase" \
  "ACTION_EXIT_CODE=$kopia_metrics_code" "ACTION_MODE=$kopia_metrics_mode" >"$event.part" &&
  mv -f "$event.part" "$event.event"
