#!/bin/sh
# Checks what neither TypeScript nor Biome reads: shell scripts, and the configuration and rules of Prometheus.
# test/rules/promtool3.full.ts checks the same rules with Prometheus 3.
set -eu
cd -- "$(dirname -- "$0")/.."

tools=$(sh tools/fetch.sh shellcheck promtool amtool)
# tool NAME: prints the path of the tool.
tool() { printf '%s\n' "$tools" | sed -n "s/^$1=//p"; }

"$(tool shellcheck)" hooks/*.sh tools/*.sh .ci/run deploy/package/kopia-metrics-agent deploy/report/*.sh deploy/package/deb/* deploy/package/rpm/*
"$(tool promtool)" check rules --lint=all --lint-fatal rules/kopia_*.yml
# Promtool tests one file after the other: one process per core makes use of all cores.
printf '%s\n' rules/test/*.yml | xargs -n 1 -P "$(getconf _NPROCESSORS_ONLN)" "$(tool promtool)" test rules
"$(tool amtool)" check-config deploy/alertmanager/alertmanager.yml
# The configuration names its rules relative to itself, as they are installed.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp deploy/prometheus/*.yml "$scratch"
cp -R rules "$scratch/rules"
"$(tool promtool)" check config "$scratch/prometheus.yml" "$scratch/minimal.yml"
