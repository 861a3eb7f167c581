#!/bin/sh
# Keeps AgentAPI running, since the Coder agent does not. Its standard output is agentapi-start.log.
#
#   supervisor.sh <state directory> <save state: yes|no> <AgentAPI's command line …>
#
# Until the file "ready" is in the state directory the first start is still being watched: an AgentAPI that ends
# before is not restarted. Afterwards it is, at once and then with growing pauses, on the same Amp thread and state.
# After 5 ends within 10 minutes it gives up. The first run gets our standard input, which holds the first prompt.
set -u

state=$1
saves_state=$2
shift 2

most_ends=5
window_s=600
longest_pause_s=30

child=
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
  [ -z "$child" ] || kill -TERM "$child" 2>/dev/null
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
      if [ "$tries" -eq 0 ]; then kill -TERM "$pid"; elif [ "$tries" -eq 10 ]; then kill -KILL "$pid"; fi
    done 2>/dev/null
    [ "$tries" -lt 10 ] || break
    tries=$((tries + 1))
    sleep 0.2 2>/dev/null || sleep 1
    find_agents
  done
}

# A signal for us interrupts wait; only the child's own end counts.
wait_for_child() {
  while :; do
    wait "$child"
    status=$?
    kill -0 "$child" 2>/dev/null || return 0
  done
}

rm -f "$state/ready"
exec 3<&0 </dev/null
if [ "$saves_state" = yes ]; then
  save_while_changing $$ 3<&- &
  saver=$!
fi

ends=0
pause_s=0
window_from=
while :; do
  "$@" <&3 3<&- &
  child=$!
  # The umask is the caller's, for the agent; this file is the module's.
  (umask 077 && printf '%s\n' "$child" >"$state/agentapi.pid.tmp") && mv -f "$state/agentapi.pid.tmp" "$state/agentapi.pid"
  # A stop that came before there was a child to pass it on to.
  [ "$is_stopping" = no ] || kill -TERM "$child" 2>/dev/null
  exec 3</dev/null
  wait_for_child
  child=
  rm -f "$state/agentapi.pid"
  if [ "$is_stopping" = yes ] || [ ! -e "$state/ready" ]; then
    break
  fi
  end_agents

  monotonic
  if [ -z "$window_from" ] || [ $((now - window_from)) -gt "$window_s" ]; then
    window_from=$now
    ends=0
    pause_s=0
  fi
  ends=$((ends + 1))
  if [ "$ends" -ge "$most_ends" ]; then
    log ERROR "AgentAPI or Amp ended $ends times within $((window_s / 60)) minutes (exit code $status): giving up."
    log ERROR 'To fix it: read the lines above for the reason, then run "amp-module start" or restart the workspace.'
    break
  fi
  if [ "$status" -eq 0 ]; then
    log INFO 'Amp was ended, and AgentAPI with it: starting both again.'
  else
    log WARN "AgentAPI or Amp ended unexpectedly (exit code $status): starting again in $pause_s s."
  fi
  if [ "$pause_s" -gt 0 ]; then
    sleep "$pause_s" &
    child=$!
    wait "$child"
    child=
    [ "$is_stopping" = no ] || break
  fi
  pause_s=$((pause_s == 0 ? 1 : pause_s * 2))
  [ "$pause_s" -le "$longest_pause_s" ] || pause_s=$longest_pause_s
done

[ -z "$saver" ] || kill -TERM "$saver" 2>/dev/null
exit "$status"
