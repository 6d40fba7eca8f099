#!/bin/sh
# The part of the postgres image's start that compose/ uses: an empty data folder becomes a cluster whose superuser has the
# password of POSTGRES_PASSWORD_FILE, and what lies in /docker-entrypoint-initdb.d runs before anybody else can connect.
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  initdb -U postgres -A scram-sha-256 --auth-local=trust --pwfile="$POSTGRES_PASSWORD_FILE" -E UTF8 --locale=C.UTF-8
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  pg_ctl -w start -o "-c listen_addresses="
  for script in /docker-entrypoint-initdb.d/*.sh; do
    PGUSER=postgres POSTGRES_USER=postgres sh "$script"
  done
  pg_ctl -w -m fast stop
fi
if [ "${1#-}" != "$1" ]; then set -- postgres "$@"; fi
exec "$@" -c listen_addresses='*'
