#!/bin/sh
# The rabbitmq image starts its server as the user of its files; so does this, with the settings of /etc/rabbitmq.
set -eu
export RABBITMQ_PID_FILE=/tmp/rabbitmq.pid RABBITMQ_MNESIA_BASE=/var/lib/rabbitmq/mnesia RABBITMQ_ENABLED_PLUGINS_FILE=/etc/rabbitmq/enabled_plugins
exec "$@"
