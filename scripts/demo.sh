#!/usr/bin/env bash
# The main job of guild on real input: an ordinary training script, run once
# and as a small grid, then listed, compared, diffed and the best one selected.
# Everything it makes is in .demo/ and build/.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD

scripts/deps.sh build
make --no-print-directory all >/dev/null

venv=$root/.demo/venv
requirements=examples/digits/requirements.txt
wanted=$(sha256sum <"$requirements")
if [ "$(cat "$venv/.requirements.sha256" 2>/dev/null)" != "$wanted" ]; then
	echo "demo: making a private Python environment for the example"
	python=/usr/bin/python3
	[ -x "$python" ] || python=python3
	rm -rf "$venv"
	mkdir -p "$root/.demo"
	"$python" -m venv "$venv"
	"$venv/bin/pip" install -q --no-cache-dir --disable-pip-version-check -r "$requirements"
	echo "$wanted" >"$venv/.requirements.sha256"
fi

export GUILD_HOME=$root/.demo/home
export PATH=$venv/bin:$root/build:$PATH
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
unset VIRTUAL_ENV
rm -rf "$GUILD_HOME"
cd examples/digits

# say COMMAND...: shows the command as a person would type it, then runs it.
say() {
	printf '\n$ %s\n' "$*"
	"$@"
}

say guild run train.py -y
say guild run train.py 'lr=[0.001,0.01]' 'hidden=[8,64]' -y
say guild runs
say guild compare --table
say guild diff 2 1 --flags
say guild select --max accuracy
best=$(guild select --max accuracy)
say guild runs info "$best"

cat <<END

All of this is in .demo/ and build/. To look further yourself:
  cd examples/digits; export GUILD_HOME=$GUILD_HOME PATH=$venv/bin:$root/build:\$PATH

Three commands to try next:
  guild run train.py lr=0.03 epochs=30
  guild compare --table --max accuracy
  guild cat $(printf %.8s "$best") --output
END
