#!/usr/bin/env bash
# Lint, notebook rules, the whole smoke profile against its expected metrics, and the tests.
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"  # `sh run_tests.sh`
set -u
[ $# -eq 0 ] || { echo "run_tests.sh takes no options; for one file: .venv/bin/python -m pytest tests/test_x.py" >&2; exit 2; }
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/setup_environment.sh"

logs="$(mktemp -d)"
set -m  # in a process group of its own, which ends with this script
get_browser > "$logs/browser" 2>&1 < /dev/null &  # beside what needs none: it mostly waits for the network
browser=$!
set +m
smoke=""
leave() {  # what was started goes with this script, and is gone before it is
    for job in $smoke $browser; do kill -TERM -- "-$job" 2>/dev/null && wait "$job"; done
    rm -rf "$logs"
} 2>/dev/null
trap leave EXIT
trap 'exit 130' INT TERM HUP
failed=""
step() {  # every step runs, so that one failure does not hide another
    local name="$1"
    shift
    echo "== $name"
    "$@" || failed="$failed${failed:+, }$name"
}

ended() {  # wait for a job in the background, tell what it said, and return how it ended
    local status
    wait "$1"
    status=$?
    cat "$2"
    return "$status"
}

step "ruff, notebooks included" "$PYTHON" -m ruff check .
step "imports go one way" "$PYTHON" -c "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
step "notebooks: the rules, and no outputs" "$PYTHON" -m pytest -q tests/test_notebooks.py
# Its 30-step models are this script's own output: put aside at every call, as run_all.sh does, they would fill the disk.
rm -rf results/smoke
set -m
./run_all.sh --profile smoke --fresh > "$logs/smoke" 2>&1 < /dev/null &  # alone it keeps 1.3 of two cores busy
smoke=$!
set +m
# A process a core, each with one thread; the browser alone, for its pages wait no longer than a person would.
step "tests, with the smoke profile beside them" \
    env OMP_NUM_THREADS=1 "$PYTHON" -m pytest -q -n auto --maxprocesses 4 --dist loadfile --ignore tests/browser
step "smoke profile, from nothing" ended "$smoke" "$logs/smoke"
step "smoke metrics as expected" "$PYTHON" -m tests.helpers.expectations results/smoke tests/smoke_expectations.json
ended "$browser" "$logs/browser"
step "pages in a browser" "$PYTHON" -m pytest -q tests/browser

if [ -n "$failed" ]; then
    echo "run_tests.sh: failed: $failed" >&2
    exit 1
fi
