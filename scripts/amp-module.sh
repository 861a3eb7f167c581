#!/bin/sh
# The amp-module command: finds a JavaScript runtime and hands over to a bundle beside this file, amp-module.mjs for what
# a start needs, amp-tools.mjs for everything else.
#
# Search order: AMP_MODULE_RUNTIME, Node >= 20.5 on PATH, version managers in the home, bun, deno, an installed Amp
# (the official binary contains Bun). Where there is none and AMP_MODULE_INSTALLER_URL_BASE64 is set, Amp is installed
# with its official installer first and serves as the runtime.
set -eu

case $0 in
  */*) bin=${0%/*}/ ;;
  *) bin=. ;;
esac
bin=$(CDPATH='' cd -- "$bin" && pwd -P)
# A link such as ~/.local/bin/amp-module must lead back to the module directory.
if [ ! -f "$bin/amp-module.mjs" ]; then
  bin=$(dirname -- "$(readlink -f -- "$0")")
fi
# With more words it is a person who asks for help or is mistaken.
case $#:${1:-} in
  1:start | 1:stop | 1:install | *:explain-end) bundle=$bin/amp-module.mjs ;;
  *) bundle=$bin/amp-tools.mjs ;;
esac

fail() {
  printf 'error: %s\nerror: To fix it: %s\n' "$1" "$2" >&2
  exit 1
}

# A runtime's own words for half a file would be a syntax error. The start script has just written it whole and checked
# that: a start need not wait for tail.
check_bundle() {
  if [ ! -f "$bundle" ]; then
    problem='is missing'
  elif [ -n "${AMP_MODULE_INSTALLER_URL_BASE64+set}" ] || ! command -v tail >/dev/null ||
    [ "$(tail -c 17 "$bundle")" = '// end of bundle' ]; then
    return
  else
    problem='was cut short or changed'
  fi
  fail "The module's program $bundle $problem." \
    'Restart the workspace: its start scripts write the file anew within moments. If not, look for a full disk.'
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

# Runs the bundle on the runtime $1 ("kind:path"), never to return.
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
    node:*) exec "${runtime#*:}" "$bundle" "$@" ;;
    bun:*) exec "${runtime#*:}" "$bundle" "$@" ;;
    deno:*) exec "${runtime#*:}" run --allow-all --no-lock --quiet "$bundle" "$@" ;;
    amp:*) BUN_BE_BUN=1 exec "${runtime#*:}" "$bundle" "$@" ;;
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

  for amp in "${AMP_CLI_PATH:-}" "$HOME/.amp/bin/amp" "$HOME/.local/bin/amp" "${bin%/bin}/npm/bin/amp" \
    /opt/amp-module/bin/amp "$HOME/.npm-global/bin/amp" "$(command -v amp || :)"; do
    if is_executable "$amp" && is_bun_inside "$amp"; then
      printf 'amp:%s\n' "$amp"
      return
    fi
  done
}

# An Amp that is a script, or does not run on this system, is no runtime. Only Bun answers --revision, such as
# 1.4.1+2bbcd6d3d; an Amp without a Bun would take the bundle's path for a prompt.
is_bun_inside() {
  case $(BUN_BE_BUN=1 "$1" --revision 2>/dev/null </dev/null) in
    [1-9]*.*.*+*) ;;
    *) return 1 ;;
  esac
}

# Without curl or wget nothing can be downloaded before there is a runtime.
download() {
  if command -v curl >/dev/null; then
    curl --fail --silent --show-error --location --retry 3 --connect-timeout 20 --max-time 300 --output "$2" "$1"
  elif command -v wget >/dev/null; then
    # GNU's follows SSL_CERT_FILE in some builds only, and busybox's does not know the option.
    case $([ ! -r "${SSL_CERT_FILE:-}" ] || wget --version 2>/dev/null) in
      'GNU Wget'*) wget -q -T 20 "--ca-certificate=$SSL_CERT_FILE" -O "$2" "$1" ;;
      *) wget -q -T 20 -O "$2" "$1" ;;
    esac || {
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

# fail_of <what failed> <status> <otherwise to be done>: curl ends with 60 for a certificate of an unknown CA, and with
# 77 where SSL_CERT_FILE cannot be read.
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
  installer=$bin/.installer-$$.sh
  trap 'rm -f -- "$installer"' EXIT
  echo 'No JavaScript runtime found: installing Amp first, it contains one.'
  download "$installer_url" "$installer" || fail_of \
    "Amp's installer could not be downloaded from $installer_url." $? \
    'Check the network or proxy, set amp_installer_url to a mirror, or add Node >= 20.5 to the workspace image.'
  if [ -n "$amp_version" ] && [ "$amp_version" != latest ]; then
    export AMP_VERSION="$amp_version"
  fi
  bash "$installer" </dev/null || fail_of "Amp's installer from $installer_url failed; its output is above." $? \
    'Check amp_version and amp_installer_url, or add Node >= 20.5 to the workspace image.'
  rm -f -- "$installer"
  trap - EXIT
  unset AMP_VERSION
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
    trap 'rm -f -- "$temporary"' EXIT
    (umask 077 && sed "s/$(printf '\r')\$//" <"$script" >"$temporary") && chmod 700 "$temporary" && script=$temporary
  fi
  if ! (cd "$HOME" && exec "$script") </dev/null >>"$log" 2>&1; then
    tail -n 20 "$log" >&2 || :
    fail 'pre_install_script failed; its last lines are above.' "Read $log and correct the script."
  fi
  [ -z "${temporary:-}" ] || rm -f -- "$temporary"
  trap - EXIT
  export AMP_MODULE_PRE_INSTALL_DONE=1
}

check_bundle
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
