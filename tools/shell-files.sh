#!/bin/sh
# Lists the shell scripts of a checkout, one a line: files that end in .sh, and files whose first line names a shell. So none is
# forgotten, wherever it is.
# Usage: shell-files.sh [CHECKOUT]
set -eu
cd -- "${1:-$(dirname -- "$0")/..}"

# Files that are not committed yet count, too. A deleted file is listed by git until that is committed.
git ls-files --cached --others --exclude-standard | while IFS= read -r file; do
  [ -f "$file" ] || continue
  case $file in
    *.sh) first='#!/bin/sh' ;;
    # It fails where the first line has no end, and has read that line all the same.
    *) IFS= read -r first <"$file" || true ;;
  esac
  case $first in
    '#!'*sh | '#!'*sh' '*) printf '%s\n' "$file" ;;
  esac
done
