#!/usr/bin/env bash
# Builds stand-ins for the pinned images on this machine, under exactly their names, where no registry can be reached. It
# needs root, a Docker engine, debootstrap, Go and the ways to Debian's packages and Go's modules. Images that are there
# already stay as they are; what has no stand-in (Grafana, Loki, Fluent Bit) is named at the end.
#
#   compose/standins/build.sh [WORKDIR]     WORKDIR keeps what takes long to build from one run to the next
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=${1:-/tmp/stormglass-standins}
mkdir -p "$work/context"
cd "$work"
set -a; . "$root/compose/versions.env"; set +a

have() { docker image inspect "$1" >/dev/null 2>&1; }
say() { printf '%s: %s (%s s)\n' "$1" "$2" "$SECONDS"; }

# image NAME TARGET SOURCE makes one stand-in and says what it really is.
image() {
  have "$1" || DOCKER_BUILDKIT=1 docker build -q --target "$2" -t "$1" -f "$here/Dockerfile" context >/dev/null
  say "$1" "$3"
}

# module MODULE VERSION PACKAGE OUTPUT builds a program of another Go module, as its own main module.
module() {
  [ -x "context/$4" ] && return
  local source
  source=$(go mod download -json "$1@$2" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
  [ -n "$source" ] || { echo "cannot get $1@$2" >&2; exit 1; }
  rm -rf module && cp -r "$source" module && chmod -R u+w module
  (cd module && CGO_ENABLED=0 GOFLAGS=-buildvcs=false go build -trimpath -ldflags '-s -w' -o "../context/$4" "$3")
}

cp "$here"/*.sh context/
if ! have stormglass-standin/debian:12; then
  rm -rf rootfs
  debootstrap --variant=minbase --include=ca-certificates bookworm rootfs http://deb.debian.org/debian >/dev/null
  tar -C rootfs -c . | docker import - stormglass-standin/debian:12 >/dev/null
  rm -rf rootfs
fi

if ! have "$BUILD_IMAGE"; then
  mkdir -p context/go
  cp -r "$(go env GOROOT)/." context/go/
  cp /etc/ssl/certs/ca-certificates.crt context/ # what this machine trusts
fi
image "$BUILD_IMAGE" golang "$(go version | cut -d' ' -f3) on Debian 12"
rm -rf context/go

(cd "$root" && CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$work/context/" ./system/cmd/standins)
image "$POSTGRES_IMAGE" postgres "Debian's PostgreSQL 15"
image "$RABBITMQ_IMAGE" rabbitmq "Debian's RabbitMQ 3.10"
image "$REDIS_IMAGE" redis "Debian's Redis 7.0"
image "$MONGO_IMAGE" mongo "FerretDB 1 on SQLite, without users"
image "$PROMETHEUS_IMAGE" prometheus "Debian's Prometheus 2.42"
image "$ALERTMANAGER_IMAGE" alertmanager "Debian's Alertmanager 0.25"

module github.com/Shopify/toxiproxy/v2 v2.12.0 ./cmd/server toxiproxy
module github.com/Shopify/toxiproxy/v2 v2.12.0 ./cmd/cli toxiproxy-cli
image "$TOXIPROXY_IMAGE" toxiproxy "Toxiproxy 2.12.0, built here"
module github.com/jaegertracing/jaeger v1.76.0 ./cmd/jaeger jaeger
image "$JAEGER_IMAGE" jaeger "Jaeger 2.13.0, built here without its pages"
[ -x context/k6 ] || CGO_ENABLED=0 GOBIN="$work/context" go -C "$root/loadtests/k6" install tool
image "$K6_IMAGE" k6 "k6 as loadtests/ pins it, built here"

for missing in "$GRAFANA_IMAGE" "$LOKI_IMAGE" "$FLUENTBIT_IMAGE"; do
  have "$missing" || say "$missing" "no stand-in, not there"
done
