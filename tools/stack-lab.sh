#!/bin/sh
# Creates network and mount namespaces for testing deploy/compose.yaml, so that its fixed ports, names and folders do not
# conflict with others. Prints `ready` when `docker compose` can run there, and runs until it is killed. Enter the namespaces
# with `nsenter --net --mount --target=PID`; FOLDER/bin has `docker` and `podman` for use there.
# Usage: unshare --mount --propagation=slave sh stack-lab.sh FOLDER. The exit codes are those of stack-images.sh.
set -eu

here=$(cd -- "$(dirname -- "$0")" && pwd)
folder=$1
deploy=$here/../deploy

sh "$here/stack-images.sh" "$folder"
printf '%s\n' 'stack: building the image of the agent as compose.yaml says' >&2
# This machine's network leads to npm's registry. The setting is not in compose.yaml, because Docker's own network does, too.
printf 'services: {setup: {build: {network: host}}}\n' >"$folder/build.yaml"
"$folder/bin/podman" system service --time=0 "unix://$folder/docker.sock" &
service=$!
until curl --silent --fail --output /dev/null --unix-socket "$folder/docker.sock" http://podman/_ping; do
  kill -0 "$service"
  sleep 0.1
done
# podman has no BuildKit.
DOCKER_BUILDKIT=0 "$folder/bin/docker" compose --env-file /dev/null -f "$deploy/compose.yaml" -f "$folder/build.yaml" \
  build --quiet setup >&2 || status=$?
kill "$service"
wait "$service" || true
[ -z "${status:-}" ]
mkdir -p /var/lib/prometheus
mount -t tmpfs tmpfs /var/lib/prometheus
# Podman's network state in /run must not be shared between network namespaces.
mount -t tmpfs tmpfs /run
exec unshare --net sh "$here/stack-room.sh" "$folder"
