#!/bin/sh
# The part of the postgres image's start that compose/ uses: an empty data folder becomes a cluster whose superuser has the
# password of POSTGRES_PASSWORD_FILE, and what lies in /docker-entrypoint-initdb.d runs before anybody else can connect.
set -eu
if [ "$(id -u)" = 0 ]; then # as root only long enough to become somebody else
  chown postgres "$PGDATA"
  exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  initdb -U postgres -A scram-sha-256 --auth-local=trust --pwfile="$POSTGRES_PASSWORD_FILE" -E UTF8 --locale=C.UTF-8
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  pg_ctl -w start -o "-c listen_addresses="
  for script in /docker-entrypoint-initdb.d/*.sh; do
    [ -e "$script" ] || continue
    PGUSER=postgres POSTGRES_USER=postgres sh "$script"
  done
  pg_ctl -w -m fast stop
fi
if [ "${1#-}" != "$1" ]; then set -- postgres "$@"; fi
exec "$@" -c listen_addresses='*'
