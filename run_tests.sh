#!/usr/bin/env bash
# Lint, notebook rules, the whole smoke profile against its expected metrics, and the tests.
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"  # `sh run_tests.sh`
set -u
[ $# -eq 0 ] || { echo "run_tests.sh takes no options; for one file: .venv/bin/python -m pytest tests/test_x.py" >&2; exit 2; }
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/setup_environment.sh"

browser_log="$(mktemp)"
set -m  # in a process group of its own, which ends with this script
get_browser > "$browser_log" 2>&1 < /dev/null &  # beside what needs none: it mostly waits for the network
browser=$!
set +m
trap 'kill -- "-$browser" 2>/dev/null; rm -f "$browser_log"' EXIT
failed=""
step() {  # every step runs, so that one failure does not hide another
    local name="$1"
    shift
    echo "== $name"
    "$@" || failed="$failed${failed:+, }$name"
}

step "ruff, notebooks included" "$PYTHON" -m ruff check .
step "imports go one way" "$PYTHON" -c "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
step "notebooks: the rules, and no outputs" "$PYTHON" -m pytest -q tests/test_notebooks.py
# Its 30-step models are this script's own output: put aside at every call, as run_all.sh does, they would fill the disk.
rm -rf results/smoke
step "smoke profile, from nothing" ./run_all.sh --profile smoke --fresh
step "smoke metrics as expected" "$PYTHON" -m tests.helpers.expectations results/smoke tests/smoke_expectations.json
wait "$browser"
cat "$browser_log"
# A process a core, each with one thread; the browser alone, for its pages wait no longer than a person would.
step "tests" env OMP_NUM_THREADS=1 "$PYTHON" -m pytest -q -n auto --maxprocesses 4 --dist loadfile --ignore tests/browser
step "pages in a browser" "$PYTHON" -m pytest -q tests/browser

if [ -n "$failed" ]; then
    echo "run_tests.sh: failed: $failed" >&2
    exit 1
fi
