#!/bin/sh
# Makes what deploy/compose.yaml is tested with, where no image can be pulled: stand-ins for the images that it names,
# with the real programs in them, and podman-compose.
# stack-images.sh FOLDER — all of it goes into FOLDER, images too: the machine's own podman never sees their names.
#
# In FOLDER/bin then are `podman`, which uses these images, and `docker`, which is podman and podman-compose.
# Needs podman, made ready by machine-image.sh; exits with 3, and says why, where no containers can be run.
set -eu

here=$(cd -- "$(dirname -- "$0")" && pwd)
folder=$1
cache=${XDG_CACHE_HOME:-$HOME/.cache}/kopia-metrics-agent
compose_version=1.6.0
templates=/usr/share/prometheus/alertmanager

say() { printf '%s\n' "stack: $*" >&2; }

tools=$(sh "$here/fetch.sh" kopia prometheus promtool3 pushgateway alertmanager amtool node_exporter)
tool() { printf '%s\n' "$tools" | sed -n "s/^$1=//p"; }

# install_missing PROGRAM=PACKAGE… — Debian's packages of the programs that are not there.
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

# image_of SERVICE — the image that compose.yaml names for it.
image_of() { sed -n "s|^ *image: \\(docker.io/.*$1:.*\\)|\\1|p" "$here/../deploy/compose.yaml"; }
# argument_of NAME — what the Containerfile's argument is by default.
argument_of() { sed -n "s/^ARG $1=//p" "$here/../deploy/Containerfile"; }

# add TREE PROGRAM NAME — a program with the libraries that it loads, as /bin/NAME.
add() {
  mkdir -p "$1/bin"
  cp -L "$2" "$1/bin/$3"
  ldd "$2" 2>/dev/null | sed -n 's/.*[ \t]\(\/[^ ]*\) (.*/\1/p' | while read -r library; do
    mkdir -p "$1${library%/*}"
    cp -L "$library" "$1$library"
  done
}

# Prometheus's images have busybox and nothing else, and run as nobody.
# Debian's Alertmanager reads its template from a file, its promtool can't ask for health yet: that of Prometheus 3 does.
# stand_in NAME FOLDER-FOR-DATA PROGRAM… — of the image that compose.yaml names; each program as PATH=NAME.
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

# build IMAGE — by the Containerfile on standard input.
build() { "$folder/bin/podman" build --quiet --file=- --tag="$1" "$folder/trees" >&2; }

write_commands() {
  mkdir -p "$folder/bin"
  cat >"$folder/containers.conf" <<END
[containers]
# Some machines refuse containers the limits that podman gives by default.
default_ulimits = ["nofile=1024:1024","nproc=1024:1024"]
[engine]
runtime = "runc"
[network]
network_backend = "netavark"
END
  cat >"$folder/bin/podman" <<END
#!/bin/sh
export CONTAINERS_CONF='$folder/containers.conf'
exec $(command -v podman) --root='$folder/storage' --runroot='$folder/run' --tmpdir='$folder/tmp' \\
  --network-config-dir='$folder/networks' --cgroup-manager=cgroupfs --events-backend=file "\$@"
END
  # podman-compose waits by itself for what a part depends on, as Docker does. It also tells podman, which then runs setup
  # again before each part, and refuses the part where setup has ended by the time that it looks.
  cat >"$folder/bin/podman-as-docker" <<END
#!/bin/sh
for argument; do
  shift
  case \$argument in --requires=*) ;; *) set -- "\$@" "\$argument" ;; esac
done
exec '$folder/bin/podman' "\$@"
END
  cat >"$folder/bin/docker" <<END
#!/bin/sh
# \`docker compose\` is podman-compose, all else is podman.
export PATH="$folder/bin:\$PATH"
[ "\$1" = compose ] || exec podman "\$@"
shift
exec '$cache/podman-compose-$compose_version/bin/podman-compose' --podman-path='$folder/bin/podman-as-docker' "\$@"
END
  chmod +x "$folder"/bin/*
}

install_podman_compose() {
  target=$cache/podman-compose-$compose_version
  [ ! -x "$target/bin/podman-compose" ] || return 0
  say "installing podman-compose $compose_version"
  mkdir -p "$cache"
  # Scripts in it know where they are: it is made in its place, and marked as whole by the last of them.
  python3 -m venv --clear "$target" >&2
  "$target/bin/pip" install --quiet --disable-pip-version-check "podman-compose==$compose_version" >&2
}

machine=$(sh "$here/machine-image.sh" bookworm)
install_missing busybox=busybox curl=curl jq=jq ip=iproute2 unshare=util-linux nsenter=util-linux python3=python3
python3 -c 'import ensurepip, venv' 2>/dev/null || install_packages python3-venv
unshare --net --mount true 2>/dev/null || { say 'no namespaces can be made here, to hold the stack apart'; exit 3; }
install_podman_compose
write_commands

say 'making stand-ins for the images of compose.yaml'
stand_in prom/prometheus /prometheus "$(tool prometheus)=prometheus" "$(tool promtool3)=promtool"
stand_in prom/pushgateway /pushgateway "$(tool pushgateway)=pushgateway"
stand_in prom/alertmanager /alertmanager "$(tool alertmanager)=alertmanager" "$(tool amtool)=amtool"
stand_in prom/node-exporter /node-exporter "$(tool node_exporter)=node_exporter"

# The other three are made of a small Debian, in which /bin is /usr/bin.
podman save "$machine" | "$folder/bin/podman" load --quiet >&2
node=$(cd "$here/.." && node_modules/.bin/node -p process.execPath)
npm=$(dirname -- "$(dirname -- "$(readlink -f -- "$(command -v npm)")")")
mkdir -p "$folder/trees/node/usr/local/bin" "$folder/trees/node/usr/local/lib/node_modules" "$folder/trees/kopia/usr/bin" \
  "$folder/trees/kopia/etc/ssl/certs" "$folder/trees/grafana"
cp "$node" "$folder/trees/node/usr/local/bin/node"
cp -R "$npm" "$folder/trees/node/usr/local/lib/node_modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$folder/trees/node/usr/local/bin/npm"
# npm reaches its registry from within as it does from here.
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
