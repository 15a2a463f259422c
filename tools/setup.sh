#!/bin/sh
# Makes a fresh checkout ready for `npm test` and `npm run demo`: the libraries, Node 22 among them, and the real parts.
set -eu
cd -- "$(dirname -- "$0")/.."
# npm leaves this file when it is through; older than the lockfile means that the libraries are, too.
if [ -z "$(find node_modules/.package-lock.json -newer package-lock.json 2>/dev/null)" ]; then
  npm ci --no-audit --no-fund >&2
fi
sh tools/fetch.sh >/dev/null
