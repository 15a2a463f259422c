#!/bin/sh
# Runs one part of the tests. The file name alone says which: *.test.ts belongs to `npm test`, *.full.ts to `npm run
# test:full`, *.fleet.ts to `npm run test:fleet`, *.kubernetes.ts to `npm run test:kubernetes`.
# Usage: test.sh test|full|fleet|kubernetes
set -eu
cd -- "$(dirname -- "$0")/.."
part=$1

case $part in
  test)
    sh tools/setup.sh kopia prometheus promtool pushgateway alertmanager amtool node_exporter shellcheck systemd-analyze \
      openssl chromium busybox
    npm run --silent check
    # Most end-to-end tests wait for other processes, so more of them than there are cores run at a time.
    concurrency=4
    ;;
  full)
    # Fetch what takes long to build before the tests begin, so that builds do not compete with them.
    sh tools/setup.sh kopia prometheus pushgateway alertmanager amtool node_exporter promtool3 victoria-metrics nfpm
    for module in tools/kopia-v*; do
      KOPIA_VERSION=${module#tools/kopia-} sh tools/fetch.sh kopia >/dev/null
    done
    # These tests load the machine themselves: containers, 10,000 sources, a simulated year.
    concurrency=2
    ;;
  fleet)
    sh tools/setup.sh kopia prometheus prometheus3 pushgateway alertmanager node_exporter thanos
    concurrency=1
    ;;
  kubernetes)
    sh tools/setup.sh kopia etcd kube-apiserver kubectl kustomize prometheus-operator-webhook
    concurrency=1
    ;;
esac

status=0
node --test --test-concurrency="$concurrency" --test-timeout=1200000 --test-reporter=spec "test/**/*.$part.ts" || status=$?
if [ "$part" = test ]; then
  printf '\nNot run here, but by "npm run test:full":\n'
  find test -name '*.full.ts' | sort | while read -r file; do
    printf '  %s: %s\n' "$file" "$(sed -n '/^\/\//!q; s|^// *||p' "$file" | tr '\n' ' ')"
  done
fi
exit "$status"
