#!/usr/bin/env bash
# Formats all C sources in place; with --check only says which would change.
set -euo pipefail
cd "$(dirname "$0")/.."

mode=(-i)
[ "${1:-}" != --check ] || mode=(--dry-run -Werror)
find include src fuzz bench docs -name '*.[ch]' -print0 2>/dev/null |
	xargs -0 -r -P "$(nproc)" -n 8 clang-format-14 "${mode[@]}"
