#!/usr/bin/env bash
# Execute the notebooks in order; results go to results/<profile>/. See --help.
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"  # `sh run_all.sh`
set -u
CALLED_FROM="$PWD"
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/setup_environment.sh"
export SELIP_CALLED_FROM="$CALLED_FROM"  # a relative --cohort is relative to where the command was typed
exec "$PYTHON" -m selip_core.pipeline "$@"
