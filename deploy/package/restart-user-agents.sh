#!/bin/sh
# Restarts users' own agents that run, on an upgrade of the package: an old process would look for code that is gone.
# The users' managers take calls at a socket of their own, so this works without D-Bus. One that does not answer holds up nothing.

systemctl list-units --plain --no-legend --state=active 'user@*.service' | while read -r manager _; do
  id=${manager#user@}
  id=${id%.service}
  for action in daemon-reload "try-restart kopia-metrics-agent.service kopia-metrics-agent@*.service"; do
    # shellcheck disable=SC2086 # A list of words.
    timeout 60 runuser -u "$(id -un "$id")" -- \
      env XDG_RUNTIME_DIR="/run/user/$id" systemctl --user $action </dev/null || true
  done
done
