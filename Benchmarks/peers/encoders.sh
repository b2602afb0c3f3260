#!/bin/sh
# Measures encoder settings by SSIMULACRA2, size and time; about a quarter of an hour. See encoders.py.
#
#   CORPUS        folder with real pictures; default ../shared/corpus from the project's root
#   SIDES         long sides in pixels; default "512 1280"
#   PEERS_PYTHON  a Python that has Pillow and ssimulacra2 already; nothing is installed then
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT INT TERM

build="swift build --package-path $root/Benchmarks --scratch-path $root/.build/benchmarks -c release"
$build --product imaging-dump >&2

python=${PEERS_PYTHON:-}
if [ -z "$python" ]; then
    python3 -m venv "$scratch/venv"
    python="$scratch/venv/bin/python"
    "$python" -m pip install --quiet --disable-pip-version-check Pillow ssimulacra2 >&2
fi
# shellcheck disable=SC2086
"$python" "$here/encoders.py" --dump "$($build --show-bin-path)/imaging-dump" --corpus "${CORPUS:-$root/../shared/corpus}" \
    --sides ${SIDES:-512 1280} --scratch "$scratch"
