#!/usr/bin/env bats
# scripts/amp-module.sh: which runtime it finds, and what it hands over.

load common

setup_file() {
  load common
  make_tools "$BATS_FILE_TMPDIR/tools" base64 dirname readlink ls cat mkdir chmod rm mv cp ln tail sed sleep awk mkfifo od tee bash
}

setup() {
  home="$BATS_TEST_TMPDIR/it's \"home\" \$(no) ünï"
  module=$home/.amp-module
  launcher=$module/bin/amp-module
  path=$BATS_TEST_TMPDIR/path
  calls=$BATS_TEST_TMPDIR/calls
  mkdir -p "$module/bin" "$path"
  cp "$root/scripts/amp-module.sh" "$launcher"
  echo 'process.stdout.write(JSON.stringify(process.argv.slice(3)))' >"$module/bin/loader.cjs"
  echo 'a program' | tee "$module/bin/amp-module.br85" >"$module/bin/amp-tools.br85"
  vars=(HOME="$home" PATH="$path:$BATS_FILE_TMPDIR/tools" CALLS="$calls")
  : >"$calls"
}

# launch <arguments>: the launcher under the shell in question, with nothing but `vars` in its environment.
launch() {
  run --separate-stderr env -i "${vars[@]}" "${shell[@]}" "$launcher" "$@"
}

# fake_node <path> <version>, fake_bun <path>, fake_deno <path>: runtimes that tell how they were run.
fake_node() {
  write_program "$1" <<E2
if [ "\$1" = --version ]; then echo "$2"; exit; fi
printf 'runtime %s\n' "\$0"
printf 'argument %s\n' "\$@"
echo "version \${AMP_VERSION-unset} pre \${AMP_MODULE_PRE_INSTALL_DONE-unset} url \${AMP_MODULE_INSTALLER_URL_BASE64-unset}"
E2
}
fake_bun() { fake_node "$1" 1.4.5; }
fake_deno() { fake_node "$1" 'deno 2.9.6'; }

# fake_amp <path> [version]: the official binary, which has a Bun inside. fake_script_amp <path>: one that is a script.
fake_amp() {
  write_program "$1" <<E2
if [ "\${BUN_BE_BUN-}" != 1 ]; then
  if [ "\$1" = --version ]; then echo '${2-0.0.1790142911-g7618fb} (released 2026-09-23)'; exit; fi
  echo "Amp itself was started: \$*"
  exit
fi
if [ "\$1" = --revision ]; then echo 1.4.1+4661e494f; exit; fi
printf 'runtime %s\n' "\$0"
printf 'argument %s\n' "\$@"
E2
}
fake_script_amp() {
  write_program "$1" <<'E2'
case $1 in
  --version | --revision) echo '0.0.1790142911-g7618fb (released 2026-09-23)' ;;
  --*) echo "error: unknown option '$1'" >&2; exit 1 ;;
  *) echo "prompt taken: $*" ;;
esac
E2
}

assert_runs_on() {
  assert_success
  assert_line --index 0 "runtime $1"
}

assert_one_error() {
  assert_failure 1
  assert_equal "$(grep -c '^error: ' <<<"$stderr")" 2
}

@test "node on PATH gets the bundle and every argument byte for byte" {
  ln -s "$(type -P node)" "$path/node"
  launch doctor '' 'two  words' "it's" '"$(touch pwned)"' '`id`' '*' '-e' $'new\nline' '日本語 \ %s'
  assert_success
  assert_output '["doctor","","two  words","it'"'"'s","\"$(touch pwned)\"","`id`","*","-e","new\nline","日本語 \\ %s"]'
  assert_equal "$stderr" ''
}

@test "node 20.5 is recent enough, and the bundle beside the launcher is what runs" {
  fake_node "$path/node" v20.5.0
  launch start
  assert_runs_on "$path/node"
  assert_line --index 1 "argument $module/bin/loader.cjs"
  assert_line --index 2 "argument $module/bin/amp-module.br85"
  assert_line --index 3 'argument start'
}

@test "node 18 and node 20.4 are passed over, newer majors are not" {
  fake_bun "$path/bun"
  for version in v18.20.4 v20.4.9 v8.17.0 nonsense ''; do
    fake_node "$path/node" "$version"
    launch start
    assert_runs_on "$path/bun"
    assert_equal "$stderr" ''
  done
  for version in v20.10.0 v21.0.0 v22.4.1 v100.0.0; do
    fake_node "$path/node" "$version"
    launch start
    assert_runs_on "$path/node"
  done
}

@test "a node that does not run is passed over" {
  fake_bun "$path/bun"
  write_program "$path/node" <<<'exit 127'
  launch start
  assert_runs_on "$path/bun"
}

@test "version managers' homes are searched, before bun and whatever PATH's old node" {
  fake_bun "$path/bun"
  fake_node "$path/node" v18.0.0
  for place in .nvm/versions/node/v22.1.0/bin .local/share/fnm/node-versions/v22.1.0/installation/bin \
    .fnm/node-versions/v22.1.0/installation/bin .volta/tools/image/node/22.1.0/bin \
    .asdf/installs/nodejs/22.1.0/bin .local/share/mise/installs/node/22.1.0/bin; do
    fake_node "$home/$place/node" v22.1.0
    launch start
    assert_runs_on "$home/$place/node"
    rm "$home/$place/node"
  done
}

@test "version managers' own variables move their homes" {
  local elsewhere=$BATS_TEST_TMPDIR/else\ where
  for entry in NVM_DIR:versions/node/v22/bin FNM_DIR:node-versions/v22/installation/bin \
    VOLTA_HOME:tools/image/node/22/bin ASDF_DATA_DIR:installs/nodejs/22/bin MISE_DATA_DIR:installs/node/22/bin; do
    fake_node "$elsewhere/${entry#*:}/node" v22.1.0
    vars+=("${entry%%:*}=$elsewhere")
    launch start
    assert_runs_on "$elsewhere/${entry#*:}/node"
    rm -r "$elsewhere"
    unset 'vars[-1]'
  done
}

@test "an old node of a version manager is passed over for a newer one" {
  fake_node "$home/.nvm/versions/node/v16.0.0/bin/node" v16.0.0
  fake_node "$home/.nvm/versions/node/v24.0.0/bin/node" v24.0.0
  launch start
  assert_runs_on "$home/.nvm/versions/node/v24.0.0/bin/node"
}

@test "bun before deno, on PATH before the home; deno gets its permissions" {
  fake_deno "$home/.deno/bin/deno"
  launch stop
  assert_runs_on "$home/.deno/bin/deno"
  assert_line 'argument run'
  assert_line 'argument --allow-all'
  assert_line --index -2 'argument stop'
  fake_deno "$path/deno"
  launch stop
  assert_runs_on "$path/deno"
  fake_bun "$home/.bun/bin/bun"
  launch stop
  assert_runs_on "$home/.bun/bin/bun"
  assert_line --index 1 "argument $module/bin/loader.cjs"
  assert_line --index 2 "argument $module/bin/amp-module.br85"
}

@test "a bun that does not run is passed over" {
  write_program "$path/bun" <<<'exit 1'
  fake_deno "$path/deno"
  launch start
  assert_runs_on "$path/deno"
}

@test "an installed Amp is the last resort, through the Bun inside it" {
  for place in "$home/.amp/bin" "$home/.local/bin" "$module/npm/bin" "$home/.npm-global/bin" "$path"; do
    fake_amp "$place/amp"
    launch start
    assert_runs_on "$place/amp"
    assert_line --index 1 "argument $module/bin/loader.cjs"
  assert_line --index 2 "argument $module/bin/amp-module.br85"
    rm "$place/amp"
  done
  fake_amp "$BATS_TEST_TMPDIR/my amp"
  vars+=(AMP_CLI_PATH="$BATS_TEST_TMPDIR/my amp")
  launch start
  assert_runs_on "$BATS_TEST_TMPDIR/my amp"
}

@test "an Amp that is a script is no runtime: it would take the bundle for a prompt" {
  fake_script_amp "$path/amp"
  launch doctor
  assert_one_error
  assert_equal "$(grep -c 'prompt taken' <<<"$stderr$output")" 0
  fake_amp "$path/amp2"
  vars+=(AMP_CLI_PATH="$path/amp2")
  launch doctor
  assert_runs_on "$path/amp2"
}

@test "AMP_MODULE_RUNTIME overrides the search, by path or by name, as its kind" {
  fake_node "$path/node" v22.0.0
  for kind in bun deno node; do
    fake_node "$BATS_TEST_TMPDIR/own one/$kind" v1.0.0
    vars+=(AMP_MODULE_RUNTIME="$BATS_TEST_TMPDIR/own one/$kind")
    launch start
    assert_runs_on "$BATS_TEST_TMPDIR/own one/$kind"
  done
  fake_amp "$path/amp"
  vars+=(AMP_MODULE_RUNTIME=amp)
  launch start
  assert_runs_on "$path/amp"
}

@test "an AMP_MODULE_RUNTIME that cannot be run is an error that names it" {
  fake_node "$path/node" v22.0.0
  echo 'not executable' >"$BATS_TEST_TMPDIR/file"
  for value in /nonexistent/node no-such-command "$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR/file"; do
    vars+=(AMP_MODULE_RUNTIME="$value")
    launch start
    assert_one_error
    [[ $stderr == *"AMP_MODULE_RUNTIME names \"$value\""* ]] || fail "$stderr"
  done
}

@test "a link to the launcher leads back to the module directory" {
  fake_node "$path/node" v22.0.0
  mkdir -p "$home/.local/bin" "$home/bin"
  ln -s "$launcher" "$home/.local/bin/amp-module"
  ln -s ../.local/bin/amp-module "$home/bin/amp-module"
  launcher=$home/bin/amp-module
  launch doctor
  assert_success
  assert_line --index 2 "argument $module/bin/amp-tools.br85"
}

@test "called by its name from PATH and from another folder" {
  fake_node "$path/node" v22.0.0
  chmod 700 "$launcher"
  vars+=(PATH="$path:$module/bin:$BATS_FILE_TMPDIR/tools" CDPATH=/)
  cd /
  run -0 env -i "${vars[@]}" "${shell[@]}" -c 'amp-module doctor'
  assert_line --index 2 "argument $module/bin/amp-tools.br85"
}

@test "a start's commands have a bundle of their own; whatever else is typed goes to the tools" {
  fake_node "$path/node" v22.0.0
  for words in start stop install 'explain-end 1' before-restart; do
    # shellcheck disable=SC2086
    launch $words
    assert_line --index 1 "argument $module/bin/loader.cjs"
  assert_line --index 2 "argument $module/bin/amp-module.br85"
  done
  for words in '' --help doctor run 'start --help' 'stop now' 'help start' 'run start'; do
    # shellcheck disable=SC2086
    launch $words
    assert_line --index 2 "argument $module/bin/amp-tools.br85"
  done
}

@test "run by a shell in its own folder, without a path" {
  fake_node "$path/node" v22.0.0
  cd "$module/bin"
  run -0 env -i "${vars[@]}" "${shell[@]}" amp-module doctor
  assert_line --index 2 "argument $module/bin/amp-tools.br85"
}

@test "a program that is missing, empty or cut short is said, with what heals it, and is not run" {
  ln -s "$(type -P node)" "$path/node"
  mkdir "$module/state"
  cp "$root/scripts/loader.cjs" "$module/bin/loader.cjs"
  for size in missing 0 1 30000; do
    for program in amp-module amp-tools; do
      rm "$module/bin/$program.br85"
      [ "$size" = missing ] || head -c "$size" "$root/scripts/$program.br85" >"$module/bin/$program.br85"
    done
    for command in doctor:tools start:module; do
      launch "${command%:*}"
      assert_one_error
      assert_output ''
      [[ $stderr == *"$module/bin/amp-${command#*:}.br85 "*'Restart the workspace'* ]] || fail "$stderr"
      case $size in
        missing) [[ $stderr == *'is missing'* ]] || fail "$stderr" ;;
        *) [[ $stderr == *'cut short'* ]] || fail "$stderr" ;;
      esac
    done
    touch "$module/bin/amp-module.br85" "$module/bin/amp-tools.br85"
  done
  rm "$module/bin/loader.cjs"
  launch doctor
  assert_one_error
  [[ $stderr == *"$module/bin/loader.cjs is missing"*'Restart the workspace'* ]] || fail "$stderr"
}

@test "the program as it is shipped runs, also where nothing can be kept of it" {
  ln -s "$(type -P node)" "$path/node"
  cp "$root/scripts/loader.cjs" "$root/scripts/amp-tools.br85" "$module/bin"
  for _ in 1 2; do
    launch --help
    assert_success
    assert_line --partial 'Usage: amp-module'
    assert_equal "$stderr" ''
  done
  refute_leftovers "$module"
}

@test "no runtime and nothing to install: one error with the ways out" {
  launch start
  assert_one_error
  [[ $stderr == *'Node >= 20.5'*'install_amp = true'*AMP_MODULE_RUNTIME* ]] || fail "$stderr"
}

# fake_downloader <curl|wget> [exit code]: "downloads" $BATS_TEST_TMPDIR/installer, or fails where there is none.
fake_downloader() {
  write_program "$path/$1" <<E2
printf '%s %s\n' "$1" "\$*" >>"\$CALLS"
target=
for word; do
  case \$target in next) target=\$word ;; esac
  case \$word in --output | -O) target=next ;; esac
done
if [ "\$1" = --version ]; then echo "GNU Wget 1.21.3"; exit; fi
if [ -f "$BATS_TEST_TMPDIR/installer" ]; then cat "$BATS_TEST_TMPDIR/installer" >"\$target"; exit; fi
echo 'cut off' >"\$target"
echo "$1: (22) The requested URL returned error: 404" >&2
exit ${2-22}
E2
}

# The installer installs an Amp and tells how it was run.
offer_installer() {
  fake_amp "$BATS_TEST_TMPDIR/fresh-amp"
  cat >"$BATS_TEST_TMPDIR/installer" <<E2
#!/usr/bin/env bash
read -r line && echo "stdin held \$line" >>"$calls"
echo "installer run with \${AMP_VERSION-no version}" >>"$calls"
mkdir -p "\$HOME/.amp/bin" && cat "$BATS_TEST_TMPDIR/fresh-amp" >"\$HOME/.amp/bin/amp" && chmod 755 "\$HOME/.amp/bin/amp"
E2
  vars+=(AMP_MODULE_INSTALLER_URL_BASE64="$(base64 <<<https://mirror.example.com/install.sh)")
}

@test "no runtime: Amp is installed first, with curl, and runs the module" {
  offer_installer
  fake_downloader curl
  fake_downloader wget
  launch start <<<'an answer that nobody gave'
  assert_success
  assert_line "runtime $home/.amp/bin/amp"
  assert_line "argument $module/bin/amp-module.br85"
  run -0 cat "$calls"
  assert_line --index 0 --partial https://mirror.example.com/install.sh
  assert_line --index 0 --regexp '^curl '
  assert_line --index 1 'installer run with no version'
  assert_equal "${#lines[@]}" 2
  refute_leftovers "$home"
}

@test "no runtime: wget does where there is no curl, and a wanted version is passed on" {
  offer_installer
  fake_downloader wget
  vars+=(AMP_MODULE_AMP_VERSION_BASE64="$(base64 <<<0.0.1790142911-g7618fb)")
  launch install
  assert_success
  run -0 cat "$calls"
  assert_line --index 0 --regexp '^wget .*https://mirror.example.com/install.sh'
  assert_line --index 1 'installer run with 0.0.1790142911-g7618fb'
}

@test "no runtime: the newest Amp is no version of its own" {
  offer_installer
  fake_downloader curl
  vars+=(AMP_MODULE_AMP_VERSION_BASE64="$(base64 <<<latest)")
  launch start
  assert_success
  run -0 cat "$calls"
  assert_line --index 1 'installer run with no version'
}

@test "no runtime and no downloader: the error says what to add to the image" {
  offer_installer
  launch start
  assert_one_error
  [[ $stderr == *'neither curl nor wget'* ]] || fail "$stderr"
}

@test "no runtime and no bash: the error says so" {
  offer_installer
  fake_downloader curl
  make_tools "$BATS_TEST_TMPDIR/no-bash" dirname readlink ls cat mkdir chmod rm mv tail
  vars+=(PATH="$path:$BATS_TEST_TMPDIR/no-bash")
  launch start
  assert_one_error
  [[ $stderr == *'needs bash'* ]] || fail "$stderr"
  run -0 cat "$calls"
  assert_output ''
}

@test "a failed download names its address, runs nothing and leaves nothing behind" {
  fake_downloader curl
  vars+=(AMP_MODULE_INSTALLER_URL_BASE64="$(base64 <<<https://mirror.example.com/install.sh)")
  launch start
  assert_one_error
  [[ $stderr == *404*'could not be downloaded from https://mirror.example.com/install.sh'*amp_installer_url* ]] ||
    fail "$stderr"
  refute_leftovers "$home"
}

@test "a certificate that does not pass: the fix names SSL_CERT_FILE, for curl, wget and the installer" {
  vars+=(AMP_MODULE_INSTALLER_URL_BASE64="$(base64 <<<https://mirror.example.com/install.sh)")
  for entry in curl:60 wget:5; do
    fake_downloader "${entry%:*}" "${entry#*:}"
    launch start
    assert_one_error
    [[ $stderr == *'could not be downloaded from https://mirror.example.com/install.sh'*SSL_CERT_FILE* ]] || fail "$stderr"
    [[ $stderr != *amp_installer_url* ]] || fail "$stderr"
    rm "$path/${entry%:*}"
  done
  fake_downloader curl
  echo 'exit 60' >"$BATS_TEST_TMPDIR/installer"
  launch start
  assert_one_error
  [[ $stderr == *'failed; its output is above'*SSL_CERT_FILE* ]] || fail "$stderr"
}

@test "an SSL_CERT_FILE that is missing is the first suspect for a certificate, and only for that" {
  vars+=(AMP_MODULE_INSTALLER_URL_BASE64="$(base64 <<<https://mirror.example.com/install.sh)" SSL_CERT_FILE=/no/such.pem)
  fake_downloader curl 77
  launch start
  assert_one_error
  [[ $stderr == *'SSL_CERT_FILE names /no/such.pem, which is missing'* ]] || fail "$stderr"
  fake_downloader curl 22
  launch start
  assert_one_error
  [[ $stderr != *SSL_CERT_FILE* ]] || fail "$stderr"
}

@test "GNU's wget is told of SSL_CERT_FILE, which not all of its builds follow" {
  offer_installer
  fake_downloader wget
  echo PEM >"$BATS_TEST_TMPDIR/own ca.pem"
  vars+=(SSL_CERT_FILE="$BATS_TEST_TMPDIR/own ca.pem")
  launch start
  assert_success
  run -0 cat "$calls"
  assert_line --partial "--ca-certificate=$BATS_TEST_TMPDIR/own ca.pem -O"
}

@test "a failed installer shows its own output and what to check" {
  echo 'echo "disk is full" >&2; exit 3' >"$BATS_TEST_TMPDIR/installer"
  fake_downloader curl
  vars+=(AMP_MODULE_INSTALLER_URL_BASE64="$(base64 <<<https://mirror.example.com/install.sh)")
  launch start
  assert_one_error
  [[ $stderr == *'disk is full'*'installer from https://mirror.example.com/install.sh failed'* ]] || fail "$stderr"
  refute_leftovers "$home"
}

@test "an installer that brings no Amp is an error, not a loop" {
  echo 'exit 0' >"$BATS_TEST_TMPDIR/installer"
  fake_downloader curl
  vars+=(AMP_MODULE_INSTALLER_URL_BASE64="$(base64 <<<https://mirror.example.com/install.sh)")
  launch start
  assert_one_error
  [[ $stderr == *'No JavaScript runtime was found'* ]] || fail "$stderr"
}

@test "stop and doctor install nothing" {
  offer_installer
  fake_downloader curl
  write_program "$module/pre_install.sh" <<<'echo pre >>"$CALLS"'
  for command in stop doctor; do
    launch "$command"
    assert_one_error
  done
  run -0 cat "$calls"
  assert_output ''
}

# ls_finds <pattern>...: an `ls` that finds these names in /lib and no others.
ls_finds() {
  write_program "$path/ls" <<E2
for word; do
  case \$word in $1) exit 0 ;; esac
done
exit 2
E2
}

@test "musl: the official installer is refused with the way out, before anything is downloaded" {
  offer_installer
  fake_downloader curl
  ls_finds '*/ld-musl-*'
  launch start
  assert_one_error
  [[ $stderr == *musl*'install_via_npm = true'* ]] || fail "$stderr"
  run -0 cat "$calls"
  assert_output ''
}

@test "a musl loader beside glibc's own is no Alpine" {
  offer_installer
  fake_downloader curl
  ls_finds '*/ld-*'
  launch start
  assert_success
}

@test "pre_install.sh runs before the installer and may bring the runtime" {
  offer_installer
  fake_downloader curl
  fake_node "$BATS_TEST_TMPDIR/fresh-node" v22.0.0
  write_program "$module/pre_install.sh" <<E2
pwd
cat "$BATS_TEST_TMPDIR/fresh-node" >"$path/node" && chmod 755 "$path/node"
E2
  cd /
  launch start
  assert_runs_on "$path/node"
  assert_line 'version unset pre 1 url unset'
  assert_equal "$(cat "$calls")" ''
  assert_equal "$(cat "$module/pre_install.log")" "$home"
}

@test "pre_install.sh: without an interpreter line, with a private log, the previous one kept" {
  offer_installer
  fake_downloader curl
  echo 'before' >"$module/pre_install.log"
  write_program "$module/pre_install.sh" '' <<<'echo "out"; echo "err" >&2'
  umask 022
  launch start
  assert_success
  assert_equal "$(cat "$module/pre_install.log")" $'out\nerr'
  assert_equal "$(stat -c %a "$module/pre_install.log")" 600
  assert_equal "$(cat "$module/pre_install.log.1")" before
}

@test "pre_install.sh with CRLF line ends runs without them, and a warning says so" {
  offer_installer
  fake_downloader curl
  for first in '#!/bin/sh' '# no interpreter named'; do
    printf '%s\r\n' "$first" 'if [ -n "$HOME" ]; then' '  printf "in\r %s\n" "$PWD" ' 'fi' >"$module/pre_install.sh"
    chmod 700 "$module/pre_install.sh"
    cp "$module/pre_install.sh" "$BATS_TEST_TMPDIR/before"
    rm -rf "$home/.amp"
    launch start
    assert_success
    [[ $stderr == *'warning: pre_install_script: its lines end in CRLF'* ]] || fail "$stderr"
    assert_equal "$(cat "$module/pre_install.log")" \
      "WARN  pre_install_script: its lines end in CRLF; it is run without the carriage returns.
in"$'\r'" $home"
    # The module's own look at it warns, too.
    cmp "$module/pre_install.sh" "$BATS_TEST_TMPDIR/before"
    refute_leftovers "$home"
  done
}

@test "a failing pre_install.sh with CRLF leaves nothing behind, and one with LF is run as it is" {
  offer_installer
  fake_downloader curl
  printf '%s\r\n' '#!/bin/sh' 'exit 7' >"$module/pre_install.sh"
  chmod 700 "$module/pre_install.sh"
  launch start
  assert_one_error
  [[ $stderr == *'pre_install_script failed'* ]] || fail "$stderr"
  refute_leftovers "$home"
  printf '#!/bin/sh\ncat <<E\nfrom a\r\nE\n' >"$module/pre_install.sh"
  launch start
  assert_success
  assert_equal "$(cat "$module/pre_install.log")" $'from a\r'
  assert_equal "$stderr" ''
}

@test "a failing pre_install.sh stops everything and shows its last lines" {
  offer_installer
  fake_downloader curl
  write_program "$module/pre_install.sh" <<<'echo "no such mirror"; exit 7'
  launch start
  assert_one_error
  [[ $stderr == *'no such mirror'*'pre_install_script failed'*"$module/pre_install.log"* ]] || fail "$stderr"
  run -0 cat "$calls"
  assert_output ''
}

@test "with a runtime pre_install.sh is left to the module" {
  fake_node "$path/node" v22.0.0
  write_program "$module/pre_install.sh" <<<'echo pre >>"$CALLS"'
  vars+=(AMP_MODULE_INSTALLER_URL_BASE64="$(base64 <<<https://mirror.example.com/install.sh)")
  launch start
  assert_runs_on "$path/node"
  assert_line 'version unset pre unset url unset'
  run -0 cat "$calls"
  assert_output ''
}

# sleep_notes: a `sleep` that says how long, and does not.
sleep_notes() {
  write_program "$path/sleep" <<<'echo "slept $1" >>"$CALLS"'
}

# random <number>: what the kernel's random numbers are.
random() {
  write_program "$path/od" <<<"echo ' $1'"
}

# flaky_curl <lines of a case on the number of the attempt>: what it says and how it ends; else it "downloads".
flaky_curl() {
  write_program "$path/curl" <<E2
attempt=\$((\$(cat "$BATS_TEST_TMPDIR/attempts" 2>/dev/null || echo 0) + 1))
echo "\$attempt" >"$BATS_TEST_TMPDIR/attempts"
echo "curl \$attempt" >>"\$CALLS"
case \$attempt in
$1
esac
target=
for word; do
  case \$target in next) target=\$word ;; esac
  case \$word in --output) target=next ;; esac
done
cat "$BATS_TEST_TMPDIR/installer" >"\$target"
E2
}

@test "a download that breaks off or is put off is tried again, five times in all, as long as the server asks" {
  offer_installer
  sleep_notes
  flaky_curl '1) echo "curl: (56) reset" >&2; exit 56 ;;
2) echo "HTTP/1.1 503 Unavailable"; echo "curl: (22) The requested URL returned error: 503" >&2; exit 22 ;;
3) printf "HTTP/2 429 \r\nretry-after: 7\r\n\r\n"; exit 22 ;;
4) printf "HTTP/1.1 429 Slow\r\nRetry-After: 4000\r\n\r\n"; exit 22 ;;'
  # Workspaces that were turned away together must not come back together, whatever the server asks for.
  while IFS=: read -r number slept; do
    random "$number"
    launch start
    assert_success
    assert_equal "$(grep -v installer "$calls" | paste -sd ' ')" "$slept"
    rm -r "$home/.amp" "$BATS_TEST_TMPDIR/attempts" && : >"$calls"
  done <<'E2'
0:curl 1 slept 0 curl 2 slept 0 curl 3 slept 7 curl 4 slept 60 curl 5
59:curl 1 slept 2 curl 2 slept 4 curl 3 slept 66 curl 4 slept 119 curl 5
E2
  flaky_curl '*) echo "curl: (7) refused" >&2; exit 7 ;;'
  launch start
  assert_one_error
  assert_equal "$(grep -c '^curl' "$calls")" 5
  [[ $stderr == *'curl: (7) refused'*'could not be downloaded'* ]] || fail "$stderr"
  refute_leftovers "$home"
}

@test "a server that has too many clients is asked eight times" {
  offer_installer
  sleep_notes
  random 15
  flaky_curl '*) echo "curl: (22) The requested URL returned error: 429" >&2; exit 22 ;;'
  launch start
  assert_one_error
  assert_equal "$(grep -c '^curl' "$calls")" 8
  assert_equal "$(grep slept "$calls" | paste -sd ' ')" "slept 15 slept 15 slept 15 slept 15 slept 15 slept 15 slept 15"
}

@test "what asking again would not mend is asked once" {
  offer_installer
  sleep_notes
  for answer in 'echo "curl: (22) The requested URL returned error: 404" >&2; exit 22' 'printf "HTTP/2 403 \r\n"; exit 22' \
    'echo "curl: (23) Failure writing output" >&2; exit 23' 'exit 60' 'exit 77'; do
    rm -f "$BATS_TEST_TMPDIR/attempts" && : >"$calls"
    flaky_curl "*) $answer ;;"
    launch start
    assert_one_error
    assert_equal "$(cat "$calls")" 'curl 1'
  done
}

@test "a failed installer is run again, three times in all, eight if its server has too many clients" {
  offer_installer
  sleep_notes
  random 14
  fake_downloader curl
  sed -i "2i echo tried >>'$calls'; echo >>'$calls.tries'; mapfile -t tries <'$calls.tries'; [ \"\${#tries[@]}\" -ge 3 ] || exit 9" \
    "$BATS_TEST_TMPDIR/installer"
  launch start
  assert_success
  assert_equal "$(grep -v curl "$calls")" $'tried\nslept 2\ntried\nslept 4\ntried\ninstaller run with no version'
  rm -r "$home/.amp" && : >"$calls"
  echo "echo tried >>'$calls'; exit 9" >"$BATS_TEST_TMPDIR/installer"
  launch start
  assert_one_error
  assert_equal "$(grep -c tried "$calls")" 3
  refute_leftovers "$home"
  : >"$calls"
  echo "echo tried >>'$calls'; echo 'curl: (22) The requested URL returned error: 429'; exit 22" >"$BATS_TEST_TMPDIR/installer"
  launch start
  assert_one_error
  assert_equal "$(grep -c tried "$calls")" 8
  refute_leftovers "$home"
}

@test "the installer has a home of its own, and what it leaves is proved before it replaces anything" {
  offer_installer
  sleep_notes
  fake_downloader curl
  mkdir -p "$home/.amp/bin"
  echo 'the Amp before' >"$home/.amp/bin/amp"
  echo 'my profile' >"$home/.bashrc"
  cp "$BATS_TEST_TMPDIR/installer" "$BATS_TEST_TMPDIR/whole"
  for left in 'exit 1' 'echo "no version"' 'echo 1.2.3'; do
    { cat "$BATS_TEST_TMPDIR/whole"; printf 'echo edited >>"$HOME/.bashrc"\nprintf "#!/bin/sh\\n%%s\\n" %q >"$HOME/.amp/bin/amp"\n' "$left"; } \
      >"$BATS_TEST_TMPDIR/installer"
    launch start
    assert_one_error
    [[ $stderr == *'the installed Amp does not run here'* ]] || fail "$stderr"
    assert_equal "$(cat "$home/.amp/bin/amp")" 'the Amp before'
    assert_equal "$(cat "$home/.bashrc")" 'my profile'
    run find "$module" "$home/.amp" -name 'stage*' -o -name '.amp-module-*'
    assert_output ''
  done
  cp "$BATS_TEST_TMPDIR/whole" "$BATS_TEST_TMPDIR/installer"
  vars+=(AMP_MODULE_AMP_VERSION_BASE64="$(base64 <<<0.0.1-other)")
  launch start
  assert_one_error
  [[ $stderr == *'Amp 0.0.1790142911-g7618fb was installed although amp_version asks for 0.0.1-other'* ]] || fail "$stderr"
  assert_equal "$(cat "$home/.amp/bin/amp")" 'the Amp before'
  vars+=(AMP_MODULE_AMP_VERSION_BASE64="$(base64 <<<v0.0.1790142911-g7618fb)")
  launch start
  assert_success
  assert_line "runtime $home/.amp/bin/amp"
  assert_equal "$(readlink "$home/.local/bin/amp")" "$home/.amp/bin/amp"
  assert_equal "$(cat "$home/.bashrc")" 'my profile'
}

@test "the query of amp_installer_url, which may hold a token, is shown nowhere" {
  sleep_notes
  fake_downloader curl
  vars+=(AMP_MODULE_INSTALLER_URL_BASE64="$(base64 <<<'https://mirror.example.com/install.sh?token=hunter2-0123')")
  launch start
  assert_one_error
  [[ $stderr == *'from https://mirror.example.com/install.sh.'* && $stderr$output != *hunter2* ]] || fail "$stderr"
  echo 'echo "GET https://x.example.com/?sig=hunter2-0123&a=b"; exit 60' >"$BATS_TEST_TMPDIR/installer"
  launch start
  assert_one_error
  [[ $stderr == *'GET https://x.example.com/?sig=[redacted]&a=b'* && $stderr$output != *hunter2* ]] || fail "$stderr"
}

@test "pre_install.sh: no secret reaches its log or the terminal, and nothing that steers a terminal" {
  offer_installer
  vars+=(AMP_API_KEY=sgamp_user_0123456789 CODER_AGENT_TOKEN=0b6a3c1e-token MY_SECRETS=$'first-line-1\n  second-line-2 ' LONG_KEY=sgamp_user_0123456789-and-more SHORT_KEY=word)
  write_program "$module/pre_install.sh" <<'E2'
echo "key $AMP_API_KEY$AMP_API_KEY token=$CODER_AGENT_TOKEN. long $LONG_KEY word" >&2
printf '%s\n' "$MY_SECRETS"
echo 'curl -H "Authorization: Bearer abc.def" x'
echo 'https://me:abc.def@host/x?a=b&access_token=abc.def&c=d'
printf 'a\033[31mred\033[0m \033]0;title\007b\010\033c \302\23331m tab\tend\n'
exit 7
E2
  launch start
  assert_one_error
  wanted='key [redacted][redacted] token=[redacted]. long [redacted] word
[redacted]
  [redacted] 
curl -H "Authorization: [redacted]
https://[redacted]@host/x?a=b&access_token=[redacted]&c=d
ared bc 31m tab'$'\tend'
  assert_equal "$(cat "$module/pre_install.log")" "$wanted"
  [[ $stderr == "$wanted"$'\n'error:* ]] || fail "$stderr"
}

@test "pre_install.sh: what it leaves in the background continues, and its output is still masked" {
  offer_installer
  fake_downloader curl
  vars+=(AMP_API_KEY=sgamp_user_0123456789)
  write_program "$module/pre_install.sh" <<'E2'
(for i in 1 2 3 4 5 6; do sleep 0.5; echo "later $i $AMP_API_KEY"; done; echo done >"$HOME/lived") &
echo now
E2
  launch start
  assert_success
  assert_equal "$(head -n 1 "$module/pre_install.log")" now
  for _ in 1 2 3 4 5 6 7 8 9 10; do [ ! -e "$home/lived" ] || break; sleep 1; done
  assert_equal "$(cat "$home/lived")" done
  run -0 cat "$module/pre_install.log"
  assert_line 'later 6 [redacted]'
  refute_leftovers "$home"
}

@test "pre_install.sh: without awk its output, which could not be masked, is not kept, and that is said" {
  offer_installer
  fake_downloader curl
  make_tools "$BATS_TEST_TMPDIR/no-awk" base64 dirname readlink ls cat mkdir chmod rm mv cp ln tail sed sleep od tee bash
  vars+=(PATH="$path:$BATS_TEST_TMPDIR/no-awk" AMP_API_KEY=sgamp_user_0123456789)
  write_program "$module/pre_install.sh" <<<'echo "key $AMP_API_KEY"; echo ran >"$HOME/ran"'
  launch start
  assert_success
  assert_equal "$(cat "$home/ran")" ran
  assert_equal "$(cat "$module/pre_install.log")" \
    'WARN  pre_install_script: its output is not kept. Masking what is secret in it takes awk and mkfifo.'
}
