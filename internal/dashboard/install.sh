#!/bin/sh
# Installs what the dashboard's test needs, if it is not there: Chromium with a
# font, npm, and by npm the dashboard, in the versions of package-lock.json. On
# Debian, as root or by sudo.
set -eu
cd "$(dirname "$0")"

missing=
[ -x "${CHROMIUM:-/usr/bin/chromium}" ] || missing="chromium fonts-dejavu-core"
command -v npm >/dev/null || missing="$missing npm"
if [ -n "$missing" ]; then
	sudo=
	[ "$(id -u)" = 0 ] || sudo=sudo
	$sudo apt-get update -qq
	# shellcheck disable=SC2086 # several packages
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
fi
[ -f node_modules/.package-lock.json ] && [ ! package-lock.json -nt node_modules/.package-lock.json ] ||
	npm ci --ignore-scripts --no-audit --no-fund
