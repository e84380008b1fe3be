#!/usr/bin/env bash
# Makes the images of the end-to-end tests and puts them where E2E_IMAGES says
# (127.0.0.1:5001/ when empty):
#
#   LAB=../shared/lab/lab testdata/e2e/images.sh     on the lab, into its own registry
#   E2E_IMAGES=e2e/ testdata/e2e/images.sh           with Docker; for kind add KIND=<cluster's name>
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

mastodon=mastodon/mastodon:v4.5.0
streaming=mastodon/mastodon-streaming:v4.5.0
postgres=bitnami/postgresql:15
redis=bitnami/redis:7

with_lab() {
  local registry=127.0.0.1:5001
  local crane=${LAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/k8s-lab}/bin/crane
  "$LAB" image $postgres "$(packages postgres)" postgres
  "$LAB" image $redis "$(packages redis)"
  "$LAB" image $mastodon "$(packages mastodon)" image
  # The lab's images come without settings; Mastodon's has these.
  "$crane" mutate --insecure --user mastodon --workdir /opt/mastodon --entrypoint /usr/bin/tini,-- \
    --env PATH=/opt/mastodon/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin --env RAILS_ENV=production \
    -t $registry/$mastodon $registry/$mastodon >/dev/null
  "$crane" copy --insecure $registry/$mastodon $registry/$streaming 2>/dev/null
}

with_docker() {
  local prefix=${E2E_IMAGES:-127.0.0.1:5001/} image
  docker build -t "$prefix$postgres" --build-arg PACKAGES="$(packages postgres)" -f postgres.Dockerfile postgres
  docker build -t "$prefix$redis" --build-arg PACKAGES="$(packages redis)" - <redis.Dockerfile
  docker build -t "$prefix$mastodon" --build-arg PACKAGES="$(packages mastodon)" -f mastodon.Dockerfile image
  docker tag "$prefix$mastodon" "$prefix$streaming"
  for image in $postgres $redis $mastodon $streaming; do
    if [ -n "${KIND:-}" ]; then kind load docker-image --name "$KIND" "$prefix$image"; else docker push "$prefix$image"; fi
  done
}

packages() { # the Debian packages of an image, parted by commas
  case $1 in
    # No client of PostgreSQL, as in Mastodon's own image.
    mastodon) echo bash,ca-certificates,coreutils,curl,file,findutils,gzip,procps,ruby,ruby-pastel,ruby-pg,ruby-progressbar,ruby-redis,ruby-thor,ruby-webrick,tar,tini,tzdata,wget ;;
    postgres) echo postgresql-15,procps ;;
    redis) echo redis-server,redis-tools ;;
  esac
}

if [ -n "${LAB:-}" ]; then with_lab; else with_docker; fi
