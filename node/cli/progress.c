/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/cli/progress.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "node/cli/text.h"
#include "node/util/clock.h"

#define BAR_COLUMNS 30
#define LINE_INTERVAL_MS 1000

void progress_open(struct progress *progress)
{
    *progress = (struct progress){.terminal = isatty(STDOUT_FILENO)};
}

static int label_columns(void)
{
    struct winsize size;
    int columns =
        ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
    int room = columns - BAR_COLUMNS - 12;
    return room > 10 ? room : 10;
}

static void draw(struct progress *progress)
{
    static const char full[] = "##############################";
    static const char empty[] = "------------------------------";
    int filled = progress->permille * BAR_COLUMNS / 1000;
    printf("\r\x1b[K[%.*s%.*s] %3d %%  ", filled, full, BAR_COLUMNS - filled, empty,
        progress->permille / 10);
    text_print(stdout, progress->label, label_columns(), 0);
    fflush(stdout);
    progress->shown = true;
}

static void print_line(struct progress *progress, int permille)
{
    int64_t now_ms = clock_mono_ms();
    if (permille / 100 <= progress->permille / 100 || permille >= 1000 ||
        now_ms - progress->line_ms < LINE_INTERVAL_MS)
        return;
    text_print(stdout, progress->label, 0, 0);
    printf(": %d %%\n", permille / 100 * 10);
    fflush(stdout);
    progress->permille = permille;
    progress->line_ms = now_ms;
}

static void draw_again(struct progress *progress, int permille)
{
    bool same = progress->shown && permille / 10 == progress->permille / 10;
    progress->permille = permille;
    if (!same)
        draw(progress);
}

void progress_update(struct progress *progress, const char *label, int permille)
{
    int bounded = permille < 0 ? 0 : permille > 1000 ? 1000 : permille;
    if (strcmp(progress->label, label) != 0) {
        snprintf(progress->label, sizeof(progress->label), "%s", label);
        progress->permille = -1;
        progress->line_ms = clock_mono_ms();
    }
    if (progress->terminal)
        draw_again(progress, bounded);
    else
        print_line(progress, bounded);
}

void progress_clear(struct progress *progress)
{
    if (progress->shown)
        fputs("\r\x1b[K", stdout);
    progress->shown = false;
    fflush(stdout);
}
