#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# sh node/quickstart.sh [VIDEO]: on Debian 12, installs what is missing, builds Terrace, starts a node, puts VIDEO in (or a
# lesson that it makes itself) and prints the addresses of the three pages. May be run again: what is there stays.
# TERRACE_PORT=9000 sh node/quickstart.sh: on this port; else on the first that is free from 8080 to 8099.
set -eu

refuse() {
    echo "quickstart: $1" >&2
    exit 2
}

video=
case ${1-} in
'') ;;
-h | --help)
    sed -n '3,5s/^# //p' "$0"
    exit 0
    ;;
-*) refuse "there is no option $1; a port is set so: TERRACE_PORT=9000 sh node/quickstart.sh" ;;
/*) video=$1 ;;
*) video=$PWD/$1 ;;
esac
[ $# -le 1 ] || refuse 'one VIDEO at most; others are put in later, on the page for operators or by terrace ingest'
[ -z "$video" ] || [ -e "$video" ] || refuse "there is no file $video"
[ ! -d "$video" ] || refuse "$video is a folder: VIDEO is one file"
[ -z "$video" ] || [ -r "$video" ] || refuse "$video can't be read"

ports=$(seq 8080 8099)
if [ -n "${TERRACE_PORT-}" ]; then
    ports=$TERRACE_PORT
    case $ports in
    0* | *[!0-9]* | ??????*) ports= ;;
    esac
    [ "${ports:-65536}" -le 65535 ] || refuse "TERRACE_PORT is a number from 1 to 65535, not $TERRACE_PORT"
fi
cd "$(dirname "$0")/.."

data=$PWD/terrace-data
terrace=$PWD/build/release/terrace
pid_file=$data/node.pid
out_file=$data/node.out
log_file=$data/node.log
step='the start'
interrupted=

# A node that was started goes on, with what it was given: that is not left unsaid.
on_exit() {
    code=$?
    [ $code -ne 0 ] || return 0
    if [ -n "$interrupted" ]; then
        echo "quickstart: interrupted during: $step" >&2
    else
        echo "quickstart: failed during: $step" >&2
    fi
    ! running || echo "A node runs in the background on $(address)/; to stop it: kill $pid" >&2
}
trap on_exit EXIT
trap 'interrupted=yes; exit 130' INT TERM

begin() {
    step=$1
    echo "== $step"
}

# A path as it may be typed.
typed() {
    case $1 in
    *[!A-Za-z0-9_./-]*) printf "'%s'" "$(printf %s "$1" | sed "s/'/'\\\\''/g")" ;;
    *) printf %s "$1" ;;
    esac
}

shown_terrace=$(typed "$terrace")
shown_data=$(typed "$data")

# Runs a command with its output in a file; shows the file's end if it fails.
quietly() {
    log=$1
    shift
    "$@" >"$log" 2>&1 || {
        tail -n 30 "$log" >&2
        echo "(all of it: $log)" >&2
        return 1
    }
}

# Two at once would build into each other's files. The lock is given back before the node starts, which would keep it.
install_and_build() {
    mkdir -p build
    exec 9>build/quickstart.lock
    flock -n 9 || {
        echo "another quickstart is at work here; this one waits for its build"
        flock 9
    }
    begin 'installing missing packages'
    sh node/install-packages.sh node/packages.txt
    begin 'building (the first time takes some minutes; tail -f build/quickstart-build.log shows it)'
    quietly build/quickstart-configure.log cmake --preset release
    quietly build/quickstart-build.log cmake --build --preset release
    exec 9>&-
}

running() {
    [ -s "$pid_file" ] && pid=$(cat "$pid_file") && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = terrace ]
}

address() {
    sed -n 's/^listening on //p' "$out_file"
}

stop_node() {
    kill "$pid"
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
        running || return 0
        sleep 1
    done
    echo "the node (process $pid) does not stop" >&2
    return 1
}

# start_on PORT: 0 when the node answers there; 1 when the port is in use; anything else ends the script.
start_on() {
    : >"$out_file"
    began=$(wc -c <"$log_file")
    # A session of its own: it goes on when this terminal is closed.
    setsid sh -c 'echo $$ >"$1"; shift; exec "$@"' sh "$pid_file" \
        "$terrace" serve --data "$data" --listen "127.0.0.1:$1" </dev/null >"$out_file" 2>>"$log_file" &
    starter=$!
    while ! grep -q '^listening on ' "$out_file"; do
        if ! kill -0 "$starter" 2>/dev/null; then
            rm -f "$pid_file"
            tail -c +$((began + 1)) "$log_file" | grep -q ' in use by another program' && return 1
            tail -c +$((began + 1)) "$log_file" | tail -n 5 >&2
            ! tail -c +$((began + 1)) "$log_file" | grep -q 'another node' ||
                echo "a lesson is put into that one so: $shown_terrace ingest VIDEO --publish --wait --data $shown_data" >&2
            exit 1
        fi
        sleep 0.2
    done
}

start_node() {
    [ -d "$data" ] || mkdir -m 750 "$data" # as serve makes it
    touch "$log_file"
    for port in $ports; do
        ! start_on "$port" || return 0
        echo "port $port is in use"
    done
    echo "no port is free; another one: TERRACE_PORT=9000 sh node/quickstart.sh" >&2
    return 1
}

# Says the password at once: what comes after may take long, and may fail.
add_admin() {
    password=$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n')
    printf '%s\n' "$password" | "$terrace" user add admin --role admin --data "$data"
    say_login
}

say_login() {
    if [ -n "$password" ]; then
        echo "Login: admin, password $password (shown only now; another: $shown_terrace user passwd admin --data $shown_data)"
    else
        echo "Login: as before; users: $shown_terrace user ls --data $shown_data"
        echo "       a new password: $shown_terrace user passwd admin --data $shown_data"
    fi
}

# A font with Chinese characters, else any, else nothing.
find_font() {
    command -v fc-match >/dev/null || return 0
    font=$(fc-list -f '%{file}\n' :lang=zh-cn 2>/dev/null | head -n 1)
    [ -n "$font" ] || font=$(fc-list -f '%{file}\n' :lang=en 2>/dev/null | head -n 1)
    echo "$font"
}

# Six slides of 10 s: as many squares as the slide's number, a bar for the time, and a title where there is a font.
slides() {
    filter="[0][1]overlay=x=-w+w*t/60:y=H-h,drawbox=x=0:y=0:w=iw:h=90:color=0x2f6f4f:t=fill"
    for slide in 1 2 3 4 5 6; do
        shown="enable='between(t,$(((slide - 1) * 10)),$((slide * 10)))'"
        for square in $(seq "$slide"); do
            filter="$filter,drawbox=x=$((square * 180 - 80)):y=280:w=140:h=140:color=0x2f6f4f:t=fill:$shown"
        done
        [ -z "$1" ] || filter="$filter,drawtext=fontfile='$1':text='$(printf "$2" "$slide")':x=60:y=140:fontsize=64:fontcolor=0x203030:$shown"
    done
    echo "$filter"
}

make_lesson() {
    font=$(find_font)
    heading='Terrace, slide %s of 6'
    if [ -n "$font" ] && fc-list -f '%{file}\n' :lang=zh-cn | grep -qxF "$font"; then heading='梯田课堂，第 %s 张，共 6 张'; fi
    # A note every two seconds that dies away like a bell's, one step higher with each slide.
    bell='0.3*sin(2*PI*(330+55*floor(t/10))*t)*exp(-2*mod(t\,2))'
    ffmpeg -v error -y -f lavfi -i "color=c=0xf4f1e8:s=1280x720:r=25:d=60" -f lavfi -i "color=c=0xe0a030:s=1280x24:r=25:d=60" \
        -f lavfi -i "aevalsrc=$bell:s=48000:d=60" -filter_complex "$(slides "$font" "$heading")" -c:v libx264 -preset veryfast -pix_fmt yuv420p -c:a aac -b:a 96k "$1"
}

# Number and state of a lesson in the catalog whose description in JSON has this line; nothing if there is none.
known_lesson() {
    "$terrace" ls --json --data "$data" | awk -v line="$1" '
        /"id":/ { id = $2 + 0; here = 0 }
        /"state":/ { split($0, part, "\""); state = part[4] }
        index($0, line) { here = 1 }
        here && /"updated_ms":/ { print id, state; exit }'
}

# say_known NUMBER STATE: that a lesson is there already; 1 if it is there in vain.
say_known() {
    echo "it is lesson $1 already, $2"
    [ "$2" != failed ] || {
        echo "why: $shown_terrace show $1 --data $shown_data; once more: $shown_terrace retry $1 --data $shown_data" >&2
        return 1
    }
}

put_in() {
    file=$1
    shift
    "$terrace" ingest "$file" "$@" --publish --wait --data "$data"
}

put_video_in() {
    sha256=$(sha256sum <"$video" | cut -d ' ' -f 1)
    lesson=$(known_lesson "\"sha256\": \"$sha256\"")
    if [ -n "$lesson" ]; then
        say_known $lesson
    else
        put_in "$video"
    fi
}

put_own_lesson_in() {
    lesson=$(known_lesson '"title": "Terrace 示范课"')
    if [ -n "$lesson" ]; then
        say_known $lesson
    elif [ -n "$(known_lesson '"title": ')" ]; then
        echo 'not needed: there are lessons already'
    else
        make_lesson build/quickstart-lesson.mp4
        put_in build/quickstart-lesson.mp4 --title 'Terrace 示范课' --language zh
    fi
}

install_and_build

begin 'starting the node'
# A node whose program was replaced by the build is an old one.
if running && [ "$(readlink "/proc/$pid/exe")" != "$terrace" ]; then stop_node; fi
if running; then
    echo "it runs already (process $pid)"
else
    start_node
fi
url=$(address)
port=${url##*:}
echo "it answers on $url/"
[ "${TERRACE_PORT:-$port}" = "$port" ] || echo "for port $TERRACE_PORT stop it first (kill $pid) and run this again"

password=
if [ -z "$("$terrace" user ls --data "$data")" ]; then
    begin 'adding a user'
    add_admin
fi

if [ -n "$video" ]; then
    begin "putting $video in"
    put_video_in
else
    begin 'making a small lesson'
    put_own_lesson_in
fi

cat <<END

Lessons, for terminals      $url/
Uploads, for operators      $url/operator
Terminals, for technicians  $url/technician

$(say_login)

The node goes on in the background; its log is $log_file.
To stop it:     kill $(cat "$pid_file")
To start again: sh node/quickstart.sh
The program:    $shown_terrace help
The addresses work on this machine alone. To let others in, stop the node and start it so:
                $shown_terrace serve --data $shown_data --listen 0.0.0.0:$port
END
