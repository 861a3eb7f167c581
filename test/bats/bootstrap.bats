#!/usr/bin/env bats
# scripts/bootstrap.sh.tftpl, bundle.sh.tftpl and stop.sh.tftpl, as Terraform renders them: what they leave in the home.

load common

setup_file() {
  load common
  local rendered=$BATS_FILE_TMPDIR/rendered
  make_tools "$BATS_FILE_TMPDIR/tools" base64 gzip mkdir mv chmod rm cat env sleep sha256sum
  mkdir "$rendered"
  printf 'the bundle\n' >"$rendered/bundle"
  printf '#!/bin/sh\n# the supervisor\n' >"$rendered/supervisor"
  printf '// the loader\n' >"$rendered/loader"
  head -c 49152 /dev/urandom | base64 -w 0 >"$rendered/bundle-large"
  # Tells how it was run in place of starting anything.
  cat >"$rendered/launcher" <<'E2'
#!/bin/sh
printf 'launched %s\n' "$*"
env | grep ^AMP_MODULE_ | sort || :
exit "${FAKE_EXIT:-0}"
E2
  printf '{"ai_prompt":"%s"}' '$(touch pwned) `touch pwned` '\''; touch pwned; "\\" ${HOME} %s ! 日本語\n$$ %{x}' \
    >"$rendered/payload"
  printf '#!/bin/sh\necho pre $(true)' >"$rendered/pre"
  printf '#!/bin/sh\necho post' >"$rendered/post"
  "$root/node_modules/.bin/tsx" "$BATS_TEST_DIRNAME/render.ts" "$rendered"
}

setup() {
  rendered=$BATS_FILE_TMPDIR/rendered
  tools=$BATS_FILE_TMPDIR/tools
  home="$BATS_TEST_TMPDIR/it's \"home\" \$(touch pwned) ünï"
  module=$home/.amp-module
  mkdir -p "$home"
  cd "$BATS_TEST_TMPDIR" || return
  vars=(HOME="$home" PATH="$tools:$(dirname "$(type -P grep)")")
}

teardown() {
  chmod -R u+w "$home"
  case $home in /tmp/amp-module-bats.*) rm -r "$home" ;; esac
}

# execute <rendered script> [command in front]: as the Coder agent does, the whole script as one argument.
execute() {
  run --separate-stderr env -i "${vars[@]}" "${@:2}" "${shell[@]}" -c "$(cat "$rendered/$1")"
}

assert_unpacked() {
  cmp "$rendered/bundle" "$module/bin/amp-module.br85"
  cmp "$rendered/launcher" "$module/bin/amp-module"
  cmp "$rendered/loader" "$module/bin/loader.cjs"
  cmp "$rendered/supervisor" "$module/bin/supervisor.sh"
  cmp "$rendered/payload" "$module/config.json"
}

# handed_over <name>: what the launcher found in AMP_MODULE_<name>_BASE64.
handed_over() {
  sed -n "s/^AMP_MODULE_$1_BASE64=//p" <<<"$output" | base64 -d
}

assert_one_error() {
  assert_failure 1
  assert_equal "$(grep -c '^error: ' <<<"$stderr")" 2
  grep -q '^error: To fix it: ' <<<"$stderr"
  refute_output --partial launched
}

@test "unpacks every file byte for byte, for its owner alone, and hands over" {
  umask 000
  execute start.sh
  assert_success
  assert_output 'launched start
AMP_MODULE_AMP_VERSION_BASE64=
AMP_MODULE_INSTALLER_URL_BASE64='
  assert_equal "$stderr" ''
  assert_unpacked
  run -0 stat -c '%a %n' "$module" "$module/bin" "$module/state" "$module/bin/amp-module" "$module/bin/amp-module.br85" \
    "$module/config.json"
  assert_equal "$(cut -d' ' -f1 <<<"$output" | tr '\n' ' ')" '700 700 700 700 600 600 '
  refute_leftovers "$module"
}

@test "a home with a backslash is refused in plain words" {
  mkdir "$BATS_TEST_TMPDIR/ho\\me"
  execute start.sh HOME="$BATS_TEST_TMPDIR/ho\\me"
  assert_one_error
  grep -qF 'HOME has a backslash: ' <<<"$stderr"
  [ ! -e "$BATS_TEST_TMPDIR/ho\\me/.amp-module" ]
}

@test "free text is never code: nothing in prompt, URL, version or home is executed" {
  execute start-full.sh
  assert_success
  assert_equal "$(handed_over INSTALLER_URL)" "https://x.example.com/\$(touch pwned)\`touch pwned\`'\";touch pwned"
  assert_equal "$(handed_over AMP_VERSION)" '1.2.3 $(touch pwned)'
  assert_unpacked
  run find "$BATS_TEST_TMPDIR" "$BATS_FILE_TMPDIR" -name pwned
  assert_output ''
}

@test "the user's scripts are there while the template has them, and gone after" {
  execute start-full.sh
  assert_success
  cmp "$rendered/pre" "$module/pre_install.sh"
  cmp "$rendered/post" "$module/post_install.sh"
  assert_equal "$(stat -c %a "$module/pre_install.sh" "$module/post_install.sh")" $'700\n700'
  execute start.sh
  assert_success
  run find "$module" -name '*_install.sh'
  assert_output ''
}

@test "an open module directory is closed, other files in it stay" {
  mkdir -p "$module/state" && chmod 777 "$module"
  echo mine >"$module/state/thread.json"
  echo old >"$module/config.json" && chmod 644 "$module/config.json"
  execute start.sh
  assert_success
  assert_equal "$(stat -c %a "$module" "$module/config.json")" $'700\n600'
  assert_equal "$(cat "$module/state/thread.json")" mine
  assert_unpacked
}

@test "HOME unset or empty: one error that says so" {
  vars=(PATH="$tools")
  execute start.sh
  assert_one_error
  [[ $stderr == *'HOME is not set'* ]]
  vars+=(HOME=)
  execute start.sh
  assert_one_error
}

@test "a missing base64 or gzip: one error that names it, and no half file" {
  for missing in base64 gzip; do
    make_tools "$BATS_TEST_TMPDIR/no-$missing" mkdir mv chmod rm cat env sleep base64 gzip
    rm "$BATS_TEST_TMPDIR/no-$missing/$missing"
    vars=(HOME="$home" PATH="$BATS_TEST_TMPDIR/no-$missing")
    # busybox may bring its own, whatever PATH holds.
    if env -i "${vars[@]}" "${shell[@]}" -c "command -v $missing" >/dev/null; then skip "the shell has its own $missing"; fi
    execute start.sh
    assert_one_error
    [[ $stderr == *"$missing"* ]]
    run find "$module" -type f
    assert_output ''
  done
}

@test "text that was cut on its way: an error, and the old bundle stays" {
  mkdir -p "$module/bin"
  echo old >"$module/bin/amp-module.br85"
  execute start-cut.sh
  assert_one_error
  assert_equal "$(cat "$module/bin/amp-module.br85")" old
  refute_leftovers "$module"
}

@test "a bundle of its own script is there byte for byte, for its owner alone, whichever script is first" {
  for order in 'tools.sh start.sh' 'start.sh tools.sh'; do
    umask 000
    for script in $order; do
      execute "$script"
      assert_success
      assert_equal "$stderr" ''
    done
    cmp "$rendered/bundle" "$module/bin/amp-tools.br85"
    assert_unpacked
    run -0 stat -c '%a' "$module" "$module/bin" "$module/bin/amp-tools.br85"
    assert_output $'700\n700\n600'
    refute_leftovers "$module"
    rm -r "$module"
  done
}

@test "a bundle that was cut or changed on its way: an error, and the old one stays" {
  mkdir -p "$module/bin"
  echo old >"$module/bin/amp-tools.br85"
  for script in tools-cut.sh tools-changed.sh; do
    execute "$script"
    assert_one_error
    assert_equal "$(cat "$module/bin/amp-tools.br85")" old
    refute_leftovers "$module"
  done
}

# The superuser may write everywhere, so the read-only home belongs to him and nobody runs the script.
@test "a read-only home: one error, also where the module is there already" {
  local place=(env)
  if [ "$(id -u)" = 0 ]; then
    type -P setpriv >/dev/null || skip 'needs setpriv'
    place=("$(type -P setpriv)" --reuid 65534 --regid 65534 --clear-groups)
    home=$(mktemp -d /tmp/amp-module-bats.XXXXXX)
    module=$home/.amp-module
    cp -r "$tools" "$home/tools"
    vars=(HOME="$home" PATH="$home/tools")
    cd /
  fi
  chmod 555 "$home"
  execute start.sh "${place[@]}"
  assert_one_error
  [[ $stderr == *"$module"*'read-only'* ]]
  chmod 755 "$home" && mkdir -p "$module/bin" "$module/state"
  chmod 555 "$home" "$module" "$module/bin"
  if [ "$(id -u)" = 0 ]; then
    execute start.sh "${place[@]}"
    assert_one_error
  fi
}

@test "a full disk: one error, the old bundle stays whole, nothing half-written" {
  [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null || skip 'needs root and mount namespaces'
  local small=$BATS_TEST_TMPDIR/small
  mkdir "$small"
  run --separate-stderr unshare -m "$(type -P bash)" -c '
    mount -t tmpfs -o size=48k tmpfs "$1" || exit 99
    start() { env -i HOME="$1" PATH="$2" "${@:4}" -c "$3"; }
    start "$1" "$2" "$(cat "$3/start.sh")" "${@:4}" >&2 || exit 98
    start "$1" "$2" "$(cat "$3/start-large.sh")" "${@:4}"
    status=$?
    cat "$1/.amp-module/bin/amp-module.br85"
    find "$1" -name "*.tmp"
    exit $status' - "$small" "$tools:$(dirname "$(type -P grep)")" "$rendered" "${shell[@]}"
  assert_failure 1
  assert_output 'the bundle'
  assert_equal "$(grep -c '^error: ' <<<"$stderr")" 2
  [[ $stderr == *'disk is not full'* ]]
}

@test "what a killed start left is removed, what a running one writes stays" {
  find_dead_pid
  sleep 60 &
  local live=$!
  mkdir -p "$module/bin"
  touch "$module/config.json.$dead_pid.tmp" "$module/bin/amp-module.br85.$dead_pid.tmp" "$module/bin/amp-module.$live.tmp"
  execute start.sh
  kill "$live"
  assert_success
  run find "$module" -name '*.tmp'
  assert_output "$module/bin/amp-module.$live.tmp"
}

# note_writes: a `mv` that tells what it put in place.
note_writes() {
  mkdir -p "$BATS_TEST_TMPDIR/noting"
  write_program "$BATS_TEST_TMPDIR/noting/mv" <<E2
for last; do :; done
echo "\${last##*/}" >>"$BATS_TEST_TMPDIR/written"
exec "$(type -P mv)" "\$@"
E2
  vars=(HOME="$home" PATH="$BATS_TEST_TMPDIR/noting:$tools:$(dirname "$(type -P grep)")")
  : >"$BATS_TEST_TMPDIR/written"
}

@test "what is there whole is not written again" {
  execute start-full.sh
  execute tools.sh
  note_writes
  for script in start-full.sh tools.sh; do
    execute "$script"
    assert_success
    assert_equal "$stderr" ''
  done
  assert_equal "$(cat "$BATS_TEST_TMPDIR/written")" ''
  assert_unpacked
}

@test "whatever is damaged, of the same size and time too, removed or not to be run any more is written anew" {
  execute start-full.sh
  execute tools.sh
  note_writes
  for file in bin/amp-module bin/amp-module.br85 bin/loader.cjs bin/supervisor.sh config.json pre_install.sh bin/amp-tools.br85; do
    script=start-full.sh
    [ "$file" != bin/amp-tools.br85 ] || script=tools.sh
    cp -p "$module/$file" "$BATS_TEST_TMPDIR/whole"
    for damage in flipped cut empty removed; do
      case $damage in
        flipped) printf '\177' | dd of="$module/$file" conv=notrunc bs=1 seek=3 2>/dev/null ;;
        cut) head -c 5 "$BATS_TEST_TMPDIR/whole" >"$module/$file" ;;
        empty) : >"$module/$file" ;;
        removed) rm "$module/$file" ;;
      esac
      [ ! -e "$module/$file" ] || touch -r "$BATS_TEST_TMPDIR/whole" "$module/$file"
      : >"$BATS_TEST_TMPDIR/written"
      execute "$script"
      assert_success
      assert_equal "$stderr" ''
      cmp "$BATS_TEST_TMPDIR/whole" "$module/$file"
      grep -qx "${file##*/}" "$BATS_TEST_TMPDIR/written"
    done
  done
  chmod 600 "$module/bin/amp-module"
  execute start-full.sh
  assert_success
  [ -x "$module/bin/amp-module" ]
}

@test "without sha256sum every start writes everything, and works" {
  make_tools "$BATS_TEST_TMPDIR/no-digest" base64 gzip mkdir mv chmod rm cat env sleep
  vars=(HOME="$home" PATH="$BATS_TEST_TMPDIR/no-digest:$(dirname "$(type -P grep)")")
  # busybox may bring its own, whatever PATH holds.
  if env -i PATH="$BATS_TEST_TMPDIR/no-digest" "${shell[@]}" -c 'command -v sha256sum' >/dev/null; then skip "the shell has its own sha256sum"; fi
  for _ in 1 2; do
    for script in start.sh tools.sh; do
      execute "$script"
      assert_success
      assert_equal "$stderr" ''
    done
    assert_unpacked
    echo 'damaged' >"$module/bin/amp-module.br85"
  done
}

@test "several starts at once all succeed and leave whole files" {
  local pids=() script
  script=$(cat "$rendered/start-full.sh")
  for _ in 1 2 3 4; do
    env -i "${vars[@]}" "${shell[@]}" -c "$script" >>"$BATS_TEST_TMPDIR/output" 2>&1 &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid"; done
  assert_equal "$(grep -c '^launched start$' "$BATS_TEST_TMPDIR/output")" 4
  assert_unpacked
  refute_leftovers "$module"
}

@test "the launcher's exit code is the script's" {
  vars+=(FAKE_EXIT=23)
  execute start.sh
  assert_failure 23
}

@test "stop: hands over to the launcher; without one there is nothing to stop" {
  execute stop.sh
  assert_success
  assert_output --partial 'Nothing to stop'
  execute start.sh
  execute stop.sh
  assert_success
  assert_line 'launched stop'
  vars=(PATH="$tools")
  execute stop.sh
  assert_success
  assert_equal "$stderr" ''
}

@test "the rendered scripts are clean for shellcheck" {
  type -P shellcheck >/dev/null || skip 'no shellcheck'
  run -0 shellcheck --severity=style --shell=sh "$rendered/start.sh" "$rendered/start-full.sh" "$rendered/stop.sh"
}
