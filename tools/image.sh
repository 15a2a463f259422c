#!/bin/sh
# Builds the image of the agent for amd64 and arm64 on either machine, with Docker (buildx) or podman (`npm run image`).
# Usage: image.sh [--push] [--platform=linux/amd64,linux/arm64] [NAME…]   NAME is REGISTRY/IMAGE:TAG; --push needs at least one.
# Without --push it writes one archive per platform to build/, for `docker load` and `podman load`.
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
mkdir -p build

# commit: prints what `kopia-metrics-agent --version` names, as tools/build-name.ts does, since the context of the build has no .git.
commit() {
  git rev-parse HEAD 2>/dev/null || return 0
  [ -z "$(git status --porcelain --untracked-files=no)" ] || echo -modified
}
build_commit=--build-arg=BUILD_COMMIT=${BUILD_COMMIT:-$(commit | tr -d '\n')}

# archive_of PLATFORM: prints the name of the archive, such as build/kopia-metrics-agent_0.2.0_arm64.image.tar.
archive_of() { printf 'build/kopia-metrics-agent_%s_%s.image.tar\n' "$version" "$(echo "${1#*/}" | tr / -)"; }

with_docker() {
  for name in "$@"; do names="${names:-} --tag=$name"; done
  # shellcheck disable=SC2086 # Lists of words.
  set -- docker buildx build --file=deploy/Containerfile "$build_commit" ${BUILD_OPTIONS:-} $names
  if [ "$target" = registry ]; then
    "$@" --platform="$platforms" --push .
    return
  fi
  for platform in $(echo "$platforms" | tr , ' '); do
    "$@" --platform="$platform" --output="type=docker,dest=$(archive_of "$platform")" .
  done
}

with_podman() {
  name=$1
  # Without cached layers and images, because podman 4.3 takes those of one platform for another. Docker's format, because OCI's has no
  # health check. podman before version 5 does not know the variable in --platform=.
  set -- --layers=false --pull=always --format=docker "--build-arg=BUILDPLATFORM=$(podman info --format '{{.Version.OsArch}}')" "$@"
  if [ "$target" = registry ]; then
    push_with_podman "$@"
    return
  fi
  for platform in $(echo "$platforms" | tr , ' '); do
    archive=$(archive_of "$platform")
    rm -f "$archive"
    # shellcheck disable=SC2086 # A list of words.
    podman build --file=deploy/Containerfile "$build_commit" "$1" "$2" "$3" "$4" --platform="$platform" ${BUILD_OPTIONS:-} --tag="$name" .
    found=$(podman image inspect --format '{{.Os}}/{{.Architecture}}' "$name")
    if [ "$found" != "$(echo "$platform" | cut -d / -f 1,2)" ]; then
      echo "image.sh: expected an image for $platform, found one for $found: build with another version of podman, or with Docker" >&2
      exit 1
    fi
    podman save --format=docker-archive --output="$archive" "$name"
  done
}

# push_with_podman OPTION OPTION OPTION OPTION NAME…
push_with_podman() {
  list=localhost/kopia-metrics-agent-build:$$
  # shellcheck disable=SC2086 # A list of words.
  podman build --file=deploy/Containerfile "$build_commit" "$1" "$2" "$3" "$4" --platform="$platforms" ${BUILD_OPTIONS:-} --manifest="$list" .
  shift 4
  for name in "$@"; do podman manifest push --all --format=v2s2 "$list" "docker://$name"; done
  podman manifest rm "$list" >/dev/null
}

if command -v docker >/dev/null && docker buildx version >/dev/null 2>&1; then
  with_docker "$@"
elif command -v podman >/dev/null; then
  with_podman "$@"
else
  echo 'image.sh: expected docker with buildx, or podman, found neither: install one of them' >&2
  exit 1
fi
if [ "$target" = archive ]; then
  for platform in $(echo "$platforms" | tr , ' '); do echo "created image: $(archive_of "$platform")"; done
fi
