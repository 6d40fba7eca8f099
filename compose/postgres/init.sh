#!/bin/sh
# Runs once, on an empty server, as its superuser: a database and a role for each service. The passwords are files in
# SECRETS, one for each role, and never stand on a command line.
set -eu
export PGUSER="${PGUSER:-${POSTGRES_USER:-postgres}}"
psql -X -q -v ON_ERROR_STOP=1 -d postgres -c 'REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC'
for service in user order inventory payment shipping notification; do
  SECRET="${SECRETS:-/run/secrets}/$service-db" psql -X -q -v ON_ERROR_STOP=1 -d postgres -v name="$service" \
    -f "${SERVICE_SQL:-/etc/stormglass/service.sql}"
done
