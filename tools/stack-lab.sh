#!/bin/sh
# Creates network and mount namespaces for testing deploy/compose.yaml, so that its fixed ports, names and folders do not
# conflict with others. Prints `ready` when `docker compose` can run there, and runs until it is killed. Enter the namespaces
# with `nsenter --net --mount --target=PID`; FOLDER/bin has `docker` and `podman` for use there.
# Usage: unshare --mount --propagation=slave sh stack-lab.sh FOLDER. The exit codes are those of stack-images.sh.
set -eu

here=$(cd -- "$(dirname -- "$0")" && pwd)
folder=$1
image=$(sed -n 's|^ *image: \(localhost/.*\)|\1|p' "$here/../deploy/compose.yaml")

sh "$here/stack-images.sh" "$folder"
printf '%s\n' 'stack: building the agent'"'"'s image from deploy/Containerfile' >&2
# Mount npm's cache as an overlay, so that the build uses it but does not change it.
"$folder/bin/podman" build --quiet --network=host --volume="$(npm config get cache):/root/.npm:O" \
  --file="$here/../deploy/Containerfile" --tag="$image" "$here/.." >&2
mkdir -p /var/lib/prometheus
mount -t tmpfs tmpfs /var/lib/prometheus
# Podman's network state in /run must not be shared between network namespaces.
mount -t tmpfs tmpfs /run
exec unshare --net sh "$here/stack-room.sh" "$folder"
