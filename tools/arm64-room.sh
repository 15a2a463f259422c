#!/bin/sh
# Creates a room in which programs for arm64 run, under emulation where the machine is of another kind: namespaces of users,
# mounts, processes and network, with a binfmt_misc of their own (Linux 6.7 or newer), so that nothing changes on the machine.
# Usage: arm64-room.sh ROOT [COMMAND…]   ROOT is a folder with a root file system for arm64. With a command, it runs the command
# in ROOT. Otherwise it prints `ready` and runs until it is killed; everything in the room ends with it. Enter the room with
#   nsenter --user --mount --net --pid=/proc/PID/ns/pid_for_children --target=PID chroot ROOT …
# Exits with 3 and prints the reason if this machine cannot do that.
set -eu

refuse() {
  printf '%s\n' "arm64: $*" >&2
  exit 3
}

# The ELF header of programs for arm64, and the bits of it that count: Debian's qemu-user-static registers the same.
magic='\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00'
mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
binfmt=/proc/sys/fs/binfmt_misc

furnish() {
  ip link set lo up
  if [ "$(uname -m)" != aarch64 ]; then
    mount -t binfmt_misc binfmt_misc "$binfmt" 2>/dev/null ||
      refuse 'the kernel offers no binfmt_misc for a user namespace (Linux 6.7 or newer does)'
    # F opens the emulator now, so that it is found in every root file system; C keeps the credentials; P keeps argv[0].
    printf ':aarch64:M::%s:%s:%s:FCP' "$magic" "$mask" "$EMULATOR" >"$binfmt/register"
  fi
  mount --rbind /dev "$1/dev"
  mount -t proc proc "$1/proc" || refuse 'this machine cannot mount /proc in a pid namespace'
}

case $1 in
  --outer)
    # Process 1 of the room: it dies with `unshare`, and the room with it. It has no rights yet, and its child has them, because
    # the users of the room are known by then.
    shift
    until grep -q . /proc/self/uid_map && grep -q . /proc/self/gid_map; do sleep 0.05; done
    status=0
    sh "$0" --inner "$@" || status=$?
    exit "$status"
    ;;
  --inner)
    shift
    root=$1
    shift
    furnish "$root"
    if [ $# -gt 0 ]; then exec chroot "$root" "$@"; fi
    chroot "$root" /bin/true || refuse 'programs for arm64 do not run here'
    echo ready
    exec sleep infinity
    ;;
esac

here=$(cd -- "$(dirname -- "$0")" && pwd)
[ "$(id -u)" -eq 0 ] || refuse 'the root file system of another machine needs root'
if [ "$(uname -m)" != aarch64 ]; then
  EMULATOR=$(sh "$here/fetch.sh" qemu-aarch64-static | sed 's/^[^=]*=//')
  export EMULATOR
fi
unshare --user --mount --net --pid --fork true 2>/dev/null || refuse 'this machine cannot create namespaces'

# Only a process outside can say which users the room has: all, under their own numbers.
users=$(readlink /proc/self/ns/user)
room=$$
{
  until [ "$(readlink "/proc/$room/ns/user")" != "$users" ]; do sleep 0.05; done
  for map in uid_map gid_map; do echo '0 0 4294967295' >"/proc/$room/$map"; done
} &
exec unshare --user --mount --net --pid --fork --kill-child sh "$0" --outer "$@"
