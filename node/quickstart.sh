#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# sh node/quickstart.sh [VIDEO]: on Debian 12, installs what is missing, builds Terrace, starts a
# node, adds VIDEO or a generated lesson, and prints the addresses of the pages. It can run again.
# TERRACE_PORT=9000 sets the port. The default is the first free port from 8080 to 8099.
set -eu

refuse() {
    echo "quickstart: $1" >&2
    exit 2
}
case ${1-} in
-h | --help) sed -n '3,5s/^# //p' "$0" && exit ;;
-*) refuse "there is no option $1; set a port like this: TERRACE_PORT=9000 sh node/quickstart.sh" ;;
esac
[ $# -le 1 ] || refuse 'one VIDEO at most; put others in later, on the page for operators or by terrace ingest'
video=${1:+$(realpath -ms -- "$1")}
if [ -n "$video" ] && { [ ! -f "$video" ] || [ ! -r "$video" ]; }; then refuse "$video is not a file that can be read"; fi
ports=${TERRACE_PORT:-$(seq 8080 8099)}
if ! echo "$ports" | grep -qxE '[1-9][0-9]{0,4}' || [ "${TERRACE_PORT:-1}" -gt 65535 ]; then
    refuse "TERRACE_PORT is a number from 1 to 65535, not $TERRACE_PORT"
fi

# All commands that this script prints are meant for this folder. terrace-data is their default data
# folder.
cd "$(dirname "$0")/.."
terrace=build/release/terrace
data='terrace-data'
pid_file=$data/node.pid address_file=$data/node.out log_file=$data/node.log

begin() {
    step=$1
    echo "== $step"
}
running() { [ -s "$pid_file" ] && pid=$(cat "$pid_file") && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = terrace ]; }
address() { sed -n 's/^listening on //p' "$address_file"; }

# A node that this script started keeps running if a later step fails. In that case, tell the user
# how to stop it.
on_exit() {
    [ "$1" -ne 0 ] || return 0
    echo "quickstart: $([ "$1" -eq 130 ] && echo interrupted || echo failed) during: $step" >&2
    if running; then echo "A node runs in the background on $(address)/; to stop it: kill $pid" >&2; fi
}
step='the start'
trap 'on_exit $?' EXIT
trap 'exit 130' INT TERM

# Two builds at the same time would overwrite each other's files, and two that are done at the same
# time would add the same lesson twice. The node does not inherit the lock.
mkdir -p build
exec 9>build/quickstart.lock
flock -n 9 || { echo 'another quickstart is at work here; this one waits until it is done' && flock 9; }
begin 'installing missing packages'
sh node/install-packages.sh node/packages.txt
begin 'building (the first time takes some minutes; tail -f build/quickstart.log shows it)'
{ cmake --preset release && cmake --build --preset release; } >build/quickstart.log 2>&1 || {
    tail -n 30 build/quickstart.log >&2
    echo '(all of it: build/quickstart.log)' >&2
    exit 1
}

# start_on PORT: starts the node. Returns 0 when it answers, and 1 if the port is in use. Any other
# failure ends the script.
start_on() {
    : >"$address_file"
    log_bytes=$(wc -c <"$log_file")
    # setsid: the node keeps running when this terminal is closed.
    setsid "$terrace" serve --listen "127.0.0.1:$1" </dev/null >"$address_file" 2>>"$log_file" 9>&- &
    echo $! >"$pid_file"
    until grep -q '^listening on ' "$address_file"; do
        if ! kill -0 $! 2>/dev/null; then
            rm -f "$pid_file"
            said=$(tail -c +$((log_bytes + 1)) "$log_file" | tail -n 5)
            case $said in *' in use by another program'*) echo "port $1 is in use" && return 1 ;; esac
            echo "$said" >&2
            case $said in *'another node'*) echo "put a lesson into that one: $terrace ingest VIDEO --publish --wait" >&2 ;; esac
            exit 1
        fi
        sleep 0.2
    done
}

if running && [ "$(readlink "/proc/$pid/exe")" != "$(realpath "$terrace")" ]; then
    begin 'stopping the node, whose program was replaced by the build'
    kill "$pid"
    timeout 15 tail --pid="$pid" -f /dev/null
fi
begin 'starting the node'
if running; then
    echo "it runs already (process $pid)"
else
    [ -d "$data" ] || mkdir -m 750 "$data" # `terrace serve` uses the same mode
    touch "$log_file"
    for port in $ports; do
        if start_on "$port"; then break; fi
    done
    running || { echo 'no port is free; try another one: TERRACE_PORT=9000 sh node/quickstart.sh' >&2 && exit 1; }
fi
url=$(address)
echo "it answers on $url/"
port=${url##*:}
[ "${TERRACE_PORT:-$port}" = "$port" ] || echo "for port $TERRACE_PORT stop it first (kill $pid) and run this again"

login="Login: as before (users: $terrace user ls; a new password: $terrace user passwd admin)"
if [ -z "$("$terrace" user ls)" ]; then
    begin 'adding a user'
    password=$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n')
    echo "$password" | "$terrace" user add admin --role admin
    login="Login: admin, password $password (shown only now; another one: $terrace user passwd admin)"
    echo "$login" # the end prints it again, but a step before that may fail
fi

# Prints the number and the state of the first lesson that has this line in its JSON.
known_lesson() {
    "$terrace" ls --json | awk -v line="$1" '
        /"id":/ { id = $2 + 0; here = 0 }
        /"state":/ { split($0, part, "\""); state = part[4] }
        index($0, line) { here = 1 }
        here && /"updated_ms":/ { print id, state; exit }'
}
if [ -n "$video" ]; then
    begin "putting $video in"
    lesson=$(known_lesson "\"sha256\": \"$(sha256sum <"$video" | cut -d ' ' -f 1)\"")
    set -- "$video"
else
    begin 'making a small lesson'
    lesson=$(known_lesson '"title": "Terrace 示范课"')
    set -- build/quickstart-lesson.mp4 --title 'Terrace 示范课' --language zh
fi
if [ -n "$lesson" ]; then
    echo "it is lesson ${lesson% *} already, ${lesson#* }"
    if [ "${lesson#* }" = failed ]; then
        echo "why: $terrace show ${lesson% *}; once more: $terrace retry ${lesson% *}" >&2
        exit 1
    fi
elif [ -z "$video" ] && [ -n "$(known_lesson '"title": ')" ]; then
    echo 'not needed: there are lessons already'
else
    [ -n "$video" ] || sh node/demo_lesson.sh "$1"
    "$terrace" ingest "$@" --publish --wait
fi

cat <<END

Lessons, for terminals      $url/
Uploads, for operators      $url/operator
Terminals, for technicians  $url/technician

$login

The node goes on in the background; its log is $data/node.log.
To stop it:     kill $(cat "$pid_file")
To start again: sh node/quickstart.sh
More commands:  $terrace help (all that are named here are for the folder $PWD)
The addresses work on this machine alone. To let others in, stop the node and start it like this:
                $terrace serve --listen 0.0.0.0:$port
                Passwords then cross the network as they are; docs/operations.md has TLS.
END
