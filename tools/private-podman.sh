#!/bin/sh
# Writes FOLDER/bin/podman, a podman that stores everything in FOLDER, so that the machine's own podman does not see it.
# Usage: private-podman.sh FOLDER
set -eu

folder=$1
mkdir -p "$folder/bin"
cat >"$folder/containers.conf" <<END
[containers]
# Some machines reject podman's default limits.
default_ulimits = ["nofile=1024:1024","nproc=1024:1024"]
[engine]
runtime = "runc"
[network]
network_backend = "netavark"
END
cat >"$folder/bin/podman" <<END
#!/bin/sh
export CONTAINERS_CONF='$folder/containers.conf'
exec $(command -v podman) --root='$folder/storage' --runroot='$folder/run' --tmpdir='$folder/tmp' \\
  --network-config-dir='$folder/networks' --cgroup-manager=cgroupfs --events-backend=file "\$@"
END
chmod +x "$folder/bin/podman"
