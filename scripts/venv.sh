#!/usr/bin/env bash
# Makes a private Python environment from tests/NAME-requirements.txt, or does
# nothing when it is there and the file has not changed since.
#
# usage: scripts/venv.sh NAME [DIR]      (DIR: .venv/NAME)
set -euo pipefail
cd "$(dirname "$0")/.."

name=${1:?usage: scripts/venv.sh NAME [DIR]}
dir=${2:-.venv/$name}
requirements=tests/$name-requirements.txt
mkdir -p "$(dirname "$dir")"
dir=$(cd "$(dirname "$dir")" && pwd -P)/$(basename "$dir") # its programs outlive a link to it
stamp=$dir/.requirements.sha256
# Tests ask for the same one at the same time: one makes it, the others wait.
exec 9>"$dir.lock"
flock 9
wanted=$(sha256sum <"$requirements")
# One that was moved is none: its programs name the interpreter by where it was.
interpreter=$(sed -n '1s/^#!//p' "$dir/bin/pip" 2>/dev/null || true)
if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && [ -x "$interpreter" ]; then
	exit 0
fi

python=/usr/bin/python3
[ -x "$python" ] || python=python3
echo "venv: making $dir from $requirements"
rm -rf "$dir"
# Half an environment would pass for a whole one: none is left behind.
trap 'rm -rf "$dir"' ERR INT TERM
"$python" -m venv "$dir"
"$dir/bin/pip" install -q --disable-pip-version-check -r "$requirements"
echo "$wanted" >"$stamp"
