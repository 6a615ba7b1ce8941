#!/bin/sh
# Unpacks a real MySQL under the given directory, from Debian's unstable suite, the only one that has it.
set -eu
if [ -n "${SCRIPTLEDGER_TEST_MYSQL_URL:-}" ]; then
  exit 0
fi
if ! sh "$(dirname "$0")/fetch_unstable.sh" "$1" mysqld mysql-server-core; then
  echo "On other systems set SCRIPTLEDGER_TEST_MYSQL_URL to the URL of a MySQL." >&2
  exit 1
fi
