#!/bin/sh
# Holds a room apart in which deploy/compose.yaml is tested: its own network and mounts, so that the ports, names and
# folders of the stack, which are the same everywhere, meet nobody else's. Prints `ready` when the images are there, and
# stays until it is killed; enter by `nsenter --net --mount --target=PID`.
# unshare --mount --propagation=slave sh stack-room.sh FOLDER — see stack-images.sh, whose exit codes it has.
set -eu

here=$(cd -- "$(dirname -- "$0")" && pwd)
folder=$1
image=$(sed -n 's|^ *image: \(localhost/.*\)|\1|p' "$here/../deploy/compose.yaml")

sh "$here/stack-images.sh" "$folder"
printf '%s\n' 'stack: building the agent'"'"'s image from deploy/Containerfile' >&2
# npm's cache spares the registry; what is written to it here is thrown away.
"$folder/bin/podman" build --quiet --network=host --volume="$(npm config get cache):/root/.npm:O" \
  --file="$here/../deploy/Containerfile" --tag="$image" "$here/.." >&2
mkdir -p /var/lib/prometheus
mount -t tmpfs tmpfs /var/lib/prometheus
# What podman's network keeps there is of one network only.
mount -t tmpfs tmpfs /run
exec unshare --net sh -c 'ip link set lo up && echo ready && exec sleep infinity'
