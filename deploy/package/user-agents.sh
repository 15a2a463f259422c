#!/bin/sh
# Restarts users' own agents that run, on an upgrade of the package: an old process would look for code that is gone. Stops them on a
# removal. The users' managers take calls at a socket of their own, so this works without D-Bus. One that does not answer holds up
# nothing.
# Usage: user-agents.sh restart|stop

agents='kopia-metrics-agent.service kopia-metrics-agent@*.service'
case $1 in
  restart) action="try-restart $agents" ;;
  stop) action="stop $agents kopia-metrics-agent-report.timer kopia-metrics-agent-report@*.timer
      kopia-metrics-agent-report.service kopia-metrics-agent-report@*.service" ;;
  *)
    echo "user-agents.sh: expected restart or stop, found $1" >&2
    exit 2
    ;;
esac

systemctl list-units --plain --no-legend --state=active 'user@*.service' | while read -r manager _; do
  id=${manager#user@}
  id=${id%.service}
  for each in daemon-reload "$action"; do
    # shellcheck disable=SC2086 # A list of words.
    timeout 60 runuser -u "$(id -un "$id")" -- \
      env XDG_RUNTIME_DIR="/run/user/$id" systemctl --user $each </dev/null || true
  done
done
