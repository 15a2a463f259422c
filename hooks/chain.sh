# Runs the action that stood in the policy before the hook; read by the two hooks beside it, with `--` and the action's
# own command as arguments. The action has standard input, output (KOPIA_SNAPSHOT_PATH=… must reach Kopia) and error to
# itself, and its exit code is the hook's. Its begin and end are recorded, each in a shell that can't disturb it.
# shellcheck shell=sh disable=SC2154 # `here` is set by the hook that reads this file.

record() {
  # shellcheck source=hooks/record-event.sh
  [ -r "$here/record-event.sh" ] && (. "$here/record-event.sh")
}

phase=begin
record

# In the background, so that a signal can be passed on while it runs. There POSIX takes standard input away, so it is
# kept under another number, and SIGINT is ignored, so it is passed on as SIGTERM. SIGKILL can't be passed on by anybody.
exec 3<&0
"$@" <&3 3<&- &
action=$!
trap 'kill -TERM "$action"' INT TERM
trap 'kill -HUP "$action"' HUP
wait "$action"
code=$?
# A signal ends `wait` early: wait on until the action is really over.
while kill -0 "$action" 2>/dev/null; do
  wait "$action"
  code=$?
done

phase=end
record
exit "$code"
