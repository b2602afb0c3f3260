#!/bin/sh
# Measures the main job against libvips, Pillow and Debian's libpng, which are installed in a throw-away environment.
#
#   CORPUS        folder with real pictures; default ../shared/corpus from the project's root
#   ROUNDS        how often everything takes its turn; default 9
#   PEERS_PYTHON  a Python that has the peers already; nothing is installed then
set -eu

here=$(cd "$(dirname "$0")" && pwd)
. "$here/../common.sh"

ours=$(tool imaging-bench)
python=$(python_with pyvips-binary pyvips Pillow)
"$python" "$here/bench.py" --ours "$ours" --corpus "$corpus" --rounds "${ROUNDS:-9}" --scratch "$scratch"
