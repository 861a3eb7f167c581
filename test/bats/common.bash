# Shared by the bats files: a workspace of its own per test, with a PATH that holds only what a test puts there.
# AMP_TEST_SHELL is the shell under test ("dash", "busybox sh"), as the suite sets it.

bats_require_minimum_version 1.5.0
bats_load_library bats-support
bats_load_library bats-assert

read -r -a shell <<<"${AMP_TEST_SHELL:-sh}"
root=$BATS_TEST_DIRNAME/../..
dead_pid=

# make_tools <folder> <name>...: links to this machine's tools; under busybox to its own, as on Alpine.
make_tools() {
  local folder=$1 name
  mkdir -p "$folder"
  for name in "${@:2}"; do
    if [[ ${shell[0]} == */busybox && $name != bash ]] && busybox --list | grep -qx -- "$name"; then
      ln -s "${shell[0]}" "$folder/$name"
    else
      ln -s "$(type -P "$name")" "$folder/$name"
    fi
  done
}

# write_program <path> [first line]: an executable from stdin.
write_program() {
  mkdir -p "$(dirname "$1")"
  { printf '%s\n' "${2-#!/bin/sh}"; cat; } >"$1"
  chmod 755 "$1"
}

# A pid that no process has any more.
find_dead_pid() {
  true &
  dead_pid=$!
  wait "$dead_pid"
}

# refute_leftovers <folder>: no temporary file anywhere below it.
refute_leftovers() {
  run find "$1" \( -name '*.tmp' -o -name '.installer*' \)
  assert_output ''
}
