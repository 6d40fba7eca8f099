#!/bin/sh
# MongoDB's place is taken by FerretDB, which has its own settings and knows no users.
set -eu
export MONGO_ADDR=0.0.0.0:27017 HTTP_ADDR=0.0.0.0:8081 DATA=/data/db
exec standins documents
