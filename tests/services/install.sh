#!/bin/sh
# Installs MariaDB and Redis if missing, unless running servers are named. They need not be started. Chromium, Node and
# Galera are installed too if that is allowed. Without them their tests are skipped with a message; with CI set, the
# tests of Chromium and Node fail.
set -eu
PATH="$PATH:/usr/sbin:/usr/local/sbin:/opt/homebrew/bin"

packages=""
if [ -z "${SCRIPTLEDGER_TEST_DATABASE_URL:-}" ] && ! command -v mariadbd >/dev/null; then
  packages=" mariadb-server"
fi
if [ -z "${SCRIPTLEDGER_TEST_BROKER_URL:-}${SCRIPTLEDGER_TEST_REDIS_SERVER:-}" ] && ! command -v redis-server >/dev/null; then
  packages="$packages redis-server"
fi
allowed() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }
if allowed && ! command -v chromium >/dev/null; then
  packages="$packages chromium"
fi
if allowed && ! command -v npm >/dev/null; then
  packages="$packages nodejs npm"
fi
if allowed && [ ! -e /usr/lib/galera/libgalera_smm.so ]; then
  packages="$packages galera-4"
fi
if [ -z "$packages" ]; then
  exit 0
fi

if ! allowed; then
  echo "The tests need servers that are not installed: install$packages (Debian: sudo apt-get install$packages;" \
    "Homebrew: brew install mariadb redis), or name running ones in SCRIPTLEDGER_TEST_DATABASE_URL and" \
    "SCRIPTLEDGER_TEST_BROKER_URL." >&2
  exit 1
fi

echo "Installing$packages ..."
apt-get update -qq
# shellcheck disable=SC2086 # a list of words on purpose
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o Dpkg::Use-Pty=0 --no-install-recommends $packages >/dev/null
