# Runs the action that was in the policy before the hook. Both hooks read this file with `.`; their arguments are then the
# action's command. The action has standard input, output (Kopia reads KOPIA_SNAPSHOT_PATH=… there) and error to
# itself, and its exit code becomes the hook's. Its begin and end are recorded, each in a subshell that can't disturb it.
# shellcheck shell=sh disable=SC2154 # The hook that reads this file sets `here`.

record() {
  # shellcheck source=hooks/record-event.sh
  [ -r "$here/record-event.sh" ] && (. "$here/record-event.sh")
}

phase=begin
record

# Run the action in the background, so that signals can be passed on to it. POSIX takes standard input from a background
# command, so the action gets it as descriptor 3; and it ignores SIGINT there, so SIGINT is passed on as SIGTERM. Nothing
# can pass on SIGKILL.
exec 3<&0
"$@" <&3 3<&- &
action=$!
trap 'kill -TERM "$action"' INT TERM
trap 'kill -HUP "$action"' HUP
wait "$action"
code=$?
# A signal ends `wait` before the action has ended, so wait again.
while kill -0 "$action" 2>/dev/null; do
  wait "$action"
  code=$?
done

phase=end
record
exit "$code"
