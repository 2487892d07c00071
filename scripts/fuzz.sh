#!/usr/bin/env bash
# Runs every fuzz target under libFuzzer with address and undefined-behaviour
# sanitizers. What breaks a target is left in build-fuzz/found/.
#
# usage: scripts/fuzz.sh SECONDS [TARGET]...      (SECONDS for each target)
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:?usage: scripts/fuzz.sh SECONDS [TARGET]...}
shift
if [ ! -f build-fuzz/build.ninja ]; then
	CC=clang-14 meson setup build-fuzz -Dfuzz=true -Db_lundef=false \
		-Db_sanitize=address,undefined -Dc_args=-fsanitize=fuzzer-no-link >/dev/null
fi
ninja -C build-fuzz >/dev/null

targets=("$@")
if [ ${#targets[@]} = 0 ]; then
	for program in build-fuzz/fuzz/fuzz-*; do
		[ ! -f "$program" ] || targets+=("${program##*/fuzz-}")
	done
fi

passed=0
failed=0
mkdir -p build-fuzz/found
for target in "${targets[@]}"; do
	corpus=build-fuzz/corpus/$target
	mkdir -p "$corpus" "fuzz/seeds/$target"
	arguments=(-max_total_time="$seconds" -timeout=60 -rss_limit_mb=2048 -print_final_stats=0
		-verbosity=0 -artifact_prefix="build-fuzz/found/$target-")
	seeds=("fuzz/seeds/$target")
	[ "$target" != detect ] || seeds+=(tests/flags_corpus)
	[ ! -f "fuzz/$target.dict" ] || arguments+=(-dict="fuzz/$target.dict")
	if UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 "build-fuzz/fuzz/fuzz-$target" \
		"${arguments[@]}" "$corpus" "${seeds[@]}"; then
		echo "ok $target"
		passed=$((passed + 1))
	else
		echo "not ok $target: see build-fuzz/found/$target-*"
		failed=$((failed + 1))
	fi
done
rmdir --ignore-fail-on-non-empty build-fuzz/found
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
