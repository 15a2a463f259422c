#!/bin/sh
# Prepares a fresh checkout: installs the npm packages, Node 22 among them, and fetches the tools that are named.
# Usage: setup.sh [TOOL…]   A test or command that needs another tool fetches it itself (test/support/tools.ts).
set -eu
cd -- "$(dirname -- "$0")/.."
# npm writes this file last. If it is older than the lockfile, the packages are out of date.
if [ -z "$(find node_modules/.package-lock.json -newer package-lock.json 2>/dev/null)" ]; then
  npm ci --no-audit --no-fund >&2
fi
sh tools/fetch.sh "$@" >/dev/null
