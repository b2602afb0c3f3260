#!/bin/sh
# Measures encoder settings by SSIMULACRA2, size and time; about a quarter of an hour. See encoders.py.
#
#   CORPUS        folder with real pictures; default ../shared/corpus from the project's root
#   SIDES         long sides in pixels; default "512 1280"
#   PEERS_PYTHON  a Python that has Pillow and ssimulacra2 already; nothing is installed then
set -eu

here=$(cd "$(dirname "$0")" && pwd)
. "$here/../common.sh"

dump=$(tool imaging-dump)
python=$(python_with Pillow ssimulacra2)
# shellcheck disable=SC2086
"$python" "$here/encoders.py" --dump "$dump" --corpus "$corpus" --sides ${SIDES:-512 1280} --scratch "$scratch"
