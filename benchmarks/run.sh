#!/usr/bin/env bash
# Everything that is timed, in one command. See --help.
set -u
HERE="$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd -P)"
PYTHON=""
TINY=""
DEVICE=""

usage() {
    cat <<'TEXT'
benchmarks/run.sh [--python PYTHON] [--device cpu|cuda|cuda:N] [--tiny]

Times the similarity engine, retrieval, the loader, pretraining (beside the released step), the use of a trained model,
and (on the CPU, where the whole environment is) ingest and the embedded cohort; prints tables and writes them as JSON
into benchmarks/results. On CUDA it runs the tests of the CUDA device first.

  --python PYTHON   use this Python as it is, installing nothing: a CUDA machine without network, whose Python holds
                    torch and transformers. It is told which other packages to bring as wheels.
                    Left out, .venv is made or reused, as run_tests.sh does.
  --device DEVICE   left out: cuda where there is one, else cpu.
  --tiny            the smallest sizes: does everything run? The JSON goes to a temporary folder.
TEXT
}

while [ $# -gt 0 ]; do
    case "$1" in
        --python=*|--device=*) set -- "${1%%=*}" "${1#*=}" "${@:2}" ;;
    esac
    case "$1" in
        --python|--device) [ $# -ge 2 ] || { echo "benchmarks/run.sh: $1 needs a value" >&2; exit 2; } ;;
    esac
    case "$1" in
        --python) PYTHON="$2"; shift 2 ;;
        --device) DEVICE="$2"; shift 2 ;;
        --tiny) TINY="--tiny"; shift ;;
        -h|--help) usage; exit 0 ;;
        *) echo "benchmarks/run.sh: unknown option $1 (--help lists them)" >&2; exit 2 ;;
    esac
done

if [ -n "$DEVICE" ] && ! [[ "$DEVICE" =~ ^(cpu|cuda(:[0-9]+)?)$ ]]; then
    echo "benchmarks/run.sh: --device $DEVICE is none of cpu, cuda, cuda:N" >&2
    exit 2
fi
if [ -n "$PYTHON" ]; then  # before the folder changes
    given="$PYTHON"
    PYTHON="$(command -v -- "$given")" || { echo "benchmarks/run.sh: there is no program $given" >&2; exit 2; }
    [ "${PYTHON#/}" != "$PYTHON" ] || PYTHON="$PWD/$PYTHON"
fi

if [ -z "$PYTHON" ]; then
    . "$HERE/../setup_environment.sh"
else
    cd "$HERE/.." || exit 1
    export PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}"
fi
"$PYTHON" benchmarks/machine.py || exit 1
export HF_HUB_OFFLINE=1
[ -n "$DEVICE" ] || DEVICE="$("$PYTHON" -c 'import torch; print("cuda" if torch.cuda.is_available() else "cpu")')" || exit 1

failed=""
step() {  # every step runs, so that one failure does not hide another
    local name="$1"
    shift
    echo "== $name"
    "$@" || failed="$failed${failed:+, }$name"
}

if [ "$DEVICE" != cpu ]; then
    mapfile -t device_tests < <("$PYTHON" benchmarks/machine.py --device-tests)
    step "tests on CUDA" "$PYTHON" -m pytest -q -k cuda "${device_tests[@]}"
fi
OUT=benchmarks/results
if [ -n "$TINY" ]; then
    OUT="$(mktemp -d)"
    trap 'rm -r "$OUT"' EXIT
fi
for benchmark in similarity retrieval loader training released_step largest_batch embedding startup; do
    step "$benchmark" "$PYTHON" -m "benchmarks.$benchmark" --device "$DEVICE" --out "$OUT" $TINY
done
if [ "$DEVICE" = cpu ]; then
    step ingest "$PYTHON" -m benchmarks.ingest --out "$OUT" $TINY
    step "embedded cohort" "$PYTHON" -m benchmarks.embedded_cohort --out "$OUT" $TINY
fi

if [ -n "$failed" ]; then
    echo "benchmarks/run.sh: failed: $failed" >&2
    exit 1
fi
