/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/cleanup.h"
#include "core/base/hash.h"
#include "core/base/log.h"
#include "core/journal/journal.h"
#include "core/journal/record.h"

static char folder[PATH_MAX];
static struct journal *journal;

static int start(void **state)
{
    (void)state;
    (void)stpcpy(folder, "/tmp/algofs-test-journal.XXXXXX");
    return mkdtemp(folder) == NULL || journal_open(folder, &journal) < 0 ? -1 : 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int end(void **state)
{
    (void)state;
    journal_close(journal);
    return nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static void reopen(void)
{
    journal_close(journal);
    assert_int_equal(journal_open(folder, &journal), 0);
}

static struct journal_intent intent_of(const char *path)
{
    return (struct journal_intent){
        .kind = JOURNAL_WRITE,
        .flags = JOURNAL_BASE | JOURNAL_FAILED,
        .error = EIO,
        .device = 7,
        .inode = 0x123456789abcdef,
        .birth_s = -5,
        .birth_ns = 999999999,
        .since_s = 1700000000,
        .path = path,
        .to = "",
        .why = "the server failed",
    };
}

struct seen {
    unsigned count;
    uint64_t last_id;
    char path[PATH_MAX];
};

static int see(void *context, const struct journal_intent *intent)
{
    struct seen *seen = context;
    assert_true(intent->id > seen->last_id); /* oldest first */
    seen->last_id = intent->id;
    seen->count++;
    (void)snprintf(seen->path, sizeof(seen->path), "%s", intent->path);
    return 0;
}

static struct seen look(void)
{
    struct seen seen = { .count = 0 };
    assert_int_equal(journal_each(journal, see, &seen), 0);
    return seen;
}

static void name_of(uint64_t id, const char *suffix, char path[PATH_MAX])
{
    assert_true(snprintf(path, PATH_MAX, "%s/journal/%016llx%s", folder, (unsigned long long)id,
                    suffix) < PATH_MAX);
}

static size_t read_file(const char *path, char *bytes, size_t size)
{
    CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    ssize_t len = read(fd, bytes, size);
    assert_true(len >= 0);
    return (size_t)len;
}

static void write_file(const char *path, const char *bytes, size_t len)
{
    CLEANUP_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), len);
}

static bool is_there(const char *relative)
{
    char path[PATH_MAX * 2];
    (void)snprintf(path, sizeof(path), "%s/journal/%s", folder, relative);
    return access(path, F_OK) == 0;
}

static int check_equal(void *context, const struct journal_intent *got)
{
    const struct journal_intent *want = context;
    assert_int_equal(got->id, want->id);
    assert_int_equal(got->kind, want->kind);
    assert_int_equal(got->flags, want->flags);
    assert_int_equal(got->error, want->error);
    assert_int_equal(got->device, want->device);
    assert_int_equal(got->inode, want->inode);
    assert_int_equal(got->birth_s, want->birth_s);
    assert_int_equal(got->birth_ns, want->birth_ns);
    assert_int_equal(got->since_s, want->since_s);
    assert_string_equal(got->path, want->path);
    assert_string_equal(got->to, want->to);
    assert_string_equal(got->why, want->why);
    return 0;
}

static void intents_survive(void **state)
{
    (void)state;
    struct journal_intent intent = intent_of("data/u/c/f");
    assert_int_equal(journal_put(journal, &intent, false), 0);
    assert_true(intent.id > 0);
    reopen();
    assert_int_equal(journal_each(journal, check_equal, &intent), 0);
    assert_int_equal(journal_count(journal), 1);
    intent.kind = JOURNAL_RENAME;
    intent.path = "data/u/c/\n\xff";
    intent.to = "data/u/c/new";
    intent.why = "";
    assert_int_equal(journal_put(journal, &intent, true), 0);
    reopen();
    assert_int_equal(journal_each(journal, check_equal, &intent), 0);
    assert_int_equal(journal_count(journal), 1);
    struct journal_intent other = intent_of("data/u/c/g");
    assert_int_equal(journal_put(journal, &other, false), 0);
    assert_true(other.id > intent.id);
    assert_int_equal(look().count, 2);
    journal_drop(journal, intent.id);
    journal_drop(journal, intent.id);
    assert_int_equal(look().count, 1);
    assert_int_equal(journal_count(journal), 1);
}

/* Each shorter file, and each with one bit wrong, is set aside and seen by nobody. */
static void damaged_intents_are_set_aside(void **state)
{
    (void)state;
    char path[PATH_MAX];
    char aside[64];
    char bytes[RECORD_MAX];
    struct journal_intent intent = intent_of("data/u/c/f");
    assert_int_equal(journal_put(journal, &intent, false), 0);
    name_of(intent.id, "", path);
    (void)snprintf(aside, sizeof(aside), "damaged/%016llx", (unsigned long long)intent.id);
    size_t len = read_file(path, bytes, sizeof(bytes));
    for (size_t cut = 0; cut < len; cut++) {
        write_file(path, bytes, cut);
        reopen();
        assert_int_equal(look().count, 0);
        assert_true(is_there(aside));
        assert_int_equal(journal_count(journal), 0);
    }
    for (size_t bit = 0; bit < len * 8; bit++) {
        bytes[bit / 8] ^= (char)(1 << bit % 8);
        write_file(path, bytes, len);
        reopen();
        assert_int_equal(look().count, 0);
        bytes[bit / 8] ^= (char)(1 << bit % 8);
    }
    bytes[len] = 'x';
    write_file(path, bytes, len + 1);
    assert_int_equal(look().count, 0);
    write_file(path, bytes, len);
    assert_int_equal(look().count, 1);
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)(i * 2654435761u >> 11);
    write_file(path, bytes, sizeof(bytes));
    assert_int_equal(look().count, 0);
}

static void other_versions_are_set_aside(void **state)
{
    (void)state;
    char path[PATH_MAX];
    char bytes[RECORD_MAX];
    struct journal_intent intent = intent_of("data/u/c/f");
    assert_int_equal(journal_put(journal, &intent, false), 0);
    name_of(intent.id, "", path);
    size_t len = read_file(path, bytes, sizeof(bytes));
    bytes[4] = 2; /* the version; and its checksum is right */
    memset(bytes + 16, 0, 8);
    uint64_t checksum = hash_bytes(bytes, len);
    memcpy(bytes + 16, &checksum, sizeof(checksum));
    assert_int_equal(record_decode(bytes, len, &intent), -EPROTONOSUPPORT);
    write_file(path, bytes, len);
    reopen();
    assert_int_equal(look().count, 0);
    assert_true(is_there("damaged/0000000000000001"));
}

static void leftovers_are_removed_and_strangers_kept(void **state)
{
    (void)state;
    char path[PATH_MAX];
    struct journal_intent intent = intent_of("data/u/c/f");
    assert_int_equal(journal_put(journal, &intent, false), 0);
    name_of(intent.id, ".new", path); /* a put that was killed before its rename */
    write_file(path, "half", 4);
    name_of(99, "", path);
    (void)stpcpy(strrchr(path, '/'), "/notes");
    write_file(path, "somebody's", 10);
    reopen();
    assert_int_equal(look().count, 1);
    assert_false(is_there("0000000000000001.new"));
    assert_true(is_there("damaged/notes"));
}

/* A child puts the same intent again and again and is killed: one of its versions is there. */
static void killed_puts_leave_one_or_the_other(void **state)
{
    (void)state;
    struct journal_intent intent = intent_of("data/u/c/0");
    assert_int_equal(journal_put(journal, &intent, false), 0);
    for (unsigned round = 0; round < 20; round++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            char path[64];
            for (unsigned i = 0;; i++) {
                (void)snprintf(path, sizeof(path), "data/u/c/%u", i);
                intent.path = path;
                if (journal_put(journal, &intent, i % 7 == 0) < 0)
                    _exit(1);
            }
        }
        (void)usleep(2000 + round * 300);
        assert_int_equal(kill(child, SIGKILL), 0);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        reopen();
        struct seen seen = look();
        assert_int_equal(seen.count, 1);
        assert_memory_equal(seen.path, "data/u/c/", 9);
    }
}

static void *put_many(void *argument)
{
    (void)argument;
    for (unsigned i = 0; i < 50; i++) {
        struct journal_intent intent = intent_of("data/u/c/f");
        assert_int_equal(journal_put(journal, &intent, false), 0);
        if (i % 2 == 0)
            journal_drop(journal, intent.id);
    }
    return NULL;
}

static void threads_may_put_at_once(void **state)
{
    (void)state;
    pthread_t threads[4];
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, put_many, NULL), 0);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(journal_count(journal), 100);
    assert_int_equal(look().count, 100);
}

static void long_strings_are_refused(void **state)
{
    (void)state;
    CLEANUP_FREE char *path = malloc(RECORD_MAX + 1);
    assert_non_null(path);
    memset(path, 'x', RECORD_MAX);
    path[RECORD_MAX] = '\0';
    struct journal_intent intent = intent_of(path);
    assert_int_equal(journal_put(journal, &intent, false), -ENAMETOOLONG);
    assert_int_equal(journal_count(journal), 0);
}

static void no_folder_is_an_error(void **state)
{
    (void)state;
    struct journal *none;
    assert_int_equal(journal_open("/nonexistent/folder", &none), -ENOENT);
    journal_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(intents_survive, start, end),
        cmocka_unit_test_setup_teardown(damaged_intents_are_set_aside, start, end),
        cmocka_unit_test_setup_teardown(other_versions_are_set_aside, start, end),
        cmocka_unit_test_setup_teardown(leftovers_are_removed_and_strangers_kept, start, end),
        cmocka_unit_test_setup_teardown(killed_puts_leave_one_or_the_other, start, end),
        cmocka_unit_test_setup_teardown(threads_may_put_at_once, start, end),
        cmocka_unit_test_setup_teardown(long_strings_are_refused, start, end),
        cmocka_unit_test_setup_teardown(no_folder_is_an_error, start, end),
    };
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    log_init(null < 0 ? STDERR_FILENO : null, NULL); /* each damaged one is logged */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
