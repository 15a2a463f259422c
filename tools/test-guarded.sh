#!/bin/sh
# Runs a part of the tests whose tools take long to build, if files that it guards have changed since it last passed. Otherwise it
# says that it does not run, and how to run it. What runs does not depend on the machine.
# Usage: test-guarded.sh stack|fleet|kubernetes|arm64
#
# `npm run test:PART` writes test/PART/passed, the hash of the guarded files, when it passes.
set -eu
cd -- "$(dirname -- "$0")/.."
part=$1

if [ "$(sh tools/guarded-files.sh "$part" --hash)" = "$(cat "test/$part/passed" 2>/dev/null)" ]; then
  echo "test:$part does not run: no file that it guards has changed since it last passed. npm run test:$part runs it."
  exit 0
fi
echo "test:$part runs, because files that it guards have changed since it last passed."
npm run "test:$part"
