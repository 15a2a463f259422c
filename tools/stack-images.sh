#!/bin/sh
# Prepares the test of deploy/compose.yaml on a machine that cannot pull images: builds stand-ins for its images with the real
# programs.
# Usage: stack-images.sh FOLDER. Everything is stored in FOLDER, so the machine's own podman does not see the images.
#
# Afterwards FOLDER/bin contains `podman`, which uses these images, and `docker`: `docker compose` is Docker's own, which talks
# to the podman that listens on FOLDER/docker.sock (stack-lab.sh); everything else is podman.
# Needs podman, which machine-image.sh installs. Exits with 3 and prints the reason if this machine cannot run containers.
set -eu

here=$(cd -- "$(dirname -- "$0")" && pwd)
folder=$1
templates=/usr/share/prometheus/alertmanager

say() { printf '%s\n' "stack: $*" >&2; }

tools=$(sh "$here/fetch.sh" kopia prometheus promtool3 pushgateway alertmanager amtool node_exporter docker-compose)
tool() { printf '%s\n' "$tools" | sed -n "s/^$1=//p"; }

# install_missing PROGRAM=PACKAGE…: installs the Debian packages of missing programs.
install_missing() {
  packages=
  for pair in "$@"; do
    command -v "${pair%%=*}" >/dev/null || packages="$packages ${pair#*=}"
  done
  [ -n "$packages" ] || return 0
  say "installing$packages"
  # shellcheck disable=SC2086 # A list of words.
  set -- $packages
  install_packages "$@" || { apt-get update -qq >&2 && install_packages "$@"; }
}

install_packages() {
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends "$@" >&2
}

# image_of NAME: prints the full image name in compose.yaml.
image_of() { sed -n "s|^ *image: \\(docker.io/.*$1:.*\\)|\\1|p" "$here/../deploy/compose.yaml"; }
# argument_of NAME: prints the default of the Containerfile's argument.
argument_of() { sed -n "s/^ARG $1=//p" "$here/../deploy/Containerfile"; }

# add TREE PROGRAM NAME: copies a program to /bin/NAME, with the libraries that it loads.
add() {
  mkdir -p "$1/bin"
  cp -L "$2" "$1/bin/$3"
  ldd "$2" 2>/dev/null | sed -n 's/.*[ \t]\(\/[^ ]*\) (.*/\1/p' | while read -r library; do
    mkdir -p "$1${library%/*}"
    cp -L "$library" "$1$library"
  done
}

# stand_in NAME DATA-FOLDER PROGRAM…: builds the stand-in for the image NAME in compose.yaml. Each program is PATH=NAME.
# Like Prometheus's images it has only busybox and runs as nobody. Debian's Alertmanager needs its template files. promtool is
# that of Prometheus 3, because Debian's has no `check healthy`.
stand_in() {
  name=$1 data=$2 tree=$folder/trees/$1
  shift 2
  add "$tree" "$(command -v busybox)" busybox
  for applet in $(busybox --list); do [ "$applet" = busybox ] || ln -s busybox "$tree/bin/$applet"; done
  for program in "$@"; do add "$tree" "${program%%=*}" "${program#*=}"; done
  mkdir -p "$tree/etc" "$tree/tmp" "$folder/trees/empty"
  echo 'nobody:x:65534:65534:nobody:/:/bin/false' >"$tree/etc/passwd"
  if [ -d "$templates" ] && [ "$name" = prom/alertmanager ]; then
    mkdir -p "$tree$templates"
    cp "$templates"/*.tmpl "$tree$templates"
  fi
  build "$(image_of "$name")" <<END
FROM scratch
COPY $name /
COPY --chown=65534:65534 empty $data
USER 65534:65534
ENTRYPOINT ["/bin/${1#*=}"]
END
}

# build IMAGE: builds an image from the Containerfile on standard input.
build() { "$folder/bin/podman" build --quiet --file=- --tag="$1" "$folder/trees" >&2; }

write_commands() {
  sh "$here/private-podman.sh" "$folder"
  cat >"$folder/bin/docker" <<END
#!/bin/sh
if [ "\$1" != compose ]; then exec '$folder/bin/podman' "\$@"; fi
shift
# Not the machine's own Docker, and not its configuration.
export DOCKER_HOST='unix://$folder/docker.sock' DOCKER_CONFIG='$folder/docker'
exec '$(tool docker-compose)' "\$@"
END
  chmod +x "$folder/bin/docker"
}

machine=$(sh "$here/machine-image.sh" bookworm)
install_missing busybox=busybox curl=curl jq=jq ip=iproute2 unshare=util-linux nsenter=util-linux setpriv=util-linux
unshare --net --mount true 2>/dev/null || { say 'this machine cannot create namespaces to isolate the stack'; exit 3; }
write_commands

say 'building stand-ins for the images of compose.yaml'
stand_in prom/prometheus /prometheus "$(tool prometheus)=prometheus" "$(tool promtool3)=promtool"
stand_in prom/pushgateway /pushgateway "$(tool pushgateway)=pushgateway"
stand_in prom/alertmanager /alertmanager "$(tool alertmanager)=alertmanager" "$(tool amtool)=amtool"
stand_in prom/node-exporter /node-exporter "$(tool node_exporter)=node_exporter"

# The other three images are based on a small Debian, where /bin is a link to /usr/bin.
podman save "$machine" | "$folder/bin/podman" load --quiet >&2
node=$(cd "$here/.." && node_modules/.bin/node -p process.execPath)
npm=$(dirname -- "$(dirname -- "$(readlink -f -- "$(command -v npm)")")")
mkdir -p "$folder/trees/node/usr/local/bin" "$folder/trees/node/usr/local/lib/node_modules" "$folder/trees/kopia/usr/bin" \
  "$folder/trees/kopia/etc/ssl/certs" "$folder/trees/grafana"
cp "$node" "$folder/trees/node/usr/local/bin/node"
cp -R "$npm" "$folder/trees/node/usr/local/lib/node_modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$folder/trees/node/usr/local/bin/npm"
# npm in the container uses the same registry and certificates as npm here.
mkdir -p "$folder/trees/node/usr/local/etc" "$folder/trees/node/etc/ssl/certs"
cat /etc/ssl/certs/ca-certificates.crt >"$folder/trees/node/etc/ssl/certs/npm.crt"
printf 'registry=%s\ncafile=/etc/ssl/certs/npm.crt\n' "$(npm config get registry)" >"$folder/trees/node/usr/local/etc/npmrc"
cp "$(tool kopia)" "$folder/trees/kopia/usr/bin/kopia"
cat /etc/ssl/certs/ca-certificates.crt >"$folder/trees/kopia/etc/ssl/certs/ca-certificates.crt"
cp "$(command -v busybox)" "$folder/trees/grafana/busybox"
cp "$here/../test/support/stack/grafana.mjs" "$folder/trees/grafana"
cp -R "$here/../node_modules/yaml" "$folder/trees/grafana/yaml"
build "$(argument_of NODE_IMAGE)" <<END
FROM $machine
COPY node /
CMD ["node"]
END
build "$(argument_of KOPIA_IMAGE)" <<END
FROM $machine
COPY kopia /
WORKDIR /app
ENV KOPIA_CONFIG_PATH=/app/config/repository.config KOPIA_LOG_DIR=/app/logs KOPIA_CACHE_DIRECTORY=/app/cache \
    KOPIA_PERSIST_CREDENTIALS_ON_CONNECT=false KOPIA_CHECK_FOR_UPDATES=false
EXPOSE 51515
ENTRYPOINT ["/bin/kopia"]
END
build "$(image_of grafana/grafana)" <<END
FROM $(argument_of NODE_IMAGE)
COPY grafana/busybox /bin/wget
COPY grafana/grafana.mjs /usr/share/grafana/
COPY grafana/yaml /usr/share/grafana/node_modules/yaml
ENV GF_PATHS_CONFIG=/etc/grafana/grafana.ini GF_PATHS_DATA=/var/lib/grafana GF_PATHS_PROVISIONING=/etc/grafana/provisioning
COPY --chown=472:0 empty /var/lib/grafana
USER 472:0
EXPOSE 3000
ENTRYPOINT ["node", "/usr/share/grafana/grafana.mjs"]
END
rm -rf "$folder/trees"
