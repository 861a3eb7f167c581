#!/bin/sh
# Keeps AgentAPI running, since the Coder agent does not. Its standard output is agentapi-start.log.
#
#   supervisor.sh <state directory> <save state: yes|no> <AgentAPI's command line …>
#
# Until the file "ready" is in the state directory the first start is still being watched: an AgentAPI that ends
# before is not restarted. Afterwards it is, at once and then with growing pauses, on the same Amp thread and state.
# Once that has failed for 10 minutes it gives up. The first run gets our standard input, which holds the first prompt.
#
# SIGTERM ends it as soon as AgentAPI has ended, which needs a SIGTERM of its own.
set -u

state=$1
saves_state=$2
shift 2

# Only tests have a reason to give others.
give_up_s=${AMP_MODULE_RESTART_GIVE_UP_S:-600}
longest_pause_s=${AMP_MODULE_RESTART_LONGEST_PAUSE_S:-60}
# Who has lived so long was well: its end begins a new count.
healthy_s=${AMP_MODULE_RESTART_HEALTHY_S:-60}

pause=
saver=
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
  [ -z "$saver" ] || kill -TERM "$saver" 2>/dev/null
  [ -z "$pause" ] || kill -TERM "$pause" 2>/dev/null
}
trap stop TERM INT
# Not ignored: AgentAPI and Amp would inherit that, and Amp is to end with its terminal.
trap : HUP

# How much the agent has written to its terminal: unchanged, there is nothing new to save. Goes down through wrappers,
# such as a boundary, as long as there is one child only.
measure_activity() {
  activity=
  parent=$1
  while :; do
    pids=
    for children in /proc/"$parent"/task/*/children; do
      # There is no line end in it: read fails, and has read all the same.
      line=
      read -r line 2>/dev/null <"$children" || :
      pids="$pids $line"
    done
    # shellcheck disable=SC2086 # to be split
    set -- $pids
    for pid in "$@"; do
      while read -r name value; do
        [ "$name" != wchar: ] || activity="$activity $pid:$value"
      done 2>/dev/null <"/proc/$pid/io" || :
    done
    [ "$#" -eq 1 ] || return 0
    parent=$1
  done
}

# AgentAPI saves only when told to. It is told once the agent rests after it has drawn something, and every 30 s while
# it goes on drawing. A SIGUSR1 before its handler is there would end it, so the first look comes after 5 s.
save_while_changing() {
  last=
  saved=
  unsaved_s=0
  pause=
  trap '[ -z "$pause" ] || kill "$pause" 2>/dev/null; exit 0' TERM
  while kill -0 "$1" 2>/dev/null; do
    sleep 5 &
    pause=$!
    wait "$pause"
    unsaved_s=$((unsaved_s + 5))
    read -r server 2>/dev/null <"$state/agentapi.pid" || continue
    measure_activity "$server"
    if [ "$activity" = "$last" ] || [ "$unsaved_s" -ge 30 ]; then
      # Where nothing can be measured, every 30 s must do.
      if [ "$activity" != "$saved" ] || { [ -z "$activity" ] && [ "$unsaved_s" -ge 30 ]; }; then
        kill -USR1 "$server" 2>/dev/null || :
        saved=$activity
        unsaved_s=0
      fi
    fi
    last=$activity
  done
}

# Agents that the end of their AgentAPI was no reason to end for: with our mark in the environment and leaders of a
# terminal session. A terminal that the agent itself has opened has a parent with our mark.
find_agents() {
  agents=
  mark=AMP_MODULE_INSTANCE=${AMP_MODULE_INSTANCE:-}
  # shellcheck disable=SC2013 # these names have no spaces
  for environ in $(grep -lsF "$mark" /proc/[0-9]*/environ); do
    process=${environ%/environ}
    line=
    read -r line 2>/dev/null <"$process/stat" || continue
    # Behind the name in parentheses: state, parent, group, session.
    # shellcheck disable=SC2086 # to be split
    set -- ${line##*) }
    if [ "/proc/$4" != "$process" ] || ! has_mark "$process" || has_mark "/proc/$2"; then continue; fi
    case $(readlink "$process/fd/0") in
      /dev/pts/*) agents="$agents ${process#/proc/}" ;;
    esac
  done
}

has_mark() {
  tr '\0' '\n' 2>/dev/null <"$1/environ" | grep -qxF "$mark"
}

# Two agents must not work on one thread.
end_agents() {
  find_agents
  tries=0
  while [ -n "$agents" ]; do
    for pid in $agents; do
      # The real Amp needs a second one.
      if [ "$tries" -le 1 ]; then kill -TERM "$pid"; elif [ "$tries" -eq 10 ]; then kill -KILL "$pid"; fi
    done 2>/dev/null
    [ "$tries" -lt 10 ] || break
    tries=$((tries + 1))
    sleep 0.2 2>/dev/null || sleep 1
    find_agents
  done
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

give_up() {
  log ERROR "AgentAPI or Amp ended $ends times within $((failing_s / 60)) minutes (exit code $status): giving up."
  # The cause is told by the one who tells it at a start, too.
  "${AMP_MODULE_INSTANCE:-}/bin/amp-module" explain-end "$status" </dev/null 2>&4 ||
    log ERROR 'To fix it: read the lines above for the reason, then run "amp-module start" or restart the workspace.'
}

rm -f "$state/ready"
# A shell reports the signal that ends a command; how it ended is a line of our own.
exec 3<&0 </dev/null 4>&2 2>/dev/null
if [ "$saves_state" = yes ]; then
  save_while_changing $$ 3<&- 4>&- &
  saver=$!
fi

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
  end_agents

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
    log INFO "Amp was ended, and AgentAPI with it: starting both again $when."
  else
    log WARN "AgentAPI or Amp ended unexpectedly (exit code $status): starting again $when."
  fi
  if [ "$pause_s" -gt 0 ]; then
    sleep "$pause_s" &
    pause=$!
    wait "$pause"
    pause=
    failing_s=$((failing_s + pause_s))
  fi
  if is_replaced; then
    log INFO 'Another start has taken over.'
    break
  fi
  pause_s=$((pause_s == 0 ? 1 : pause_s * 2))
  [ "$pause_s" -le "$longest_pause_s" ] || pause_s=$longest_pause_s
done

[ -z "$saver" ] || kill -TERM "$saver" 2>/dev/null
exit "$status"
