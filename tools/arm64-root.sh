#!/bin/sh
# Creates the root file system of a minimal Debian for arm64, and prints its path. It takes some minutes the first time, since
# the second half runs in tools/arm64-room.sh. Cached in ${XDG_CACHE_HOME:-~/.cache}/kopia-metrics-agent; use a copy.
# Usage: arm64-root.sh [SUITE] (default: bookworm)
# Needs root, and debootstrap, which it installs from Debian's packages. Exits with 3 and prints the reason if this machine
# cannot run programs for arm64.
set -eu

suite=${1:-bookworm}
here=$(cd -- "$(dirname -- "$0")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/kopia-metrics-agent
# The name depends on this file's checksum, so that a change here creates a new one.
root=$cache/arm64-$suite-$(cksum <"$here/arm64-root.sh" | cut -d ' ' -f 1)

say() { printf '%s\n' "arm64: $*" >&2; }

install_packages() {
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends debootstrap >&2 9>&-
}

# mirror: prints the Debian mirror that apt uses on this machine.
mirror() {
  # shellcheck disable=SC2016 # apt expands it, not the shell.
  apt-get indextargets --format '$(REPO_URI)' 2>/dev/null | grep -m 1 '/debian/*$' || echo http://deb.debian.org/debian
}

# make_root FOLDER: unpacks the packages here, and configures them as programs for arm64.
make_root() {
  say "creating a Debian $suite for arm64 with debootstrap, which takes some minutes"
  debootstrap --arch=arm64 --foreign --variant=minbase "$suite" "$1" "$(mirror)" >"$1.log" 2>&1 9>&- || return
  # Without this variable it would refuse a room, where nobody can create devices. The room has those of the machine.
  sh "$here/arm64-room.sh" "$1" /usr/bin/env container=lxc /debootstrap/debootstrap --second-stage >>"$1.log" 2>&1 9>&- || return
  rm -rf "$1/var/cache/apt/archives" "$1/var/lib/apt/lists"
}

if [ "$(id -u)" -ne 0 ]; then
  say 'the root file system of another machine needs root'
  exit 3
fi
mkdir -p "$cache"
# What runs for long closes descriptor 9, or it would hold the lock.
exec 9>"$cache/arm64-lock"
flock 9
if [ ! -d "$root" ]; then
  if ! command -v debootstrap >/dev/null; then
    if ! command -v apt-get >/dev/null; then
      say 'debootstrap is missing: install it'
      exit 3
    fi
    say 'installing debootstrap'
    install_packages || { apt-get update -qq >&2 9>&- && install_packages; }
  fi
  rm -rf "$cache/arm64-$suite-"*
  scratch=$root.$$
  trap 'rm -rf "$scratch" "$scratch.log"' EXIT
  status=0
  make_root "$scratch" || status=$?
  if [ "$status" -ne 0 ]; then
    tail -n 20 "$scratch.log" >&2
    exit "$status"
  fi
  mv "$scratch" "$root"
fi
printf '%s\n' "$root"
