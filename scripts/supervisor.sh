#!/bin/sh
# Keeps AgentAPI running, or a runner, an Amp without AgentAPI, since the Coder agent does not. Its standard output is
# agentapi-start.log.
#
#   supervisor.sh <module directory>/state <save state: yes|no> <AgentAPI's or the runner's command line …>
#
# Until the file "ready" is in the state directory the first start is still being watched: an AgentAPI that ends
# before is not restarted. Afterwards it is, at once and then with growing pauses, on the same Amp thread and state.
# Once that has failed for 10 minutes it gives up. The first run gets our standard input, which holds the first prompt.
# Meanwhile the chat is saved and the log kept from growing for ever.
#
# SIGTERM ends it as soon as AgentAPI has ended, which needs a SIGTERM of its own.
set -u

state=$1
saves_state=$2
shift 2
# What the log calls it.
who='AgentAPI or Amp'
both='AgentAPI with it: starting both'
case " $* " in
  *' --no-tui '*)
    who="Amp's runner"
    both='its runner with it: starting it'
    ;;
esac

# Only tests have a reason to give others.
give_up_s=${AMP_MODULE_RESTART_GIVE_UP_S:-600}
longest_pause_s=${AMP_MODULE_RESTART_LONGEST_PAUSE_S:-60}
# Who has lived so long was well: its end begins a new count.
healthy_s=${AMP_MODULE_RESTART_HEALTHY_S:-60}
# Six of these are a round of saving.
tick_s=${AMP_MODULE_RESTART_TICK_S:-5}
log_file=${state%/*}/agentapi-start.log

pause=
housekeeper=
is_stopping=no

log() {
  printf '%s %-5s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%S.000Z)" "$1" "$2"
}

# Seconds that no change of the clock moves.
monotonic() {
  if read -r now _ 2>/dev/null </proc/uptime; then
    now=${now%%.*}
  else
    now=$(date +%s)
  fi
}

# shellcheck disable=SC2317 # run by the trap
stop() {
  is_stopping=yes
  [ -z "$housekeeper" ] || kill -TERM "$housekeeper" 2>/dev/null
  [ -z "$pause" ] || kill -TERM "$pause" 2>/dev/null
}
trap stop TERM INT
# Not ignored: AgentAPI and Amp would inherit that, and Amp is to end with its terminal.
trap : HUP

# Every 30 s the chat is saved and the log looked at. AgentAPI saves only when told to, and skips what has not changed.
# Without a handler SIGUSR1 would end it: only one that was there a tick before gets it.
keep_house() {
  server=
  ticks=0
  pause=
  trap 'is_stopping=yes; [ -z "$pause" ] || kill "$pause" 2>/dev/null' TERM
  while [ "$is_stopping" = no ] && kill -0 "$1" 2>/dev/null; do
    sleep "$tick_s" &
    pause=$!
    # Asked to stop before there was a pause to end.
    [ "$is_stopping" = no ] || kill "$pause" 2>/dev/null
    wait "$pause"
    pause=
    ticks=$((ticks + 1))
    earlier=$server
    server=
    read -r server 2>/dev/null <"$state/agentapi.pid" || :
    [ $((ticks % 6)) -eq 0 ] || continue
    if [ "$saves_state" = yes ] && [ -n "$server" ] && [ "$server" = "$earlier" ]; then
      kill -USR1 "$server" 2>/dev/null || :
    fi
    # What is being cut is written to its end.
    (trap '' TERM && umask 077 && cut_log)
  done
}

# Above 4 MB the log keeps its first 64 KB and its last 1 MB, in place: AgentAPI and Amp have it open, and append to it.
cut_log() {
  size=$(wc -c <"$log_file") || return 0
  if [ "$size" -le 4194304 ] || is_starting; then return 0; fi
  # What is written during a cut comes before the head, which the next cut would then not find.
  [ -s "$state/log-head" ] || head -c 65536 "$log_file" >"$state/log-head" || return 0
  if {
    cat "$state/log-head"
    echo
    log INFO "The log had $((size / 1048576)) MB: what stood here was left out. Its words continue below."
    tail -c 1048576 "$log_file"
  } >"$log_file.tmp"; then
    : >"$log_file"
    cat "$log_file.tmp" >>"$log_file"
  fi
  rm -f "$log_file.tmp"
}

# A start reads its AgentAPI's words from a place in the log that must stay where it is.
is_starting() {
  holder=
  # There is no line end in it: read fails, and has read all the same.
  read -r holder 2>/dev/null <"$state/lock" || :
  holder=${holder#*'"pid":'}
  holder=${holder%%[!0-9]*}
  [ -n "$holder" ] && kill -0 "$holder" 2>/dev/null
}

# In the foreground: what a shell puts into the background ignores SIGINT for good, and so would Amp below it.
run_server() {
  # shellcheck disable=SC2016 # for the inner shell, whose pid becomes AgentAPI's
  /bin/sh -c '(umask 077 && printf "%s\n" "$$" >"$0/agentapi.pid.tmp") && mv -f "$0/agentapi.pid.tmp" "$0/agentapi.pid"
    exec "$@" 2>&4 4>&-' "$state" "$@" <&3 3<&-
}

# Whether AgentAPI is to run again. Somebody who has deleted the state directory still wants it, unless the module is
# gone, too.
is_wanted() {
  [ "$is_stopping" = no ] || return 1
  [ -d "$state" ] || { mkdir -m 700 "$state" && : >"$state/ready"; } 2>/dev/null || return 1
  [ -e "$state/ready" ]
}

# A start that did not know of us has put another supervisor in our place.
is_replaced() {
  record=
  read -r record 2>/dev/null <"$state/agentapi.json" || :
  case $record in
    '' | *"\"pid\":$$,"*) return 1 ;;
  esac
}

# What the shell is not good at, in the words of everything else.
amp_module() {
  [ -x "${AMP_MODULE_INSTANCE:-}/bin/amp-module" ] || return
  "$AMP_MODULE_INSTANCE/bin/amp-module" "$@" </dev/null 2>&4
}

# An agent can outlive its AgentAPI, and two must not work on one thread. 3: the project now brings for Amp what nobody
# has accepted.
may_restart() {
  amp_module before-restart
  [ $? -ne 3 ]
}

give_up() {
  log ERROR "$who ended $ends times within $((failing_s / 60)) minutes (exit code $status): giving up."
  # The cause is told by the one who tells it at a start, too.
  amp_module explain-end "$status" ||
    log ERROR 'To fix it: read the lines above for the reason, then run "amp-module start" or restart the workspace.'
}

rm -f "$state/ready" "$state/log-head"
# A shell reports the signal that ends a command; how it ended is a line of our own.
exec 3<&0 </dev/null 4>&2 2>/dev/null
keep_house $$ 3<&- 4>&- &
housekeeper=$!

status=143
ends=0
# How long it has been failing, pauses included: added up, so that no clock and no suspended machine can change it.
failing_s=0
pause_s=0
while [ "$is_stopping" = no ]; do
  monotonic
  started_at=$now
  run_server "$@"
  status=$?
  exec 3</dev/null
  rm -f "$state/agentapi.pid"
  is_wanted || break
  may_restart || break

  monotonic
  lived_s=$((now > started_at ? now - started_at : 0))
  if [ "$lived_s" -ge "$healthy_s" ]; then
    ends=0
    failing_s=0
    pause_s=0
  else
    failing_s=$((failing_s + lived_s))
  fi
  ends=$((ends + 1))
  if [ "$failing_s" -ge "$give_up_s" ]; then
    give_up
    break
  fi
  when="in $pause_s s"
  [ "$pause_s" -gt 0 ] || when='at once'
  if [ "$status" -eq 0 ]; then
    log INFO "Amp was ended, and $both again $when."
  else
    log WARN "$who ended unexpectedly (exit code $status): starting again $when."
  fi
  if [ "$pause_s" -gt 0 ]; then
    sleep "$pause_s" &
    pause=$!
    wait "$pause"
    pause=
    failing_s=$((failing_s + pause_s))
    [ "$is_stopping" = yes ] || may_restart || break
  fi
  if is_replaced; then
    log INFO 'Another start has taken over.'
    break
  fi
  pause_s=$((pause_s == 0 ? 1 : pause_s * 2))
  [ "$pause_s" -le "$longest_pause_s" ] || pause_s=$longest_pause_s
done

[ -z "$housekeeper" ] || kill -TERM "$housekeeper" 2>/dev/null
exit "$status"
