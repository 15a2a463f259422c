#!/bin/sh
# Runs in the namespaces that stack-lab.sh creates: podman's Docker-compatible API on FOLDER/docker.sock, and health checks.
# Prints `ready` when the API answers, and runs until it is killed.
# Usage: stack-room.sh FOLDER
set -eu

folder=$1
podman=$folder/bin/podman

# Where systemd runs, it runs podman's health checks, by a timer for each container. Here this loop does: every second for a
# container that has only started, and every tenth second for the others.
check_health() {
  turn=0
  while sleep 1; do
    turn=$((turn + 1))
    filter=--filter=health=starting
    if [ $((turn % 10)) -eq 0 ]; then filter=--all=false; fi
    # Containers come and go meanwhile, and the answer is stored in the container.
    for container in $("$podman" ps --quiet "$filter" 2>/dev/null); do
      "$podman" healthcheck run "$container" >/dev/null 2>&1 || true
    done
  done
}

if [ "${2:-}" = health ]; then
  until curl --silent --fail --output /dev/null --unix-socket "$folder/docker.sock" http://podman/_ping; do sleep 0.1; done
  echo ready
  check_health
fi
ip link set lo up
# The checks end when this process ends, also if that is killed.
setpriv --pdeathsig=KILL sh "$0" "$folder" health &
exec "$podman" system service --time=0 "unix://$folder/docker.sock"
