#!/usr/bin/env bash
# One door. Without a word: set up and run everything. Needs Python 3.11 or later with pip; nothing else.
#   ./start.sh            set up, then serve on http://127.0.0.1:8000
#   ./start.sh demo       send the sample leads through, compare with their labels
#   ./start.sh test ...   set up with the test tools, run the tests (arguments go to pytest; -n 2 --dist loadfile: two at once)
#   ./start.sh check      format, lint, types, import contracts, generated files
#   ./start.sh bench ...  the figures of the README
#   ./start.sh python ... Python with the tools of tests and bench: python -m bench.deciding, python -m tests.system.chaos
#   ./start.sh api | worker | dispatch    one part of the whole
set -euo pipefail
cd "$(dirname "$0")"

PYTHON=${PYTHON:-python3}
TOOLS=.venv/.uv

setup() { # groups...
  if [ ! -x "$TOOLS/bin/uv" ]; then
    "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed; set PYTHON=/path/to/python3." >&2; exit 2; }
    echo "Installing the locked packages into .venv; once, about a minute." >&2
    [ -x .venv/bin/python ] || "$PYTHON" -m venv --without-pip .venv
    "$PYTHON" -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target "$TOOLS" "uv>=0.9,<1" || { echo "pip could not install uv; is a package registry reachable?" >&2; exit 2; }
  fi
  # the system's certificates, as pip uses them: behind a company's proxy its own would not do
  UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-true} UV_COMPILE_BYTECODE=1 UV_PYTHON_DOWNLOADS=never "$TOOLS/bin/uv" sync --quiet --locked --no-default-groups "$@"
}

case "${1:-serve}" in
  serve) setup; exec .venv/bin/python app.py serve ;;
  demo | api | worker | dispatch) setup; exec .venv/bin/python app.py "$@" ;;
  test) setup --group dev --group bench; shift; exec .venv/bin/python -m pytest "$@" ;;
  check) setup --group dev --group bench; exec .venv/bin/python -m tests.check ;;
  bench) setup --group dev --group bench; shift; exec .venv/bin/python -m bench.run "$@" ;;
  python) setup --group dev --group bench; shift; exec .venv/bin/python "$@" ;;
  help | -h | --help) sed -n '2,9p' "$0" ;;
  *) echo "There is no ./start.sh $1." >&2; sed -n '3,9p' "$0" >&2; exit 2 ;;
esac
