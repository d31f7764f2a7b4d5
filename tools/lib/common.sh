# shellcheck shell=bash
# What the scripts of tools/ share. Sourced, never run.

set -euo pipefail

# The checkout, with its links resolved.
CRIER_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)"
# What scripts make beside build/: the private Postgres, logs of the demo. Never committed.
# shellcheck disable=SC2034  # used by the scripts
CRIER_STATE="$CRIER_ROOT/.crier"

# usage: prints the comment at the head of the script.
usage() { sed -n '2,/^# shellcheck/p' "$0" | sed '/^# shellcheck/d; s/^# \{0,1\}//'; }

# step TEXT: announces a step that takes a while.
step() {
  if [ -t 2 ]; then printf '\033[1m==> %s\033[0m\n' "$*" >&2; else printf '==> %s\n' "$*" >&2; fi
}

# fail TEXT: says what is wrong and ends the script.
fail() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# as_root COMMAND…: runs it with the rights that installing needs.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    fail "needs root or sudo for: $*"
  fi
}

# build PRESET [TARGET…]: configures and builds, showing progress.
build() {
  local preset=$1
  shift
  local targets=()
  if [ $# -gt 0 ]; then targets=(--target "$@"); fi
  step "building ($preset)"
  mkdir -p "$CRIER_ROOT/build"
  (cd "$CRIER_ROOT" && cmake --preset "$preset" -Wno-dev --log-level=NOTICE >"$CRIER_ROOT/build/configure.log" 2>&1) || {
    cat "$CRIER_ROOT/build/configure.log" >&2
    fail "configuring failed"
  }
  (cd "$CRIER_ROOT" && cmake --build --preset "$preset" "${targets[@]}")
}
