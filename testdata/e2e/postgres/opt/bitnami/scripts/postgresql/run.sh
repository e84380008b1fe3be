#!/bin/bash
# Starts PostgreSQL as Bitnami's image leaves it: data under /bitnami/postgresql, a password asked of
# everybody, also on local sockets, and the application's role owner of its database.
set -euo pipefail

data=${PGDATA:-/bitnami/postgresql/data}
sockets=/tmp,/var/run/postgresql
export PATH=/opt/bitnami/postgresql/bin:$PATH

if [ ! -s "$data/PG_VERSION" ]; then
  initdb --pgdata "$data" --username postgres --encoding UTF8 --locale C.UTF-8 --no-sync \
    --auth scram-sha-256 --pwfile <(printf %s "$POSTGRES_POSTGRES_PASSWORD") >/dev/null
  printf 'host all all all scram-sha-256\n' >>"$data/pg_hba.conf"
  cat >>"$data/postgresql.conf" <<CONF
listen_addresses = '*'
unix_socket_directories = '$sockets'
# The data of a test need not survive a power cut.
fsync = off
max_wal_size = 1GB
CONF
  pg_ctl start --pgdata "$data" --wait --silent --options "-c listen_addresses=''" --log /tmp/init.log
  PGPASSWORD=$POSTGRES_POSTGRES_PASSWORD psql -q -v ON_ERROR_STOP=1 -U postgres -d postgres \
    -v role="$POSTGRES_USER" -v password="$POSTGRES_PASSWORD" -v database="$POSTGRES_DATABASE" <<'SQL'
CREATE ROLE :"role" WITH LOGIN CREATEDB PASSWORD :'password';
CREATE DATABASE :"database" OWNER :"role";
\connect :"database"
ALTER SCHEMA public OWNER TO :"role";
SQL
  pg_ctl stop --pgdata "$data" --wait --silent --mode fast
fi
exec postgres -D "$data"
