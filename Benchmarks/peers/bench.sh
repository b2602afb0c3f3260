#!/bin/sh
# Measures the main job against libvips, Pillow and Debian's libpng, which are installed in a throw-away environment.
#
#   CORPUS        folder with real pictures; default ../shared/corpus from the project's root
#   ROUNDS        how often everything takes its turn; default 9
#   PEERS_PYTHON  a Python that has the peers already; nothing is installed then
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
corpus=${CORPUS:-$root/../shared/corpus}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT INT TERM

build="swift build --package-path $root/Benchmarks --scratch-path $root/.build/benchmarks -c release"
$build --product imaging-bench >&2
ours=$($build --show-bin-path)/imaging-bench

python=${PEERS_PYTHON:-}
if [ -z "$python" ]; then
    python3 -m venv "$scratch/venv"
    python="$scratch/venv/bin/python"
    "$python" -m pip install --quiet --disable-pip-version-check pyvips-binary pyvips Pillow >&2
fi
"$python" "$here/bench.py" --ours "$ours" --corpus "$corpus" --rounds "${ROUNDS:-9}" --scratch "$scratch"
