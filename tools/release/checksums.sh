#!/bin/sh
# Writes FOLDER/SHA256SUMS with the checksum of every file in the folder. `sha256sum -c SHA256SUMS` there verifies them.
# Usage: checksums.sh FOLDER
set -eu
cd -- "$1"
rm -f SHA256SUMS
sha256sum -- * >SHA256SUMS
