# For the scripts beside and below: where things are, a scratch folder that goes with the script, and how a tool of ours is built.
root=$(cd "$here/../.." && pwd)
corpus=${CORPUS:-$root/../shared/corpus}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT INT TERM

# Builds a tool and prints its path.
tool() {
    build="swift build --package-path $root/Benchmarks --scratch-path $root/.build/benchmarks -c release"
    $build --product "$1" >&2
    echo "$($build --show-bin-path)/$1"
}

# A Python that has the named packages, in the scratch folder; PEERS_PYTHON if there is one.
python_with() {
    if [ -z "${PEERS_PYTHON:-}" ]; then
        python3 -m venv "$scratch/venv" >&2
        "$scratch/venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@" >&2
    fi
    echo "${PEERS_PYTHON:-$scratch/venv/bin/python}"
}
