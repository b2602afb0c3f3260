#!/bin/sh
# Times `fixative archive` against the imaging job alone. Environment: FIXATIVE, the program; CORPUS, the folder with the pictures.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT INT TERM

build="swift build --package-path $root/Benchmarks --scratch-path $root/.build/benchmarks -c release"
$build --product imaging-bench >&2
python3 "$here/bench.py" --fixative "$FIXATIVE" --imaging "$($build --show-bin-path)/imaging-bench" \
    --corpus "${CORPUS:-$root/../shared/corpus}" --scratch "$scratch" "$@"
