/* SPDX-License-Identifier: MIT */
/*
 * Notes of multipart uploads in progress, one small file each in the state folder, so that the next
 * process can abort what a killed one left. The store's own list of uploads does not tell whose they
 * are; the notes do, and nobody else's upload is touched.
 *
 *     algofs-upload 1\n
 *     <pid> <start time of that process, of /proc/PID/stat>\n
 *     <origin> <bucket>\n
 *     <key, percent-encoded>\n
 *     <upload id, percent-encoded>\n
 *
 * A note is written under a name of its own and renamed, so it is whole. What belongs to a process that
 * still runs is left alone. Between the store's making of an upload and the note is one answer on its
 * way: a process killed just then leaves an upload without parts.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/log.h"
#include "core/remote/s3-internal.h"
#include "core/remote/url.h"

enum { NOTE_MAX = 8192, NAME_SIZE = 32 };

#define NOTE_HEAD "algofs-upload 1\n"
#define NOTE_SUFFIX ".upload"

struct s3_leftovers {
    char *folder;
    unsigned long long started; /* of this process */
};

/* Field 22 of /proc/PID/stat. 0: no such process. */
static unsigned long long process_started(long pid)
{
    char name[64], text[1024];
    (void)snprintf(name, sizeof(name), "/proc/%ld/stat", pid);
    CLEANUP_CLOSE int fd = open(name, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    if (len <= 0)
        return 0;
    text[len] = '\0';
    const char *at = strrchr(text, ')'); /* the name before it may hold anything */
    for (unsigned field = 2; at != NULL && field < 22; field++)
        at = strchr(at + 1, ' ');
    return at == NULL ? 0 : strtoull(at + 1, NULL, 10);
}

struct s3_leftovers *s3_leftovers_new(const char *state_dir)
{
    struct s3_leftovers *leftovers = calloc(1, sizeof(*leftovers));
    if (leftovers == NULL || (leftovers->folder = strdup(state_dir)) == NULL) {
        free(leftovers);
        return NULL;
    }
    leftovers->started = process_started((long)getpid());
    return leftovers;
}

void s3_leftovers_free(struct s3_leftovers *leftovers)
{
    if (leftovers == NULL)
        return;
    free(leftovers->folder);
    free(leftovers);
}

static int write_note(int folder, const char *name, const struct strbuf *note)
{
    char early[NAME_SIZE + 1];
    (void)snprintf(early, sizeof(early), "%s~", name);
    CLEANUP_CLOSE int fd =
        openat(folder, early, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -errno;
    ssize_t len = write(fd, note->buf, note->len);
    int rc = len == (ssize_t)note->len && renameat(folder, early, folder, name) == 0
                 ? 0
                 : (errno != 0 ? -errno : -EIO);
    if (rc < 0)
        (void)unlinkat(folder, early, 0); /* what stays is only litter */
    return rc;
}

int s3_leftovers_note(struct s3 *store, const char *key, const char *upload_id, char **ret_name)
{
    const struct s3_leftovers *leftovers = store->leftovers;
    CLEANUP_STRBUF struct strbuf note = STRBUF_INIT;
    uint64_t number = 0;
    if (leftovers == NULL)
        return 0;
    if (mkdir(leftovers->folder, 0700) < 0 && errno != EEXIST)
        return -errno;
    CLEANUP_CLOSE int folder = open(leftovers->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return -errno;
    CLEANUP_FREE char *name = malloc(NAME_SIZE);
    if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
        return -EIO;
    strbuf_addf(&note, NOTE_HEAD "%ld %llu\n%s %s\n", (long)getpid(), leftovers->started,
        store->origin, store->bucket);
    url_add_path(&note, key);
    strbuf_addch(&note, '\n');
    url_add_value(&note, upload_id);
    strbuf_addch(&note, '\n');
    if (note.failed || name == NULL)
        return -ENOMEM;
    (void)snprintf(name, NAME_SIZE, "%016" PRIx64 NOTE_SUFFIX, number); /* fits */
    int rc = write_note(folder, name, &note);
    if (rc == 0)
        *ret_name = TAKE(name);
    return rc;
}

static void forget(const struct s3_leftovers *leftovers, const char *name)
{
    CLEANUP_CLOSE int folder = open(leftovers->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0 && unlinkat(folder, name, 0) < 0 && errno != ENOENT)
        log_error("s3", "%s/%s cannot be removed: %s", leftovers->folder, name, strerror(errno));
}

void s3_leftovers_done(struct s3 *store, char *name)
{
    if (name != NULL)
        forget(store->leftovers, name);
    free(name);
}

/* --- what others left --- */

struct note {
    long pid;
    unsigned long long started;
    char *place, *key, *id; /* in the text */
};

/* Cuts the next line off; NULL when it is not whole. */
static char *next_line(char **text)
{
    char *line = *text, *end = strchr(line, '\n');
    if (end == NULL)
        return NULL;
    *end = '\0';
    *text = end + 1;
    return line;
}

static bool parse_note(char *text, struct note *ret_note)
{
    size_t head = sizeof(NOTE_HEAD) - 1;
    if (strncmp(text, NOTE_HEAD, head) != 0)
        return false;
    text += head;
    const char *process = next_line(&text);
    if (process == NULL || sscanf(process, "%ld %llu", &ret_note->pid, &ret_note->started) != 2)
        return false;
    ret_note->place = next_line(&text);
    ret_note->key = ret_note->place == NULL ? NULL : next_line(&text);
    ret_note->id = ret_note->key == NULL ? NULL : next_line(&text);
    if (ret_note->id == NULL)
        return false;
    (void)s3_page_decode(ret_note->key);
    (void)s3_page_decode(ret_note->id);
    return ret_note->key[0] != '\0' && ret_note->id[0] != '\0';
}

static void abort_one(struct s3 *store, int folder, const char *name)
{
    CLEANUP_STRBUF struct strbuf place = STRBUF_INIT;
    CLEANUP_FREE char *text = malloc(NOTE_MAX);
    CLEANUP_CLOSE int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t len = text == NULL || fd < 0 ? -1 : read(fd, text, NOTE_MAX - 1);
    struct note note;
    strbuf_addf(&place, "%s %s", store->origin, store->bucket);
    if (len < 0 || place.failed)
        return;
    text[len] = '\0';
    if (!parse_note(text, &note) || strcmp(note.place, place.buf) != 0 ||
        process_started(note.pid) == note.started)
        return;
    struct remote_call call = { .priority = REMOTE_WARM_UP,
        .cancel = &store->ending,
        .deadline_ms = store->policy.deadline_ms };
    int rc = s3_multipart_abort(store, &call, note.key, note.id);
    if (rc == 0) {
        log_info("s3", "an unfinished upload of '%s' by an earlier process is aborted", note.key);
        (void)unlinkat(folder, name, 0); /* left, it is aborted again: that is no error */
    } else if (rc != -ECANCELED) {
        log_error("s3", "an unfinished upload of '%s' could not be aborted: %s", note.key, call.why);
    }
}

void s3_leftovers_abort(void *argument)
{
    struct s3 *store = argument;
    CLEANUP_CLOSE int folder =
        open(store->leftovers->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CLEANUP_CLOSEDIR DIR *stream = opendir(store->leftovers->folder);
    const struct dirent *found;
    if (folder < 0 || stream == NULL) /* nothing was ever noted */
        return;
    while (!atomic_load(&store->ending) && (found = readdir(stream)) != NULL) {
        size_t len = strlen(found->d_name), tail = sizeof(NOTE_SUFFIX) - 1;
        if (len > tail && len < NAME_SIZE && strcmp(found->d_name + len - tail, NOTE_SUFFIX) == 0)
            abort_one(store, folder, found->d_name);
    }
}
