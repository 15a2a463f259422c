#!/bin/sh
# Builds the image of the agent for amd64 and arm64 on either machine, with Docker (buildx) or podman (`npm run image`).
# Usage: image.sh [--push] [--platform=linux/amd64,linux/arm64] [NAME…]   NAME is REGISTRY/IMAGE:TAG; --push needs at least one.
# Without --push it writes an OCI archive with the images for all platforms to build/, which `podman load`, `skopeo copy` and
# Docker with its containerd store read.
# BUILD_OPTIONS has further options for the build, for example --network=host.
set -eu
cd -- "$(dirname -- "$0")/.."

platforms=linux/amd64,linux/arm64
target=archive
while :; do
  case ${1:-} in
    --push) target=registry ;;
    --platform=*) platforms=${1#*=} ;;
    -*)
      echo "image.sh: unknown option $1: expected --push or --platform=LIST" >&2
      exit 2
      ;;
    *) break ;;
  esac
  shift
done
if [ "$target" = registry ] && [ $# -eq 0 ]; then
  echo 'image.sh: --push needs the name of an image, such as ghcr.io/you/kopia-metrics-agent:0.2.0' >&2
  exit 2
fi
version=$(sed -n 's/^  "version": "\(.*\)",/\1/p' package.json)
[ $# -gt 0 ] || set -- "localhost/kopia-metrics-agent:$version"
archive=build/kopia-metrics-agent_${version}_image.tar
mkdir -p build

with_docker() {
  for name in "$@"; do names="${names:-} --tag=$name"; done
  output=--output=type=oci,dest=$archive
  if [ "$target" = registry ]; then output=--push; fi
  # shellcheck disable=SC2086 # Lists of words.
  docker buildx build --file=deploy/Containerfile --platform="$platforms" ${BUILD_OPTIONS:-} $names "$output" .
}

with_podman() {
  list=localhost/kopia-metrics-agent-build:$$
  # shellcheck disable=SC2086 # A list of words.
  podman build --file=deploy/Containerfile --platform="$platforms" --manifest="$list" ${BUILD_OPTIONS:-} .
  trap 'podman manifest rm "$list" >/dev/null' EXIT
  rm -f "$archive"
  if [ "$target" = archive ]; then
    podman manifest push --all "$list" "oci-archive:$archive:$1"
    return
  fi
  for name in "$@"; do podman manifest push --all "$list" "docker://$name"; done
}

if command -v docker >/dev/null && docker buildx version >/dev/null 2>&1; then
  with_docker "$@"
elif command -v podman >/dev/null; then
  with_podman "$@"
else
  echo 'image.sh: expected docker with buildx, or podman, found neither: install one of them' >&2
  exit 1
fi
if [ "$target" = archive ]; then echo "created image archive: $archive"; fi
