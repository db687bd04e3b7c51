/* SPDX-License-Identifier: MIT */
#include "wrappers/run-report.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/client/report.h"
#include "wrappers/say.h"

#define NAME_STEM "run."
enum { NAMES_SHOWN = 8, LINE_SIZE = (NAMES_SHOWN + 1) * (REPORT_NAME + 32) };

struct run_report {
    struct report_file *file;
    bool counting;
    char path[PATH_MAX];
    char value[PATH_MAX + 1]; /* of ALGOFS_REPORT */
};

/* Files of algofs-runs that were killed. */
static void remove_stale(const char *cache)
{
    DIR *dir = opendir(cache);
    struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        char *end;
        char path[PATH_MAX];
        if (strncmp(entry->d_name, NAME_STEM, strlen(NAME_STEM)) != 0)
            continue;
        long pid = strtol(entry->d_name + strlen(NAME_STEM), &end, 10);
        bool gone = *end == '\0' && pid > 0 && kill((pid_t)pid, 0) < 0 && errno == ESRCH;
        if (gone && snprintf(path, sizeof(path), "%s/%s", cache, entry->d_name) < (int)sizeof(path))
            (void)unlink(path); /* else the next run tries again */
    }
    if (dir != NULL)
        (void)closedir(dir);
}

static int make_file(struct run_report *report)
{
    (void)unlink(report->path); /* of an earlier process of our number */
    CLEANUP_CLOSE int fd = open(report->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    /* The whole of it: on a disk that fills up, a hole would be a SIGBUS in whichever program notes something. */
    int rc = -posix_fallocate(fd, 0, sizeof(*report->file));
    if (rc < 0)
        return rc;
    void *at = mmap(NULL, sizeof(*report->file), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED)
        return -errno;
    report->file = at;
    report->file->magic = REPORT_MAGIC;
    return 0;
}

int run_report_start(const char *cache, bool counting, struct run_report **ret_report)
{
    remove_stale(cache);
    struct run_report *report = calloc(1, sizeof(*report));
    if (report == NULL)
        return -ENOMEM;
    report->counting = counting;
    int rc = 0;
    if (snprintf(report->path, sizeof(report->path), "%s/%s%ld", cache, NAME_STEM, (long)getpid()) >=
        (int)sizeof(report->path))
        rc = -ENAMETOOLONG;
    if (rc == 0)
        rc = make_file(report);
    (void)snprintf(report->value, sizeof(report->value), "%s%s", counting ? "+" : "", report->path);
    if (rc == 0 && setenv("ALGOFS_REPORT", report->value, 1) < 0)
        rc = -ENOMEM;
    if (rc < 0) {
        (void)unlink(report->path); /* perhaps it was not made */
        free(report);
        return rc;
    }
    report_setup(report->value); /* for the command itself, which this process execs */
    *ret_report = report;
    return 0;
}

static const char *why(uint32_t reason)
{
    static const char *const words[] = { "?", "static", "setuid", "other architecture" };
    return reason < sizeof(words) / sizeof(words[0]) ? words[reason] : words[0];
}

static bool is_ready(_Atomic uint32_t *state)
{
    return atomic_load(state) == 2;
}

static void say_escapes(struct report_file *file, const char *prefix)
{
    char line[LINE_SIZE];
    size_t len = 0;
    unsigned more = atomic_load(&file->lost_escapes);
    unsigned shown = 0;
    for (int i = 0; i < REPORT_ESCAPES; i++) {
        struct report_escape *escape = &file->escapes[i];
        if (!is_ready(&escape->state))
            continue;
        if (shown == NAMES_SHOWN) {
            more++;
            continue;
        }
        len += (size_t)snprintf(line + len, sizeof(line) - len, "%s%.*s (%s)", shown++ > 0 ? ", " : "",
            REPORT_NAME - 1, escape->name, why(escape->reason));
    }
    if (shown > 0 && more > 0)
        say("ran without seeing %s: %s, and %u more", prefix, line, more);
    else if (shown > 0)
        say("ran without seeing %s: %s", prefix, line);
}

static void say_counts(struct report_file *file, const char *prefix)
{
    static const char *const headings[] = {
#define HEADING(name, heading) heading,
        REPORT_FAMILIES(HEADING)
#undef HEADING
    };
    char line[REPORT_FAMILY_COUNT * 24];
    size_t len = 0;
    for (int i = 0; i < REPORT_FAMILY_COUNT; i++)
        len += (size_t)snprintf(line + len, sizeof(line) - len, " %9s", headings[i]);
    say("report: calls below %s by program", prefix);
    say("%10s%s  program", "processes", line);
    for (int i = 0; i < REPORT_PROGRAMS; i++) {
        struct report_program *program = &file->programs[i];
        if (!is_ready(&program->state))
            continue;
        len = 0;
        for (int f = 0; f < REPORT_FAMILY_COUNT; f++)
            len += (size_t)snprintf(line + len, sizeof(line) - len, " %9llu",
                (unsigned long long)atomic_load(&program->counts[f]));
        say("%10llu%s  %.*s", (unsigned long long)atomic_load(&program->processes), line, REPORT_NAME - 1,
            program->name);
    }
    if (atomic_load(&file->lost_programs) > 0)
        say("and %u processes of further programs", atomic_load(&file->lost_programs));
}

void run_report_end(struct run_report *report, const char *prefix)
{
    if (report == NULL)
        return;
    say_escapes(report->file, prefix);
    if (report->counting)
        say_counts(report->file, prefix);
    (void)munmap(report->file, sizeof(*report->file)); /* a mapping of ours: cannot fail */
    (void)unlink(report->path);                        /* else the next run removes it */
    free(report);
}
