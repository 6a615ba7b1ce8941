#!/bin/sh
# Unpacks packages of Debian's unstable suite, with their dependencies, under the given directory, unless the program is
# there: fetch_unstable.sh <directory> <program> <package> ... It needs no root and writes only to the directory; the
# unpacked programs run with the unpacked libraries.
set -eu
directory=$1 program=$2
shift 2
if [ -x "$directory/usr/sbin/$program" ]; then
  exit 0
fi
if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
  echo "A $program can only be fetched on Debian." >&2
  exit 1
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Origin: Debian' | sort -u | head -n 1)
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/root"
echo "deb $mirror sid main" >"$work/sources.list"
cat >"$work/apt.conf" <<END
Dir::State::lists "$work/lists";
Dir::State::status "/dev/null";
Dir::Cache "$work/cache";
Dir::Etc::sourcelist "$work/sources.list";
Dir::Etc::sourceparts "-";
APT::Sandbox::User "$(id -un)";
Acquire::Languages "none";
Acquire::Check-Valid-Until "false"; // a mirror may lag
END
export APT_CONFIG="$work/apt.conf"

echo "Fetching $* ..."
apt-get update -qq
apt-get install -qq -y --download-only --no-install-recommends "$@"
for package in "$work"/cache/archives/*.deb; do
  dpkg-deb --extract "$package" "$work/root"
done
mkdir -p "$directory"
mv "$work"/root/* "$directory"
