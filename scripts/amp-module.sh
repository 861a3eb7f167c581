#!/bin/sh
# The amp-module command: finds a JavaScript runtime and has the loader beside this file run a program on it:
# amp-module.br85 for what a start needs, amp-tools.br85 for everything else.
#
# Search order: AMP_MODULE_RUNTIME, Node >= 20.5 on PATH, version managers in the home, bun, deno, an installed Amp
# (the official binary contains Bun). If there is none and AMP_MODULE_INSTALLER_URL_BASE64 is set, Amp is installed
# with its official installer first and serves as the runtime.
set -eu

case $0 in
  */*) bin=${0%/*}/ ;;
  *) bin=. ;;
esac
bin=$(CDPATH='' cd -- "$bin" && pwd -P)
# A link such as ~/.local/bin/amp-module must lead back to the module directory.
if [ ! -f "$bin/loader.cjs" ]; then
  bin=$(dirname -- "$(readlink -f -- "$0")")
fi
# With more words it is a person who asks for help or is mistaken.
case $#:${1:-} in
  1:start | 1:stop | 1:install | *:explain-end | *:before-restart) program=$bin/amp-module.br85 ;;
  *) program=$bin/amp-tools.br85 ;;
esac

fail() {
  printf 'error: %s\nerror: To fix it: %s\n' "$1" "$2" >&2
  exit 1
}

# A runtime's own words for a missing file would be a riddle. Whether the program is whole, the loader tells.
check_files() {
  for file in "$bin/loader.cjs" "$program"; do
    [ -f "$file" ] || fail "The module's program $file is missing." \
      'Restart the workspace: its start scripts write the file anew within moments. If not, look for a full disk.'
  done
}

# Node's version flag answers in milliseconds; its syntax errors on an old version would be unreadable.
is_recent_node() {
  version=$("$1" --version 2>/dev/null) || return 1
  case $version in v[0-9]*.[0-9]*) ;; *) return 1 ;; esac
  version=${version#v}
  major=${version%%.*}
  rest=${version#*.}
  minor=${rest%%.*}
  [ "$major" -gt 20 ] || { [ "$major" -eq 20 ] && [ "$minor" -ge 5 ]; }
}

is_executable() {
  [ -f "$1" ] && [ -x "$1" ]
}

# Runs the program on the runtime $1 ("kind:path"), never to return.
run_on() {
  runtime=$1
  shift
  # Node is told by the module itself; these read their own variables only, at their start.
  if [ -r "${SSL_CERT_FILE:-}" ]; then
    case $runtime in
      bun:* | amp:*) export NODE_EXTRA_CA_CERTS="${NODE_EXTRA_CA_CERTS:-$SSL_CERT_FILE}" ;;
      deno:*) export DENO_CERT="${DENO_CERT:-$SSL_CERT_FILE}" ;;
    esac
  fi
  case $runtime in
    node:*) exec "${runtime#*:}" "$bin/loader.cjs" "$program" "$@" ;;
    bun:*) exec "${runtime#*:}" "$bin/loader.cjs" "$program" "$@" ;;
    deno:*) exec "${runtime#*:}" run --allow-all --no-lock --quiet "$bin/loader.cjs" "$program" "$@" ;;
    amp:*) BUN_BE_BUN=1 exec "${runtime#*:}" "$bin/loader.cjs" "$program" "$@" ;;
  esac
}

# Prints "kind:path" of the first runtime, or nothing.
find_runtime() {
  if [ -n "${AMP_MODULE_RUNTIME:-}" ]; then
    chosen=$(command -v -- "$AMP_MODULE_RUNTIME") || chosen=
    # For a path, dash and busybox print it whatever it is.
    is_executable "$chosen" || fail "AMP_MODULE_RUNTIME names \"$AMP_MODULE_RUNTIME\", which is not an executable." \
      'Set it to the path of node, bun, deno or amp, or unset it.'
    case ${chosen##*/} in
      bun*) printf 'bun:%s\n' "$chosen" ;;
      deno*) printf 'deno:%s\n' "$chosen" ;;
      amp*) printf 'amp:%s\n' "$chosen" ;;
      *) printf 'node:%s\n' "$chosen" ;;
    esac
    return
  fi

  node=$(command -v node) || node=
  if [ -n "$node" ] && is_recent_node "$node"; then
    printf 'node:%s\n' "$node"
    return
  fi

  # Newest first would need a version sort; any recent Node will do.
  for node in \
    "${NVM_DIR:-$HOME/.nvm}"/versions/node/*/bin/node \
    "${FNM_DIR:-$HOME/.local/share/fnm}"/node-versions/*/installation/bin/node \
    "$HOME"/.fnm/node-versions/*/installation/bin/node \
    "${VOLTA_HOME:-$HOME/.volta}"/tools/image/node/*/bin/node \
    "${ASDF_DATA_DIR:-$HOME/.asdf}"/installs/nodejs/*/bin/node \
    "${MISE_DATA_DIR:-$HOME/.local/share/mise}"/installs/node/*/bin/node; do
    if is_executable "$node" && is_recent_node "$node"; then
      printf 'node:%s\n' "$node"
      return
    fi
  done

  for kind in bun deno; do
    for path in "$(command -v "$kind" || :)" "$HOME/.$kind/bin/$kind"; do
      if is_executable "$path" && "$path" --version >/dev/null 2>&1; then
        printf '%s:%s\n' "$kind" "$path"
        return
      fi
    done
  done

  # As ampPlaces of src/amp/places.ts.
  for amp in "${AMP_CLI_PATH:-}" "$HOME/.amp/bin/amp" "$HOME/.local/bin/amp" "${bin%/bin}/npm/bin/amp" \
    /opt/amp-module/bin/amp "${NPM_CONFIG_PREFIX:+$NPM_CONFIG_PREFIX/bin/amp}" \
    "${npm_config_prefix:+$npm_config_prefix/bin/amp}" "$HOME/.npm-global/bin/amp" "$(command -v amp || :)"; do
    if is_executable "$amp" && is_bun_inside "$amp"; then
      printf 'amp:%s\n' "$amp"
      return
    fi
  done
}

# An Amp binary that is a script, or does not run on this system, is no runtime. Only Bun answers --revision, such as
# 1.4.1+2bbcd6d3d; an Amp binary without a Bun would take the bundle's path for a prompt.
is_bun_inside() {
  case $(BUN_BE_BUN=1 "$1" --revision 2>/dev/null </dev/null) in
    [1-9]*.*.*+*) ;;
    *) return 1 ;;
  esac
}

# mask: stdin to stdout, line by line, without secrets and what steers a terminal, as src/base/redact.ts does it once
# there is a runtime. mawk alone would wait for a full buffer.
mask() {
  case $(awk -W version 2>/dev/null </dev/null) in
    mawk*) set -- -W interactive ;;
    *) set -- ;;
  esac
  LC_ALL=C awk "$@" '
    BEGIN {
      for (name in ENVIRON) {
        if (toupper(name) !~ /KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|AUTHORIZATION/) continue
        lines = split(ENVIRON[name], line, "\n")
        for (i = 1; i <= lines; i++) {
          value = line[i]
          gsub(/^[ \t\r]+|[ \t\r]+$/, "", value)
          if (length(value) < 8) continue
          # The longest first: of one within another no end stays readable.
          for (at = ++count; at > 1 && length(secret[at - 1]) < length(value); at--) secret[at] = secret[at - 1]
          secret[at] = value
        }
      }
    }
    {
      gsub(/\033\[[0-9;:?<=>]*[ -\/]*[@-~]|\033\][^\007\033]*(\007|\033\\)|\302[\200-\237]/, "")
      gsub(/[\001-\010\013\014\016-\037\177]/, "")
      for (i = 1; i <= count; i++) {
        rest = $0
        done = ""
        while (at = index(rest, secret[i])) {
          done = done substr(rest, 1, at - 1) "[redacted]"
          rest = substr(rest, at + length(secret[i]))
        }
        $0 = done rest
      }
      # What follows on the line may belong to it.
      if (match(toupper($0), /AUTHORIZATION\\*["\047]?[ \t]*[:=][ \t]*\[?[ \t]*\\*["\047]?/)) {
        $0 = substr($0, 1, RSTART + RLENGTH - 1) "[redacted]"
      }
      rest = $0
      done = ""
      while (match(toupper(rest), /[?&][A-Z0-9_.-]*(KEY|TOKEN|SECRET|PASSW|CREDENTIAL|SIG)[A-Z0-9_.-]*=|AUTHTOKEN=/)) {
        done = done substr(rest, 1, RSTART + RLENGTH - 1) "[redacted]"
        rest = substr(rest, RSTART + RLENGTH)
        sub(/^[^&# \t"\047<>]*/, "", rest)
      }
      $0 = done rest
      gsub(/:\/\/[^\/ \t?#"\047<>]+@/, "://[redacted]@")
      gsub(/sgamp_[A-Za-z0-9_]+/, "[redacted]")
      print
      fflush()
    }'
}

# What others printed, on the terminal.
show() {
  if command -v awk >/dev/null; then mask; else cat; fi >&2
}

# fetch_once <url> <target>: one attempt. What was said, the answers' heads included, is in <target>.said then.
fetch_once() {
  if command -v curl >/dev/null; then
    case $1 in
      https:*) redirects='=https' ;;
      *) redirects='=http,https' ;;
    esac
    curl --fail --silent --show-error --location --proto-redir "$redirects" --connect-timeout 20 --max-time 300 \
      --dump-header - --output "$2" "$1" >"$2.said" 2>&1
  elif command -v wget >/dev/null; then
    # GNU's follows SSL_CERT_FILE in some builds only, and busybox's does not know the option.
    case $([ ! -r "${SSL_CERT_FILE:-}" ] || wget --version 2>/dev/null) in
      'GNU Wget'*) wget -nv -S -t 1 -T 20 "--ca-certificate=$SSL_CERT_FILE" -O "$2" "$1" ;;
      *) wget -nv -S -t 1 -T 20 -O "$2" "$1" ;;
    esac >"$2.said" 2>&1 || {
      status=$?
      # Its own code for a certificate that does not pass; curl's is passed on as curl's.
      [ "$status" -ne 5 ] || status=60
      return "$status"
    }
  else
    fail 'No JavaScript runtime was found, and neither curl nor wget, so Amp cannot be downloaded.' \
      'Add one of node (>= 20.5), bun, deno, curl or wget to the workspace image.'
  fi
}

# pause_after <attempt> [longest]: sleeps for a random time, up to <longest> s (2) after the first attempt and twice as
# long after each further one, besides the `asked` seconds of a server: as src/base/retry.ts does it.
pause_after() {
  longest=$((${2:-2} << ($1 - 1)))
  [ "$longest" -le 60 ] || longest=60
  random=$(od -An -N2 -tu2 /dev/urandom 2>/dev/null) || random=$$
  pause=$((asked + random % (longest + 1)))
  echo "Trying again in $pause s." >&2
  sleep "$pause" || :
}

# download <url> <target>: as src/base/download.ts does it: five attempts, eight of a server with too many clients, but
# one if asking again would give the same answer, and no redirect from https to http, which wget could not be told before.
download() {
  attempt=1
  while :; do
    status=0
    fetch_once "$1" "$2" || status=$?
    asked=0
    is_busy=
    is_final=
    case $status in 60 | 77) is_final=1 ;; esac
    while IFS= read -r line; do
      case ${1%%:*}:$line in
        https:[Ll]ocation:\ [Hh][Tt][Tt][Pp]:* | https:\ \ [Ll]ocation:\ [Hh][Tt][Tt][Pp]:*)
          rm -f -- "$2"
          echo 'It is redirected from https to http, which is refused.' >&2
          return 1
          ;;
        *HTTP/*\ 4[0-9][0-9]\ * | *rror:\ 4[0-9][0-9]* | *ERROR\ 4[0-9][0-9]:*)
          case $line in *\ 429*) is_busy=1 ;; *\ 408* | *\ 425*) ;; *) is_final=1 ;; esac
          ;;
        *curl:\ \([13]\)* | *curl:\ \(23\)*) is_final=1 ;;
        *[Rr]etry-[Aa]fter:\ [0-9]*)
          asked=$(printf '%s' "${line##* }" | sed 's/[^0-9]//g')
          [ "$asked" -le 60 ] || asked=60
          ;;
      esac
    done <"$2.said"
    [ "$status" -ne 0 ] || return 0
    tail -n 2 "$2.said" | show
    [ -z "$is_final" ] && [ "$attempt" -lt "$((5 + 3 * ${is_busy:-0}))" ] || return "$status"
    pause_after "$attempt" ${is_busy:+15}
    attempt=$((attempt + 1))
  done
}

# fail_of <what failed> <status> <otherwise to be done>: curl ends with 60 for a certificate of an unknown CA, and with
# 77 if SSL_CERT_FILE cannot be read.
fail_of() {
  case $2 in
    60 | 77)
      if [ -n "${SSL_CERT_FILE:-}" ] && [ ! -r "$SSL_CERT_FILE" ]; then
        fail "$1" "SSL_CERT_FILE names $SSL_CERT_FILE, which is missing or cannot be read: correct it or bring the file."
      fi
      fail "$1" "The server's certificate does not pass. If the network has a CA of its own, set SSL_CERT_FILE in the \
agent's environment to a PEM file with the public CAs and that one; NODE_EXTRA_CA_CERTS is not followed by curl and wget."
      ;;
    *) fail "$1" "$3" ;;
  esac
}

install_amp_as_runtime() {
  command -v bash >/dev/null || fail "Amp's official installer needs bash, which is not on PATH." \
    'Add bash to the workspace image, or Node with npm and set install_via_npm = true.'
  # A glibc system can have musl's loader beside its own, for cross builds.
  if ls /lib/ld-musl-* >/dev/null 2>&1 && ! ls /lib/ld-linux* >/dev/null 2>&1 && ! ls /lib64/ld-linux* >/dev/null 2>&1; then
    fail "Amp's official binary needs glibc; this system has musl (Alpine)." \
      'Add Node with npm to the workspace image and set install_via_npm = true.'
  fi
  installer_url=$(printf '%s' "$AMP_MODULE_INSTALLER_URL_BASE64" | base64 -d)
  amp_version=$(printf '%s' "${AMP_MODULE_AMP_VERSION_BASE64:-}" | base64 -d)
  case $amp_version in latest) amp_version= ;; v*) amp_version=${amp_version#v} ;; esac
  # What follows a ? may be a secret.
  shown_url=${installer_url%%[?#]*}
  # As with a runtime (src/install/amp/official.ts): a home of its own, so that what the installer leaves is proved before
  # it replaces anything, and the user's profile files stay as they are.
  stage=${bin%/bin}/stage-$$
  trap 'rm -rf -- "$stage"' EXIT
  mkdir -m 700 -- "$stage" || fail "$stage could not be created." 'Check that the disk is not full.'
  echo 'No JavaScript runtime found: installing Amp first, it contains one.'
  download "$installer_url" "$stage/installer.sh" || fail_of \
    "Amp's installer could not be downloaded from $shown_url." $? \
    'Check the network or proxy, set amp_installer_url to a mirror, or add Node >= 20.5 to the workspace image.'
  attempt=1
  asked=0
  while run_installer; [ "$status" -ne 0 ]; do
    case $(cat "$stage/said") in
      *'rror: 429'* | *'ERROR 429'*) is_busy=1 ;;
      *) is_busy= ;;
    esac
    case $status:$attempt:$is_busy in
      60:* | 77:* | 124:* | *:3: | *:8:1)
        fail_of "Amp's installer from $shown_url failed; its output is above." "$status" \
          'Check amp_version and amp_installer_url, or add Node >= 20.5 to the workspace image.'
        ;;
    esac
    echo "Amp's installer: exit code $status." >&2
    pause_after "$attempt" ${is_busy:+15}
    attempt=$((attempt + 1))
  done
  prove_amp
  rm -rf -- "$stage"
  trap - EXIT
}

# The exit code is in `status` then: a pipe has only that of its end.
run_installer() {
  # curl finds its configuration there, a proxy or a CA for instance.
  curl_home=${CURL_HOME:-$HOME}
  {
    status=0
    (
      cd "$stage" || exit
      [ -z "$amp_version" ] || export AMP_VERSION="$amp_version"
      set -- bash installer.sh
      ! command -v timeout >/dev/null || set -- timeout 900 "$@"
      CURL_HOME="$curl_home" HOME="$stage" "$@" </dev/null
    ) || status=$?
    echo "$status" >"$stage/status"
  } 2>&1 | show 2>&1 | tee -- "$stage/said" >&2
  status=$(cat "$stage/status") || status=1
}

# An installer that ends well may have left a stub, or another version.
prove_amp() {
  staged=
  for amp in "$stage/.local/bin/amp" "$stage/.amp/bin/amp"; do
    ! is_executable "$amp" || staged=$amp
  done
  [ -n "$staged" ] || fail "No JavaScript runtime was found: Amp's installer from $shown_url left no ~/.amp/bin/amp." \
    'Check amp_installer_url: it may not serve the installer of Amp.'
  target=$HOME/.amp/bin/amp
  # A name that a later start knows for a left one.
  temporary=$HOME/.amp/bin/.amp-module-$$-000000000000.tmp
  trap 'rm -rf -- "$stage" "$temporary"' EXIT
  # What is a link has its file somewhere else, which is not ours to move.
  if [ -L "$staged" ]; then set -- cp; else set -- mv -f; fi
  { mkdir -p -- "$HOME/.amp/bin" && "$@" -- "$staged" "$temporary" && chmod 755 "$temporary"; } ||
    fail "$target could not be written." 'Check that the home is writable and its disk not full.'
  is_bun_inside "$temporary" ||
    fail "No JavaScript runtime was found: the installed Amp does not run here, or has none inside." \
      "Check amp_installer_url and amp_version, or add Node >= 20.5 to the workspace image."
  # The version takes Amp 0.6 s to tell. The module asks for it in any case; here it counts if it is to be a certain one.
  if [ -n "$amp_version" ]; then
    version=$("$temporary" --version 2>/dev/null </dev/null) || version=
    version=${version%% *}
    [ "$amp_version" = "${version#v}" ] ||
      fail "Amp $version was installed although amp_version asks for $amp_version." \
        'Check that this version exists and that amp_installer_url offers it.'
  fi
  mv -f -- "$temporary" "$target"
  { mkdir -p -- "$HOME/.local/bin" && ln -s -- "$target" "$HOME/.local/bin/amp"; } 2>/dev/null || :
}

# The pre-install script may be what brings a runtime, a downloader or a CA bundle, so it goes first.
run_pre_install_script() {
  script=${bin%/bin}/pre_install.sh
  log=${bin%/bin}/pre_install.log
  [ -x "$script" ] || return 0
  [ ! -f "$log" ] || mv -f "$log" "$log.1"
  (umask 077 && : >"$log")
  # No interpreter takes CRLF, and "not found" would not say so. The module's own run warns of it in install.log.
  if IFS= read -r first <"$script" && [ "$first" != "${first%"$(printf '\r')"}" ]; then
    warning='pre_install_script: its lines end in CRLF; it is run without the carriage returns.'
    printf 'warning: %s\n' "$warning" >&2
    printf 'WARN  %s\n' "$warning" >>"$log"
    temporary=$script.$$.tmp
    trap 'rm -f -- "${temporary:-}" "${output:-}"' EXIT
    (umask 077 && sed "s/$(printf '\r')\$//" <"$script" >"$temporary") && chmod 700 "$temporary" && script=$temporary
  fi
  output=$log.$$.tmp
  trap 'rm -f -- "${temporary:-}" "$output"' EXIT
  if command -v awk >/dev/null && mkfifo -m 600 "$output"; then
    # Reads on for as long as the script's background programs talk; the FIFO goes with the last word.
    # shellcheck disable=SC2094
    { mask || cat >/dev/null; rm -f -- "$output"; } <"$output" >>"$log" 2>/dev/null &
  else
    echo 'WARN  pre_install_script: its output is not kept. Masking what is secret in it takes awk and mkfifo.' >>"$log"
    output=/dev/null
  fi
  status=0
  (cd "$HOME" && exec "$script") </dev/null >"$output" 2>&1 || status=$?
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    [ -p "$output" ] || break
    sleep 0.1 2>/dev/null || sleep 1 || :
  done
  [ "$output" = /dev/null ] || rm -f -- "$output"
  if [ "$status" -ne 0 ]; then
    tail -n 20 "$log" | sed "s/$(printf '\r')//g" >&2 || :
    fail 'pre_install_script failed; its last lines are above.' "Read $log and correct the script."
  fi
  [ -z "${temporary:-}" ] || rm -f -- "$temporary"
  trap - EXIT
  export AMP_MODULE_PRE_INSTALL_DONE=1
}

check_files
found=$(find_runtime)
case "$found:${1:-}" in
  :start | :install)
    run_pre_install_script
    found=$(find_runtime)
    if [ -z "$found" ] && [ -n "${AMP_MODULE_INSTALLER_URL_BASE64:-}" ]; then
      install_amp_as_runtime
      found=$(find_runtime)
    fi
    ;;
esac
[ -n "$found" ] || fail \
  'No JavaScript runtime was found: neither Node >= 20.5 (PATH, nvm, fnm, volta, asdf, mise), bun, deno nor Amp.' \
  'Add Node >= 20.5 to the workspace image, set install_amp = true, or set AMP_MODULE_RUNTIME.'
unset AMP_MODULE_INSTALLER_URL_BASE64 AMP_MODULE_AMP_VERSION_BASE64
run_on "$found" "$@"
