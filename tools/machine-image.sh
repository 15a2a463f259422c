#!/bin/sh
# Creates the image of a Debian machine that boots with systemd, and prints its name.
# Usage: machine-image.sh [SUITE [PACKAGE...]] (default: bookworm), with further Debian packages in an image of its own
#
# Needs podman and debootstrap, and installs missing ones from Debian's packages (as root). Podman stores the image, one for
# all checkouts; `podman rmi NAME` removes it.
# Exits with 3 and prints the reason if this machine cannot run containers.
set -eu

suite=${1:-bookworm}
[ "$#" -eq 0 ] || shift
variant=$suite included=systemd-sysv,dbus,libpam-systemd
for package in "$@"; do variant=${variant}_$package included=$included,$package; done
here=$(cd -- "$(dirname -- "$0")" && pwd)
repository=localhost/kopia-metrics-agent-test
# The name depends on this file's checksum, so that a change here creates a new image.
image=$repository:$variant-$(cksum <"$here/machine-image.sh" | cut -d ' ' -f 1)
packages='podman runc netavark aardvark-dns iptables uidmap debootstrap'

say() { printf '%s\n' "machine: $*" >&2; }
refuse() {
  say "$*"
  exit 3
}

install_packages() {
  # shellcheck disable=SC2086 # A list of words.
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends $packages >&2
}

is_there() { command -v podman >/dev/null && command -v runc >/dev/null && command -v debootstrap >/dev/null; }

# mirror: prints the Debian mirror that apt uses on this machine.
mirror() {
  # shellcheck disable=SC2016 # apt expands it, not the shell.
  apt-get indextargets --format '$(REPO_URI)' 2>/dev/null | grep -m 1 '/debian/*$' || echo http://deb.debian.org/debian
}

# make_image FOLDER: creates a minimal Debian with systemd. Units that would affect the host are masked.
make_image() {
  say "creating $image with debootstrap, which takes a minute"
  if ! debootstrap --variant=minbase --include="$included" "$suite" "$1/root" "$(mirror)" \
    >"$1/log" 2>&1; then
    tail -n 20 "$1/log" >&2
    return 1
  fi
  rm -rf "$1/root/var/cache/apt/archives" "$1/root/var/lib/apt/lists"
  for unit in systemd-sysctl.service systemd-modules-load.service systemd-binfmt.service systemd-remount-fs.service \
    systemd-journald-audit.socket proc-sys-fs-binfmt_misc.automount sys-kernel-debug.mount sys-kernel-tracing.mount \
    sys-kernel-config.mount sys-fs-fuse-connections.mount apt-daily.timer apt-daily-upgrade.timer; do
    ln -s /dev/null "$1/root/etc/systemd/system/$unit"
  done
  podman images --quiet --filter "reference=$repository:$variant-*" | xargs -r podman rmi >&2 || true
  tar -C "$1/root" -c . |
    podman import --quiet --change 'LABEL kopia-metrics-agent=test' - "$image" >&2
}

# Tests run in parallel, and more than one asks for an image: only one at a time is made.
# What runs for long closes descriptor 9, or it would hold the lock.
cache=${XDG_CACHE_HOME:-$HOME/.cache}/kopia-metrics-agent
mkdir -p "$cache"
exec 9>"$cache/machine-lock"
if command -v flock >/dev/null; then flock 9; fi

if ! is_there; then
  if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
    refuse "podman, runc or debootstrap is missing: as root run: apt-get install --no-install-recommends $packages"
  fi
  say "installing $packages"
  install_packages 9>&- || { apt-get update -qq >&2 9>&- && install_packages 9>&-; }
fi
[ "$(id -u)" -eq 0 ] || refuse 'booting a machine with systemd needs root'

if ! podman image exists "$image"; then
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  make_image "$scratch"
fi
# Some machines cannot run containers at all, even with podman installed.
podman --runtime=runc run --rm --privileged --network=none --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 \
  "$image" /bin/true >&2 9>&- || refuse 'podman can run no container here, see above'
printf '%s\n' "$image"
