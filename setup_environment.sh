# Sourced by run_all.sh, run_tests.sh and benchmarks/run.sh: sets PYTHON to an interpreter that has the pinned packages.
# An active conda environment that has them is used as it is; otherwise .venv is made or reused.
# SELIP_PYTHON names the interpreter to make .venv with.

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)"

fail() {
    echo "$1" >&2
    exit 1
}

# What may be said to pip: where packages come from, and how it talks. The rest (user, target, prefix, require-hashes,
# no-binary, …) is about other environments than .venv, and would leave it empty or stop.
PIP_MAY="INDEX_URL EXTRA_INDEX_URL FIND_LINKS NO_INDEX TRUSTED_HOST PROXY CERT CLIENT_CERT TIMEOUT DEFAULT_TIMEOUT RETRIES CACHE_DIR \
    NO_CACHE_DIR KEYRING_PROVIDER USE_FEATURE USE_DEPRECATED CONFIG_FILE NO_INPUT NO_COLOR VERBOSE QUIET LOG ROOT_USER_ACTION \
    DISABLE_PIP_VERSION_CHECK BREAK_SYSTEM_PACKAGES PROGRESS_BAR PREFER_BINARY CONSTRAINT"

UV_MAY="CACHE_DIR HTTP_TIMEOUT LINK_MODE NO_PROGRESS CONCURRENT_DOWNLOADS"

foreign_to_pip() {
    local name
    for name in $(compgen -e | grep -E '^(PIP|UV)_'); do
        case "$name" in
            PIP_*) case " $PIP_MAY " in *[[:space:]]"${name#PIP_}"[[:space:]]*) ;; *) echo "$name" ;; esac ;;
            *) case " $UV_MAY " in *" ${name#UV_} "*) ;; *) echo "$name" ;; esac ;;
        esac
    done
}

only_where_packages_come_from() {  # of the user's pip.conf too; the lines that this prints are run
    # shellcheck disable=SC2086
    "$1" - $PIP_MAY <<'PY'
import ast, os, shlex, subprocess, sys
said = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True).stdout
for line in said.splitlines():
    key, _, value = line.partition("=")
    section, _, name = key.partition(".")
    name = name.upper().replace("-", "_")
    if section in ("global", "install") and name in sys.argv and f"PIP_{name}" not in os.environ:
        print(f"export PIP_{name}={shlex.quote(' '.join(ast.literal_eval(value).split()))}")
    elif section in ("global", "install") and name not in sys.argv:
        print(f"echo {shlex.quote(f'not used here, though pip.conf has it: {name.lower()}')} >&2")
print("export PIP_CONFIG_FILE=/dev/null")
PY
}

own_environment() {  # what a shell, an image or a cluster's job leaves behind and would change what runs here; it is told
    local name left=""
    for name in PYTHONHOME PYTHONPATH PYTHONOPTIMIZE PYTHONSTARTUP PYTHONWARNINGS MPLBACKEND $(foreign_to_pip) \
        RANK LOCAL_RANK WORLD_SIZE LOCAL_WORLD_SIZE MASTER_ADDR MASTER_PORT; do
        if [ -n "${!name:-}" ]; then left="$left${left:+, }$name"; fi
        unset "$name"
    done
    if [ -n "$left" ]; then echo "not used here, though your shell has it: $left" >&2; fi
    # packages are compiled as they are first imported (a tenth of their files): left set, as images like to, every
    # process would compile them anew
    unset PYTHONDONTWRITEBYTECODE
    export PIP_USER=0  # a pip.conf with user = true, too, is about other places than .venv
    # start-up files of one's own IPython would run in every notebook
    export IPYTHONDIR="$ROOT/.venv/ipython"
    if [ ! -d "${HOME:-}" ] || [ ! -w "${HOME:-}" ]; then
        echo "HOME (${HOME:-not set}) cannot be written: $ROOT/.venv/home is used in its place" >&2
        export HOME="$ROOT/.venv/home"
        mkdir -p "$HOME"
    fi
    # glibc hands large buffers back after each use: on a CPU a training step took an eighth longer to get them anew
    export MALLOC_MMAP_THRESHOLD_="${MALLOC_MMAP_THRESHOLD_:-1073741824}"
    export MALLOC_TRIM_THRESHOLD_="${MALLOC_TRIM_THRESHOLD_:-1073741824}"
}

find_python() {
    local candidate
    for candidate in ${SELIP_PYTHON:+"$SELIP_PYTHON"} python3 python3.13 python3.12 python3.11; do
        # venv needs ensurepip, which some distributions ship apart
        if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            echo "$candidate"
            return 0
        fi
    done
    return 1
}

conda_has_packages() {
    [ -n "${CONDA_PREFIX:-}" ] && [ -x "$CONDA_PREFIX/bin/python" ] || return 1  # without a prefix it would be /bin/python
    "$CONDA_PREFIX/bin/python" - "$ROOT/pyproject.toml" 2>/dev/null <<'PY'
import importlib.metadata, sys, tomllib
with open(sys.argv[1], "rb") as file:
    pins = tomllib.load(file)["project"]["optional-dependencies"]["pinned"]
for pin in pins:
    name, version = pin.split("==")
    if importlib.metadata.version(name).split("+")[0] != version:
        sys.exit(1)
PY
}

installed() {
    its_own_python && [ "$(cat "$ROOT/.venv/selip.stamp" 2>/dev/null)" = "$1" ]
}

its_own_python() {  # a link to python3 may lead to another version by now, which has none of the packages
    [ -x "$ROOT/.venv/bin/python" ] && "$ROOT/.venv/bin/python" -I -S -c '
import os, sys
sys.exit(not os.path.isdir(os.path.join(sys.argv[1], "lib", "python%d.%d" % sys.version_info[:2], "site-packages")))' \
        "$ROOT/.venv" > /dev/null 2>&1
}

uv_installs() {  # as pip from the same places, in a fifth of its time
    local python="$ROOT/.venv/bin/python" log="$ROOT/.venv/uv.log" pin
    if [ -n "${PIP_KEYRING_PROVIDER:-}${PIP_CLIENT_CERT:-}" ]; then return 1; fi  # ways to a mirror that pip alone knows
    pin="$(pins_of "$python" installer)" || return 1
    if [ -n "$pin" ]; then
        "$python" -m pip install --quiet --disable-pip-version-check --retries 1 --only-binary :all: "$pin" \
            > "$log" 2>&1 || return 1
    fi
    if [ -t 2 ]; then run_uv "$python"; else run_uv "$python" 2>> "$log"; fi  # on a terminal it shows how far it is
}

run_uv() {
    "$1" - "$ROOT" <<'PY'
import os, subprocess, sys

root = sys.argv[1]
given = {name.removeprefix("PIP_"): value.strip() for name, value in os.environ.items() if name.startswith("PIP_")}
given = {name: value for name, value in given.items() if value and value.lower() not in ("0", "false", "no", "off")}
# in the environment, not as words of a command: those of all processes can be read by everybody, and a URL may hold a password
names = {"INDEX_URL": "UV_DEFAULT_INDEX", "EXTRA_INDEX_URL": "UV_INDEX", "FIND_LINKS": "UV_FIND_LINKS",
         "TRUSTED_HOST": "UV_INSECURE_HOST", "CONSTRAINT": "UV_CONSTRAINT", "CERT": "SSL_CERT_FILE",
         "PROXY": "HTTPS_PROXY"}
own = dict(os.environ) | {"UV_SYSTEM_CERTS": "1"} | {names[name]: value for name, value in given.items() if name in names}
if "PROXY" in given:
    own |= dict.fromkeys(("HTTP_PROXY", "ALL_PROXY"), given["PROXY"])
if "CACHE_DIR" in given:
    own["UV_CACHE_DIR"] = os.path.join(given["CACHE_DIR"], "uv")
words = ["--no-index"] * ("NO_INDEX" in given)
if "NO_CACHE_DIR" in given or own.get("HOME", "").startswith(f"{root}/.venv"):
    words.append("--no-cache")
command = [f"{root}/.venv/bin/uv", "pip", "install", "--no-config", "--python", f"{root}/.venv/bin/python",
           "--index-strategy", "unsafe-best-match",  # of all places the newest that fits, as pip
           *words, "--editable", f"{root}[pinned]"]
sys.exit(subprocess.run(command, env=own, stdin=subprocess.DEVNULL).returncode)
PY
}

pins_of() {  # of the list of that name in pyproject.toml, those that an interpreter lacks
    "$1" - "$ROOT/pyproject.toml" "$2" <<'PY'
import importlib.metadata, sys, tomllib
with open(sys.argv[1], "rb") as file:
    pins = tomllib.load(file)["project"]["optional-dependencies"][sys.argv[2]]
here = {f"{d.metadata['Name']}=={d.version}".lower() for d in importlib.metadata.distributions()}
print(*[pin for pin in pins if pin not in here])
PY
}

alive() {  # a process of another user too, which kill -0 does not see
    [ -d "/proc/$1" ] || kill -0 "$1" 2>/dev/null || ps -p "$1" > /dev/null 2>&1
}

alone_with_venv() {  # two first calls at once would each take the half made .venv of the other apart
    local lock="$ROOT/.venv.lock" told="" holder waited=0
    until mkdir "$lock" 2>/dev/null; do
        if [ ! -d "$lock" ]; then return 0; fi  # a folder that may not be written: told below
        holder="$(cat "$lock/holder" 2>/dev/null)"
        if [ "${holder% *}" = "$(uname -n)" ] && { [ "${holder#* }" = $$ ] || ! alive "${holder#* }"; } && rm -rf "$lock" 2>/dev/null; then
            continue  # it was killed, or is of a container before this one
        fi
        if [ -z "$told" ]; then echo "another call (${holder:-just begun}) is setting up .venv: waiting for it (if there is none, delete $lock)"; fi
        told=yes
        if [ $((waited += 2)) -gt 1800 ]; then fail "$lock is still there after half an hour: if nothing sets up .venv, delete it"; fi
        sleep 2
    done
    echo "$(uname -n) $$" > "$lock/holder"
    trap let_others_in EXIT
}

let_others_in() {
    if [ "$(cat "$ROOT/.venv.lock/holder" 2>/dev/null)" = "$(uname -n) $$" ]; then rm -rf "$ROOT/.venv.lock"; fi
    trap - EXIT
}

install_packages() {
    local stamp="$ROOT/.venv/selip.stamp" wanted base
    wanted="$(cksum < "$ROOT/pyproject.toml") $ROOT"
    if installed "$wanted"; then return 0; fi
    alone_with_venv
    if installed "$wanted"; then return 0; fi  # another call did it meanwhile
    if its_own_python && moved_here "$wanted"; then
        echo "$wanted" > "$stamp"
        return 0
    fi
    if [ -d "$ROOT/.venv" ] && [ ! -w "$ROOT/.venv" ]; then
        fail "$ROOT/.venv needs other packages, and belongs to another user: let that user run this once, or work in a clone of your own"
    fi
    if ! "$ROOT/.venv/bin/python" -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
        base="$(find_python)" || fail "no Python 3.11 or newer with venv was found: install one (on Debian or Ubuntu: apt install python3-venv), or name it in SELIP_PYTHON"
        echo "[1/2] making .venv with $("$base" --version)"
        "$base" -m venv --clear "$ROOT/.venv" || fail "could not make $ROOT/.venv: see the message above (is there room and permission?)"
    fi
    echo "[2/2] installing the pinned packages into .venv: once, a few minutes"
    eval "$(only_where_packages_come_from "$ROOT/.venv/bin/python")"
    trap 'exit 130' INT  # stopped is stopped: pip does not begin then
    uv_installs || { echo "      by pip, for uv did not come or could not (what it said: .venv/uv.log)"; pip_installs; }
    trap - INT
    "$ROOT/.venv/bin/python" -c 'import importlib.metadata as m; m.version("selip"), m.version("papermill")' 2>/dev/null ||
        fail "the packages were installed, and .venv lacks them: which setting puts them elsewhere? (.venv/bin/python -m pip config list)"
    # compiled here, for whoever may not write into .venv later
    "$ROOT/.venv/bin/python" -c "import torch, transformers, monai, pandas, matplotlib.pyplot, sklearn, papermill, ipykernel" ||
        fail "the packages are installed, and do not work here: see the message above"
    jupyter_behind_a_proxy
    echo "$wanted" > "$stamp"
}

pip_installs() {
    local log="$ROOT/.venv/pip.log" line collected=0
    "$ROOT/.venv/bin/python" -m pip install --disable-pip-version-check --progress-bar off --no-compile \
        --editable "$ROOT[pinned]" 2> "$log" | while IFS= read -r line; do
        case "$line" in
            Collecting*)
                collected=$((collected + 1))
                if [ -t 1 ]; then printf '\r      %s packages collected' "$collected"; fi
                ;;
            "Installing collected"*)
                if [ -t 1 ]; then printf '\n'; fi
                echo "      $collected packages collected, unpacking them"
                ;;
        esac
    done
    if [ "${PIPESTATUS[0]}" -ne 0 ]; then
        grep -v '^WARNING' "$log" | tail -n 6 >&2
        fail "pip could not install the packages (all of its messages: $log). This one step needs the network, or a pip that is set up for your mirror; the same command tries again."
    fi
}

moved_here() {  # a finished .venv came along with its checkout from another folder, which its programs still name
    local before
    before="$(cat "$ROOT/.venv/selip.stamp" 2>/dev/null)"
    [ -n "$before" ] && [ "${before#* * }" != "$before" ] && [ "${before% "${before#* * }"}" = "${1% "$ROOT"}" ] || return 1
    "$ROOT/.venv/bin/python" - "${before#* * }" "$ROOT" <<'PY' 2>/dev/null || return 1
import pathlib, sys, sysconfig
old, new = sys.argv[1:]
packages = pathlib.Path(sysconfig.get_path("purelib"))
kernels = pathlib.Path(sys.prefix, "share", "jupyter", "kernels").glob("*/kernel.json")
told = [*packages.glob("__editable__*.py"), *packages.glob("__editable__*.pth"), *packages.glob("selip-*/direct_url.json")]
for path in [*pathlib.Path(sys.prefix, "bin").iterdir(), *told, *kernels]:
    text = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
    if b"\0" in text or old.encode() not in text:
        continue
    if text.startswith(b"#!" + old.encode()) and " " in new:  # such a path cannot stand behind #!
        line, _, rest = text.partition(b"\n")
        text = b"#!/bin/sh\n'''exec' \"" + line[2:] + b"\" \"$0\" \"$@\"\n' '''\n" + rest
    mode = path.stat().st_mode
    path.unlink()  # it may be a link to the file of a cache
    path.write_bytes(text.replace(old.encode(), new.encode()))
    path.chmod(mode)
PY
    echo "this checkout lay in ${before#* * }: its .venv is told the new place"
}

jupyter_behind_a_proxy() {  # httpx, which JupyterLab starts, takes [::1] and 10.0.0.0/8 in NO_PROXY for broken addresses
    mkdir -p "$ROOT/.venv/etc/jupyter"
    cat > "$ROOT/.venv/etc/jupyter/jupyter_server_config.py" <<'PY'
import os

for _name in ("NO_PROXY", "no_proxy"):
    if _name in os.environ:
        _hosts = os.environ[_name].split(",")
        os.environ[_name] = ",".join(host for host in _hosts if "[" not in host and "/" not in host)
PY
}

get_browser() {  # for run_tests.sh: what tests/browser/ needs; without it that test is skipped, and says so
    local pins said apt="apt-get -qq -o Acquire::Retries=1 -o Acquire::http::Timeout=20 -o DPkg::Lock::Timeout=60"
    pins="$(pins_of "$PYTHON" browser)"
    if [ -n "$pins" ]; then
        echo "installing $pins, which drives the browser"
        eval "$(only_where_packages_come_from "$PYTHON")"
        # shellcheck disable=SC2086
        said="$("$PYTHON" -m pip install --disable-pip-version-check --retries 1 --timeout 20 $pins 2>&1)" ||
            printf '%s\n' "${said##*$'\n'}" "pip could not install $pins: the browser test will be skipped"
    fi
    if (cd "$ROOT" && "$PYTHON" -c 'import sys; from tests.helpers.jupyter_browser import find_chromium; sys.exit(not find_chromium())'); then
        return 0
    fi
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
        echo "no Chromium here: install it (on Debian: apt-get install chromium) to have the browser test too"
        return 0
    fi
    echo "installing Debian's chromium, for the browser test: once, a few minutes"
    said="$( ($apt update && DEBIAN_FRONTEND=noninteractive $apt install -y --no-install-recommends chromium) \
        2>&1 < /dev/null)" ||
        printf '%s\n' "${said##*$'\n'}" "apt-get could not install chromium: the browser test will be skipped"
}

own_environment
if conda_has_packages; then
    PYTHON="$CONDA_PREFIX/bin/python"
    echo "using the conda environment $CONDA_PREFIX"
else
    if [ "${CONDA_DEFAULT_ENV:-}" = "selip" ]; then
        echo "the conda environment selip lacks pinned versions (conda env update -f environment.yml brings them): using .venv"
    fi
    install_packages
    let_others_in
    PYTHON="$ROOT/.venv/bin/python"
fi
export PYTHONPATH="$ROOT"
cd "$ROOT" || exit 1
