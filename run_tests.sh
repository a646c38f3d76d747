#!/usr/bin/env bash
# Lint, the whole smoke profile against its expected metrics, the tests and the pages; --all: the slow tests too.
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"  # `sh run_tests.sh`
set -u
case "$*" in
    "") kinds="not slow" ;;
    --all) kinds="" ;;
    *) echo "run_tests.sh takes --all or nothing; for one file: .venv/bin/python -m pytest tests/test_x.py" >&2; exit 2 ;;
esac
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/setup_environment.sh"

logs="$(mktemp -d)"
beside=""
leave() {  # what was started goes with this script, and is gone before it is
    if [ -n "$beside" ]; then end_group "$beside"; fi
    rm -rf "$logs"
} 2>/dev/null
end_group() {  # INT lets pytest end its JupyterLab and its browser; a shell may have handed it down ignored
    local number
    for number in INT TERM KILL; do
        kill "-$number" -- "-$1" || return 0
        for _ in {1..50}; do
            sleep 0.2
            kill -0 -- "-$1" || return 0
        done
    done
}
trap leave EXIT
trap 'exit 130' INT TERM HUP
failed=""
step() {  # every step runs, so that one failure does not hide another
    local name="$1"
    shift
    echo "== $name"
    "$@" || failed="$failed${failed:+, }$name"
}

study_and_pages() {  # what goes on beside the tests: of each what it says and how it ends, for `told`
    trap 'wait; exit 130' INT
    get_browser > "$logs/browser" 2>&1 &  # it mostly waits for the network
    ./run_all.sh --profile smoke --fresh > "$logs/smoke" 2>&1
    echo $? > "$logs/smoke.status"
    wait
    "$PYTHON" -m pytest -q tests/browser > "$logs/pages" 2>&1
    echo $? > "$logs/pages.status"
}

told() {
    cat "$logs/$1"
    return "$(cat "$logs/$1.status" 2>/dev/null || echo 1)"
}

# Its 30-step models are this script's own output: put aside at every call, as run_all.sh does, they would fill the disk.
rm -rf results/smoke
set -m  # in a process group of its own, which ends with this script
study_and_pages < /dev/null &
beside=$!
set +m
step "ruff, notebooks included" "$PYTHON" -m ruff check .
step "imports go one way" "$PYTHON" -c "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
# A process a core, each with one thread, behind the study and the browser, whose pages wait no longer than a person would.
step "tests${kinds:+ but those marked slow}, with the smoke profile and then the browser beside them" nice \
    env OMP_NUM_THREADS=1 "$PYTHON" -m pytest -q -n auto --maxprocesses 4 --dist loadfile -m "$kinds" --ignore tests/browser
wait "$beside"
beside=""
step "smoke profile, from nothing" told smoke
step "smoke metrics as expected" "$PYTHON" -m tests.helpers.expectations results/smoke tests/smoke_expectations.json
cat "$logs/browser"
step "pages in a browser" told pages

if [ -n "$failed" ]; then
    echo "run_tests.sh: failed: $failed" >&2
    exit 1
fi
