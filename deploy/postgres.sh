#!/bin/sh
# Run once by the image of PostgreSQL, on an empty folder: a database of the service's own, and a role
# that owns it and nothing else. A superuser would stand above row security; the ledger refuses one.
set -eu
: "${ORDERPROOF_PASSWORD:?the password of the role orderproof}"
psql -v ON_ERROR_STOP=1 -v password="$ORDERPROOF_PASSWORD" --username "$POSTGRES_USER" <<'SQL'
CREATE ROLE orderproof LOGIN PASSWORD :'password' NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
CREATE DATABASE orderproof OWNER orderproof;
SQL
