#!/bin/sh
# Checks what neither TypeScript nor Biome knows: shell scripts, Prometheus's configuration and rules.
set -eu
cd -- "$(dirname -- "$0")/.."

# tool NAME — its path, by tools/fetch.sh.
tool() { printf '%s\n' "$tools" | sed -n "s/^$1=//p"; }
tools=$(sh tools/fetch.sh)

"$(tool shellcheck)" hooks/*.sh tools/*.sh .ci/run deploy/package/kopia-metrics-agent deploy/package/deb/* deploy/package/rpm/*
# Debian's Prometheus 2 and Prometheus 3 read the same rules and find the same alerts.
for promtool in "$(tool promtool)" "$(tool promtool3)"; do
  "$promtool" check rules --lint=all --lint-fatal rules/kopia_*.yml
  "$promtool" test rules rules/test/*.yml
done
"$(tool amtool)" check-config deploy/alertmanager/alertmanager.yml
# The configuration finds its rules beside itself, as it does where it is installed.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp deploy/prometheus/*.yml "$scratch"
cp -R rules "$scratch/rules"
"$(tool promtool)" check config "$scratch/prometheus.yml" "$scratch/minimal.yml"
