# Runs the action that was in the policy before the hook. Both hooks read this file with `.`; their arguments are then the
# action's command. The action runs in the foreground with everything that Kopia gives it: standard input, output (Kopia
# reads KOPIA_SNAPSHOT_PATH=… there) and error, and the signals of the process group. Its exit code becomes the hook's.
#
# At its time limit Kopia sends SIGKILL to the process that it started, which is the hook, and then waits until nobody
# holds standard output (upload_actions.go; os/exec, Cmd.Wait). So a watcher in the background kills the action as soon as
# the hook is gone. It reads a pipe that only the hook has open for writing, because the kernel closes it however the hook
# ends: there is nothing to poll, and no process id of the hook that another process could have by then.
#
# Variables have a long prefix: an exported one of the same name would reach the action changed.
# shellcheck shell=sh disable=SC2154 # The hook that reads this file sets kopia_metrics_hooks.

# In a subshell: the file closes its output, and bash may turn the shell that reads it into its last command.
kopia_metrics_record() {
  # shellcheck source=hooks/record-event.sh
  [ -r "$kopia_metrics_hooks/record-event.sh" ] && (. "$kopia_metrics_hooks/record-event.sh")
}

# Where no pipe can be made, nobody can watch: the action takes the hook's place, and only its begin is recorded.
kopia_metrics_run_unwatched() {
  kopia_metrics_record
  exec "$@"
}

kopia_metrics_phase=begin
# Kopia runs each action in a new folder of its own.
kopia_metrics_pipe=.kopia-metrics-agent-$$
mkfifo "$kopia_metrics_pipe" 2>/dev/null || kopia_metrics_run_unwatched "$@"
# Open for both on 9, so that no open waits for the other end. `command` keeps a failure from ending the shell.
# shellcheck disable=SC2094 # Nothing is read here yet.
command exec 9<>"$kopia_metrics_pipe" 8<"$kopia_metrics_pipe" || kopia_metrics_run_unwatched "$@"
rm -f "$kopia_metrics_pipe"

# The watcher records begin and end beside the action. It learns the exit code from the hook, or finds the hook killed.
# It outlives a signal to the whole group, so that it watches an action that does too.
trap '' HUP INT QUIT TERM
(
  kopia_metrics_record
  kopia_metrics_action=
  while read -r kopia_metrics_word kopia_metrics_number <&8; do
    case $kopia_metrics_word in
      begun) kopia_metrics_action=$kopia_metrics_number ;;
      ended) kopia_metrics_code=$kopia_metrics_number && break ;;
    esac
  done
  if [ -z "$kopia_metrics_code" ]; then
    kopia_metrics_code=137 # As a shell says SIGKILL: 128 + 9.
    kill -KILL "$kopia_metrics_action"
  fi
  kopia_metrics_phase=end
  kopia_metrics_record
) 9>&- </dev/null >/dev/null 2>&1 &
kopia_metrics_watcher=$!
exec 8<&-

# A signal to the whole group (Ctrl-C, the stop of a service) reaches the action itself; the hook waits for what it does.
# A signal that is handled here is not handled, and not ignored, in the action.
trap : HUP INT QUIT TERM
# The inner shell becomes the action, so the process id that it tells is the action's.
# shellcheck disable=SC2016 # The inner shell expands this.
/bin/sh -c 'echo "begun $$" >&9; exec "$@" 9>&-' "$0" "$@"
kopia_metrics_code=$?
echo "ended $kopia_metrics_code" >&9
exec 9>&-
wait "$kopia_metrics_watcher"
exit "$kopia_metrics_code"
