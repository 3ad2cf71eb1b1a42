/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/cli/progress.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "node/cli/text.h"

#define BAR_COLUMNS 30

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

static void print_line(const struct progress *progress)
{
    text_print(stdout, progress->label, 0, 0);
    printf(": %d %%\n", progress->permille / 100 * 10);
    fflush(stdout);
}

void progress_update(struct progress *progress, const char *label, int permille)
{
    bool new_label = strcmp(progress->label, label) != 0;
    if (new_label) {
        snprintf(progress->label, sizeof progress->label, "%s", label);
        progress->permille = 0;
    }
    int before = progress->permille;
    progress->permille = permille < 0 ? 0 : permille > 1000 ? 1000 : permille;
    if (progress->terminal) {
        if (new_label || !progress->shown || progress->permille / 10 != before / 10)
            draw(progress);
    } else if (progress->permille / 100 > before / 100 && progress->permille < 1000) {
        print_line(progress);
    }
}

void progress_clear(struct progress *progress)
{
    if (progress->shown)
        fputs("\r\x1b[K", stdout);
    progress->shown = false;
    fflush(stdout);
}
