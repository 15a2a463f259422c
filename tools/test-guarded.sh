#!/bin/sh
# Runs a part of the tests whose tools take long to build, where that is cheap or needed: when all its tools are there already, or
# when files that it guards have changed since it last passed. Otherwise it says that it does not run, and how to run it.
# Usage: test-guarded.sh stack|fleet|kubernetes|arm64
#
# `npm run test:PART` writes test/PART/passed, the hash of the guarded files, when it passes.
set -eu
cd -- "$(dirname -- "$0")/.."
part=$1

# shellcheck disable=SC2046 # A list of words.
missing=$(sh tools/fetch.sh --missing $(sh tools/test.sh "$part" --tools) | tr '\n' ' ')
if [ -z "$missing" ]; then
  echo "test:$part runs, because its tools are there."
elif [ "$(sh tools/guarded-files.sh "$part" --hash)" != "$(cat "test/$part/passed" 2>/dev/null)" ]; then
  echo "test:$part runs, because files that it guards have changed since it last passed; first it builds $missing"
else
  echo "test:$part does not run: it would have to build $missing"
  echo "and no file that it guards has changed since it last passed. npm run test:$part runs it."
  exit 0
fi
npm run "test:$part"
