#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# sh node/demo_lesson.sh FILE.mp4: makes a lesson of one minute, for users who want to try Terrace
# without a video of their own.
# It has six slides of 10 s. Slide N shows N squares, and a title if a font is installed. A bar at
# the lower edge shows the time. A note like a bell sounds every two seconds. Each slide has a
# higher note than the one before.
set -eu

# The title is Chinese if a font has Chinese characters.
title='梯田课堂，第 %s 张，共 6 张'
font=$(fc-list -f '%{file}\n' :lang=zh-cn 2>/dev/null | head -n 1)
if [ -z "$font" ]; then
    title='Terrace, slide %s of 6'
    font=$(fc-list -f '%{file}\n' :lang=en 2>/dev/null | head -n 1)
fi

green=0x2f6f4f
filter="[0][1]overlay=x=-w+w*t/60:y=H-h,drawbox=x=0:y=0:w=iw:h=90:color=$green:t=fill"
for slide in 1 2 3 4 5 6; do
    shown="enable='between(t,$(((slide - 1) * 10)),$((slide * 10)))'"
    for square in $(seq "$slide"); do
        filter="$filter,drawbox=x=$((square * 180 - 80)):y=280:w=140:h=140:color=$green:t=fill:$shown"
    done
    if [ -n "$font" ]; then
        text=$(echo "$title" | sed "s/%s/$slide/")
        filter="$filter,drawtext=fontfile='$font':text='$text':x=60:y=140:fontsize=64:fontcolor=0x203030:$shown"
    fi
done
bell='0.3*sin(2*PI*(330+55*floor(t/10))*t)*exp(-2*mod(t\,2))'
exec ffmpeg -v error -y \
    -f lavfi -i 'color=c=0xf4f1e8:s=1280x720:r=25:d=60' \
    -f lavfi -i 'color=c=0xe0a030:s=1280x24:r=25:d=60' \
    -f lavfi -i "aevalsrc=$bell:s=48000:d=60" \
    -filter_complex "$filter" -c:v libx264 -preset veryfast -pix_fmt yuv420p -c:a aac -b:a 96k "$1"
