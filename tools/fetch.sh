#!/bin/sh
# Finds the real parts that demo and tests run against, and fetches those that are missing.
# Prints one line NAME=PATH each on standard output; says on standard error what it does.
#
# What is on PATH is used. Otherwise Debian's packages (as root), and Kopia built with Go from tools/kopia/go.mod:
# `go install …@version` is refused for it, since no list of its versions is served.
# KOPIA_VERSION=v0.21.1 asks for another Kopia than the one on PATH or in tools/kopia, by tools/kopia-v0.21.1.
# `tools/fetch.sh chromium` finds or fetches the browser that the status page is tested in, and nothing else.
# Kopia is kept in ${XDG_CACHE_HOME:-~/.cache}/kopia-metrics-agent, so that the next run costs nothing.
set -eu

here=$(cd -- "$(dirname -- "$0")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/kopia-metrics-agent

say() { printf '%s\n' "tools: $*" >&2; }

# find_tool NAME… — prints the path of the first that is there.
find_tool() {
  for candidate in "$@"; do
    command -v "$candidate" && return 0
  done
  return 1
}

# fetch_package PACKAGE NAME — installs a Debian package, or says how to get the tool in another way.
fetch_package() {
  if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
    say "$2 is missing: put it on PATH, or as root run: apt-get install --no-install-recommends $1"
    exit 1
  fi
  say "installing Debian's package $1 for $2"
  install_package "$1" || { apt-get update -qq >&2 && install_package "$1"; }
}

install_package() {
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$1" >&2
}

# provide NAME PACKAGE OTHER-NAME… — prints NAME=PATH.
provide() {
  name=$1 package=$2
  shift 2
  if ! path=$(find_tool "$name" "$@"); then
    fetch_package "$package" "$name"
    path=$(find_tool "$name" "$@")
  fi
  printf '%s=%s\n' "$name" "$path"
}

# build_kopia FOLDER — builds what its go.mod pins, unless that was done before.
build_kopia() {
  version=$(sed -n 's/.*github.com\/kopia\/kopia \(v[0-9.]*\).*/\1/p' "$1/go.mod")
  path=$cache/kopia-$version
  if [ ! -x "$path" ]; then
    if ! command -v go >/dev/null; then
      say "kopia is missing: put it on PATH (https://kopia.io/docs/installation/), or install Go to build it"
      exit 1
    fi
    say "building Kopia $version, which takes a minute or two"
    mkdir -p "$cache"
    go -C "$1" build -o "$path.part" github.com/kopia/kopia >&2
    mv "$path.part" "$path"
  fi
  printf 'kopia=%s\n' "$path"
}

if [ "${1:-}" = chromium ]; then
  provide chromium chromium
  exit
fi
if [ -n "${KOPIA_VERSION:-}" ]; then
  build_kopia "$here/kopia-$KOPIA_VERSION"
elif path=$(find_tool kopia); then
  printf 'kopia=%s\n' "$path"
else
  build_kopia "$here/kopia"
fi
provide prometheus prometheus
provide promtool prometheus
provide pushgateway prometheus-pushgateway prometheus-pushgateway
provide alertmanager prometheus-alertmanager prometheus-alertmanager
provide amtool prometheus-alertmanager
provide node_exporter prometheus-node-exporter prometheus-node-exporter
provide shellcheck shellcheck
provide openssl openssl
