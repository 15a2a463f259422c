# Leaves one event in the spool of kopia-metrics-agent; read by hook.sh beside it, in a shell of its own.
#
# One small file and nothing else: nothing is printed, and it succeeds whatever goes wrong, since a backup must not
# fail for being watched. Only the variables below are kept: KOPIA_PASSWORD is in the environment too.
#
# The spool is in the first of these that has one which can be written to:
#   $KOPIA_METRICS_STATE_DIR  /var/lib/kopia-metrics-agent  $XDG_STATE_HOME or ~/.local/state, kopia-metrics-agent
# shellcheck shell=sh

exec </dev/null >/dev/null 2>&1
umask 077

for state in "${KOPIA_METRICS_STATE_DIR:-}" /var/lib/kopia-metrics-agent \
  "${XDG_STATE_HOME:-${HOME:-}/.local/state}/kopia-metrics-agent"; do
  spool=$state/spool
  [ -n "$state" ] && [ -d "$spool" ] && [ -w "$spool" ] && break
  spool=
done

# The id that Kopia gave to this attempt becomes part of a file's name: hexadecimal, and nothing else.
case "${KOPIA_SNAPSHOT_ID:-/}" in *[!0-9A-Za-z]*) spool= ;; esac

# While no agent empties it, the spool stays bounded: one call in some ten (the id is random) drops the oldest beyond 1000.
drop_oldest() {
  set -- "$spool"/*
  [ "$#" -gt 1000 ] || return
  # shellcheck disable=SC2012 # The names are those below: letters, digits, dashes and dots.
  ls -t "$spool" | tail -n +1001 | while read -r name; do rm -f "$spool/$name"; done
}

if [ -n "$spool" ]; then
  case $KOPIA_SNAPSHOT_ID in *0) drop_oldest ;; esac
  event=$spool/$KOPIA_SNAPSHOT_ID-$$-${phase:-call}
  # The parent is Kopia; the file's time is the event's. NUL ends an entry, since no path can hold one.
  printf '%s\0' "KOPIA_ACTION=${KOPIA_ACTION:-}" "KOPIA_SNAPSHOT_ID=$KOPIA_SNAPSHOT_ID" \
    "KOPIA_SOURCE_PATH=${KOPIA_SOURCE_PATH:-}" "KOPIA_SNAPSHOT_PATH=${KOPIA_SNAPSHOT_PATH:-}" \
    "KOPIA_VERSION=${KOPIA_VERSION:-}" "PARENT_PID=$PPID" "PHASE=${phase:-call}" \
    "ACTION_EXIT_CODE=${code:-}" >"$event.part" &&
    mv -f "$event.part" "$event.event"
fi
