#!/bin/sh
# Runs one half of the tests. The file name alone says which: *.test.ts belongs to `npm test`, *.full.ts to `npm run test:full`.
# Usage: test.sh test|full
set -eu
cd -- "$(dirname -- "$0")/.."
half=$1

# Most end-to-end tests wait for other processes, so more of them than there are cores run at a time.
# The tests of the other half load the machine themselves: containers, 10,000 sources, a simulated year.
case $half in
  test) concurrency=4 ;;
  full) concurrency=2 ;;
esac

status=0
node --test --test-concurrency="$concurrency" --test-timeout=1200000 --test-reporter=spec "test/**/*.$half.ts" || status=$?
if [ "$half" = test ]; then
  printf '\nNot run here, but by "npm run test:full":\n'
  find test -name '*.full.ts' | sort | while read -r file; do
    printf '  %s: %s\n' "$file" "$(sed -n '1s|^// *||p' "$file")"
  done
fi
exit "$status"
