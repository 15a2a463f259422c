#!/bin/sh
# Checks what neither TypeScript nor Biome knows: shell scripts, Prometheus's configuration and rules.
set -eu
cd -- "$(dirname -- "$0")/.."

# tool NAME — its path, by tools/fetch.sh.
tool() { printf '%s\n' "$tools" | sed -n "s/^$1=//p"; }
tools=$(sh tools/fetch.sh)

"$(tool shellcheck)" hooks/*.sh tools/*.sh .ci/run deploy/package/kopia-metrics-agent deploy/package/deb/* deploy/package/rpm/*
"$(tool promtool)" check rules rules/kopia_*.yml
"$(tool promtool)" test rules rules/test/*.yml
# The configuration finds its rules beside itself, as it does where it is installed.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp deploy/prometheus/prometheus.yml "$scratch"
cp -R rules "$scratch/rules"
"$(tool promtool)" check config "$scratch/prometheus.yml"
