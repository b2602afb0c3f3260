#!/bin/sh
# Times `fixative archive` against the imaging job alone. Environment: FIXATIVE, the program; CORPUS, the folder with the pictures.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
. "$here/../common.sh"

imaging=$(tool imaging-bench)
python3 "$here/bench.py" --fixative "$FIXATIVE" --imaging "$imaging" --corpus "$corpus" --scratch "$scratch" "$@"
