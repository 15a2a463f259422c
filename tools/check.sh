#!/bin/sh
# Checks what neither TypeScript nor Biome reads, with the tools of each field: shell scripts, the Containerfile, GitHub's workflows,
# and the configuration and rules of Prometheus.
# test/rules/promtool3.full.ts checks the same rules with Prometheus 3; test/systemd/units.test.ts the units with systemd-analyze.
set -eu
cd -- "$(dirname -- "$0")/.."

tools=$(sh tools/fetch.sh shellcheck hadolint actionlint promtool amtool)
# tool NAME: prints the path of the tool.
tool() { printf '%s\n' "$tools" | sed -n "s/^$1=//p"; }

sh tools/shell-files.sh | tr '\n' '\0' | xargs -0 "$(tool shellcheck)"
"$(tool hadolint)" --failure-threshold=style deploy/Containerfile
# It hands the scripts of steps to shellcheck. There is no Python in them for pyflakes.
"$(tool actionlint)" -shellcheck="$(tool shellcheck)" -pyflakes= .github/workflows/*.yml
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
