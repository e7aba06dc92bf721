# The scripts in this folder source this file. It starts a server for the script in a temporary folder; at the end, it stops the
# server and removes the folder.
set -euo pipefail

# Without ctest, the scripts test the programs in build/.
RUNNEL_SOURCE=${RUNNEL_SOURCE:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
RUNNEL_BIN=${RUNNEL_BIN:-$RUNNEL_SOURCE/build/bin}
RUNNEL_TOOLS=${RUNNEL_TOOLS:-$RUNNEL_SOURCE/build/tools}
PROTOC=${PROTOC:-protoc}
RUNNEL_SANITIZE=${RUNNEL_SANITIZE:-}  # the sanitizers of the build; empty: none

work=$(mktemp -d)
server_pid=''
server_prefix=()  # a command that runs the server
groups=()         # control groups that the script made
finish() {
  local status=$?
  [[ -z $server_pid ]] || { kill "$server_pid" 2>/dev/null && wait "$server_pid"; } || true
  [[ $status -eq 0 || $status -eq 77 || ! -s $work/server.log ]] || { echo "The server's log:"; tail -30 "$work/server.log"; }
  [[ ${#groups[@]} -eq 0 ]] || rmdir "${groups[@]}"
  rm -rf "$work"
  exit $status
}
trap finish EXIT

fail() { echo "FAILED: $1" >&2; exit 1; }
skip() { echo "skipped: $(basename "$0"): $1"; exit 77; }

# start_server OPTION...: starts a server and sets `address`.
start_server() {
  : >"$work/server.out"
  "${server_prefix[@]}" "$RUNNEL_BIN/runnel-server" --listen=127.0.0.1:0 --data-dir="$work/data" "$@" \
    >"$work/server.out" 2>>"$work/server.log" &
  server_pid=$!
  for ((i = 0; i < 300; i++)); do
    address=$(sed -n 's/.*listening on //p' "$work/server.out")
    [[ -z $address ]] || return 0
    kill -0 "$server_pid" 2>/dev/null || fail "the server did not start"
    sleep 0.1
  done
  fail "the server did not say where it listens"
}

runnel() { "$RUNNEL_BIN/runnel" --server "$address" "$@"; }

# write_text FILE: writes a text of about 20 KB that a model can learn from.
write_text() {
  for ((i = 0; i < 150; i++)); do
    echo "the brook runs down the hill and over the stones, and under the bridge, and on."
    echo "who drinks from the brook? the fox, the crow, and the old grey mare."
  done >"$1"
}

# expect_exit CODE COMMAND...: runs the command and checks its exit status. Its output goes to $work/out and $work/err.
expect_exit() {
  local expected=$1 status=0
  shift
  "$@" >"$work/out" 2>"$work/err" || status=$?
  [[ $status -eq $expected ]] ||
    fail "'$*' exited $status, not $expected: $(head -c 600 "$work/err") $(head -c 300 "$work/out")"
}

expect_in() { grep -qF -- "$2" "$1" || fail "no '$2' in: $(head -c 600 "$1")"; }

# Sets `buf` to a working buf. If none is installed, installs npm's @bufbuild/buf into the build folder; if that fails, skips the
# test.
find_buf() {
  buf=$(command -v buf || true)
  [[ -z $buf ]] || return 0
  buf=$RUNNEL_TOOLS/node_modules/.bin/buf
  [[ ! -x $buf ]] || return 0
  command -v npm >/dev/null || skip "neither buf nor npm is installed"
  mkdir -p "$RUNNEL_TOOLS"
  npm install --silent --no-save --prefix "$RUNNEL_TOOLS" @bufbuild/buf >"$work/npm.log" 2>&1 ||
    skip "npm cannot install @bufbuild/buf: $(tail -1 "$work/npm.log")"
  "$buf" --version >/dev/null || skip "the installed buf does not run"
}
