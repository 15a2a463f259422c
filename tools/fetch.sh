#!/bin/sh
# Finds the real parts that demo and tests run against, and fetches those that are missing.
# Prints one line NAME=PATH each on standard output; says on standard error what it does.
#
# What is on PATH is used. Otherwise Debian's packages (as root), and Kopia built with Go from tools/kopia/go.mod:
# `go install …@version` is refused for it, since no list of its versions is served.
# The same way Prometheus 3's promtool, from tools/promtool/go.mod, as promtool3.
# KOPIA_VERSION=v0.21.1 asks for another Kopia than the one on PATH or in tools/kopia, by tools/kopia-v0.21.1.
# `fetch.sh nfpm` gives what `npm run package` needs, `fetch.sh chromium` the browser that the status page is tested
# in, `fetch.sh victoria-metrics` the store that the fleet's test writes to, `fetch.sh pushgateway-1.11` the newest
# gateway for the fleet's bench, and nothing else.
# What was built is kept in ${XDG_CACHE_HOME:-~/.cache}/kopia-metrics-agent, so that the next run costs nothing.
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

# build NAME FOLDER MODULE PACKAGE SOURCE — builds what the folder's go.mod pins, unless that was done before.
build() {
  version=$(sed -n "s|.*$3 \\(v[0-9.]*\\).*|\\1|p" "$2/go.mod")
  path=$cache/$1-$version
  if [ ! -x "$path" ]; then
    if ! command -v go >/dev/null; then
      say "$1 is missing: put it on PATH ($5), or install Go to build it"
      exit 1
    fi
    say "building $1 $version, which takes a minute or two"
    mkdir -p "$cache"
    # Under a name of its own: two builds at a time must not write one file.
    go -C "$2" build -o "$path.$$" "$4" >&2
    mv "$path.$$" "$path"
  fi
  printf '%s=%s\n' "$1" "$path"
}

build_kopia() { build kopia "$1" github.com/kopia/kopia github.com/kopia/kopia https://kopia.io/docs/installation/; }

build_nfpm() {
  build nfpm "$here/nfpm" github.com/goreleaser/nfpm/v2 github.com/goreleaser/nfpm/v2/cmd/nfpm https://nfpm.goreleaser.com
}

build_victoria_metrics() {
  build victoria-metrics "$here/victoria-metrics" github.com/VictoriaMetrics/VictoriaMetrics \
    github.com/VictoriaMetrics/VictoriaMetrics/app/victoria-metrics https://docs.victoriametrics.com
}

# The rules must also pass with Prometheus 3's promtool, which Debian has not. Without service discovery (its build tag) it
# takes half the time.
build_promtool3() {
  GOFLAGS=-tags=remove_all_sd build promtool3 "$here/promtool" github.com/prometheus/prometheus \
    github.com/prometheus/prometheus/cmd/promtool https://prometheus.io/download/
}

if [ "${1:-}" = nfpm ]; then
  if path=$(find_tool nfpm); then printf 'nfpm=%s\n' "$path"; else build_nfpm; fi
  exit 0
fi

if [ "${1:-}" = pushgateway-1.11 ]; then
  build pushgateway-1.11 "$here/pushgateway" github.com/prometheus/pushgateway \
    github.com/prometheus/pushgateway https://prometheus.io/download/
  exit 0
fi

if [ "${1:-}" = victoria-metrics ]; then
  if path=$(find_tool victoria-metrics); then printf 'victoria-metrics=%s\n' "$path"; else build_victoria_metrics; fi
  exit 0
fi

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
provide systemd-analyze systemd
provide openssl openssl
build_promtool3
