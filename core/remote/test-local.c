/* SPDX-License-Identifier: MIT */
/* The local remote beside its contract: that nothing leaves the directory, and what uploads leave. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/cleanup.h"
#include "core/remote/local.h"

static const char leftover[] = ".algofs-upload.0123456789abcdef";

struct served {
    char outside[512]; /* holds `root` and a secret */
    char root[600];
    int root_fd;
    struct remote *remote;
};

static void make_file(int dir, const char *name, const char *text)
{
    CLEANUP_CLOSE int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static int set_up(void **state)
{
    const char *tmp = getenv("TMPDIR");
    struct served *served = calloc(1, sizeof(*served));
    assert_non_null(served);
    (void)snprintf(served->outside, sizeof(served->outside), "%s/algofs-local.XXXXXX",
        tmp == NULL || *tmp == '\0' ? "/tmp" : tmp);
    assert_non_null(mkdtemp(served->outside));
    (void)snprintf(served->root, sizeof(served->root), "%s/root", served->outside);
    assert_int_equal(mkdir(served->root, 0755), 0);
    served->root_fd = open(served->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(served->root_fd >= 0);
    make_file(served->root_fd, "../secret", "secret");
    served->remote = local_new(served->root);
    assert_non_null(served->remote);
    *state = served;
    return 0;
}

static int tear_down(void **state)
{
    struct served *served = *state;
    char command[1024];
    remote_free(served->remote);
    (void)close(served->root_fd);
    (void)snprintf(command, sizeof(command), "%s/secret", served->outside);
    assert_int_equal(unlink(command), 0);
    struct remote *all = local_new(served->outside);
    struct remote_call call = { 0 };
    assert_int_equal(remote_remove(all, &call, "root", REMOTE_REMOVE_TREE), 0);
    remote_free(all);
    assert_int_equal(rmdir(served->outside), 0);
    free(served);
    return 0;
}

static int ignore_data(void *context, uint64_t offset, const void *bytes, size_t len)
{
    (void)offset, (void)bytes;
    *(size_t *)context += len;
    return 0;
}

static int read_all(struct served *served, const char *path)
{
    struct remote_call call = { 0 };
    size_t got = 0;
    const struct remote_read_sink sink = { .context = &got, .data = ignore_data };
    int rc = remote_read(served->remote, &call, path, 0, UINT64_MAX, &sink);
    assert_true(rc == 0 || got == 0);
    return rc;
}

static int put(struct served *served, const char *path)
{
    struct remote_call call = { 0 };
    CLEANUP_CLOSE int fd = memfd_create("put", MFD_CLOEXEC);
    assert_int_equal(write(fd, "mine", 4), 4);
    const struct remote_write_source source = { .fd = fd, .size = 4 };
    return remote_write(served->remote, &call, path, &source, NULL);
}

struct names {
    unsigned count;
    char last[256];
    struct remote_entry entry;
};

static int count_name(
    void *context, const char *name, size_t len, const struct remote_entry *entry)
{
    struct names *names = context;
    names->count++;
    (void)snprintf(names->last, sizeof(names->last), "%.*s", (int)len, name);
    names->entry = *entry;
    return 0;
}

static struct names list(struct served *served, const char *path)
{
    struct remote_call call = { 0 };
    struct names names = { 0 };
    assert_int_equal(remote_list(served->remote, &call, path, count_name, &names), 0);
    return names;
}

static void assert_secret(struct served *served)
{
    char text[16] = "";
    CLEANUP_CLOSE int fd = openat(served->root_fd, "../secret", O_RDONLY | O_CLOEXEC);
    assert_int_equal(read(fd, text, sizeof(text) - 1), 6);
    assert_string_equal(text, "secret");
}

static void test_stays_inside(void **state)
{
    static const char *const ways[] = { "../secret", "out/secret", "absolute/etc/passwd", "link",
        "sub/../../secret", "/etc/passwd", "sub/..", "." };
    struct served *served = *state;
    struct remote_call call = { 0 };
    struct remote_entry entry;
    assert_int_equal(symlinkat("..", served->root_fd, "out"), 0);
    assert_int_equal(symlinkat("/", served->root_fd, "absolute"), 0);
    assert_int_equal(symlinkat("../secret", served->root_fd, "link"), 0);
    assert_int_equal(mkdirat(served->root_fd, "sub", 0755), 0);
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        assert_true(read_all(served, ways[i]) < 0);
        if (strcmp(ways[i], "link") == 0)
            continue; /* writing replaces the link itself: below */
        assert_true(put(served, ways[i]) < 0);
        assert_true(remote_remove(served->remote, &call, ways[i], REMOTE_REMOVE_FILE) < 0);
        assert_true(remote_rename(served->remote, &call, ways[i], "caught") < 0);
        assert_true(remote_link(served->remote, &call, ways[i], "caught") < 0);
        assert_true(remote_copy(served->remote, &call, ways[i], "caught", NULL) < 0);
    }
    assert_int_equal(remote_probe(served->remote, &call, "caught", &entry), -ENOENT);
    assert_true(remote_copy(served->remote, &call, "link", "caught", NULL) < 0);
    assert_int_equal(put(served, "link"), 0);
    assert_int_equal(remote_probe(served->remote, &call, "link", &entry), 0);
    assert_false(entry.is_symlink);
    assert_int_equal(entry.size, 4);
    assert_secret(served);
    /* Removing a tree does not follow what is in it, either. */
    assert_int_equal(symlinkat("../../secret", served->root_fd, "sub/link"), 0);
    assert_int_equal(symlinkat("../..", served->root_fd, "sub/up"), 0);
    assert_int_equal(remote_remove(served->remote, &call, "sub", REMOTE_REMOVE_TREE), 0);
    assert_secret(served);
}

/* Attributes through a link: of the link, or nobody's. */
static void test_attributes_of_link(void **state)
{
    struct served *served = *state;
    struct remote_call call = { 0 };
    struct stat before, after;
    const struct remote_attributes given = {
        .valid = REMOTE_SET_MODE | REMOTE_SET_MTIME, .mode = 0600, .mtime = { 1000000000, 0 }
    };
    assert_int_equal(symlinkat("../secret", served->root_fd, "link"), 0);
    assert_int_equal(fstatat(served->root_fd, "../secret", &before, 0), 0);
    assert_int_equal(remote_set_attributes(served->remote, &call, "link", &given, NULL), 0);
    assert_int_equal(fstatat(served->root_fd, "../secret", &after, 0), 0);
    assert_int_equal(after.st_mode, before.st_mode);
    assert_int_equal(after.st_mtim.tv_sec, before.st_mtim.tv_sec);
    assert_int_equal(fstatat(served->root_fd, "link", &after, AT_SYMLINK_NOFOLLOW), 0);
    assert_int_equal(after.st_mtim.tv_sec, 1000000000);
    assert_true(remote_xattr_set(served->remote, &call, "link", "user.a", "x", 1, 0) < 0);
}

/* What is neither file, directory nor link is not there, and nobody waits for it. */
static void test_other_kinds(void **state)
{
    struct served *served = *state;
    struct remote_call call = { 0 };
    struct remote_entry entry;
    assert_int_equal(mkfifoat(served->root_fd, "pipe", 0644), 0);
    assert_int_equal(list(served, "").count, 0);
    assert_int_equal(remote_probe(served->remote, &call, "pipe", &entry), -ENOENT);
    assert_int_equal(read_all(served, "pipe"), -ENOENT);
}

/* An upload under way is seen by nobody and left alone; what a crash left goes. */
static void test_leftovers(void **state)
{
    struct served *served = *state;
    struct remote_call call = { 0 };
    struct remote_entry entry;
    make_file(served->root_fd, leftover, "half of it");
    make_file(served->root_fd, ".algofs-upload.not-ours", "a user's");
    {
        CLEANUP_CLOSE int busy = openat(served->root_fd, leftover, O_RDWR | O_CLOEXEC);
        assert_int_equal(flock(busy, LOCK_EX), 0);
        struct names names = list(served, "");
        assert_int_equal(names.count, 1);
        assert_string_equal(names.last, ".algofs-upload.not-ours");
        assert_int_equal(remote_probe(served->remote, &call, leftover, &entry), -ENOENT);
        assert_true(put(served, leftover) < 0);
        assert_true(remote_make_dir(served->remote, &call, leftover) < 0);
        assert_int_equal(faccessat(served->root_fd, leftover, F_OK, 0), 0);
    }
    assert_int_equal(list(served, "").count, 1);
    assert_int_equal(faccessat(served->root_fd, leftover, F_OK, 0), -1);
    /* A directory that holds nothing else is empty. */
    char below[64];
    (void)snprintf(below, sizeof(below), "dir/%s", leftover);
    assert_int_equal(mkdirat(served->root_fd, "dir", 0755), 0);
    make_file(served->root_fd, below, "half of it");
    assert_int_equal(remote_remove(served->remote, &call, "dir", REMOTE_REMOVE_EMPTY_DIR), 0);
}

/* A failed upload leaves nothing. */
static void test_failed_upload(void **state)
{
    struct served *served = *state;
    struct remote_call call = { 0 };
    CLEANUP_CLOSE int fd = memfd_create("short", MFD_CLOEXEC);
    const struct remote_write_source source = { .fd = fd, .size = 10 };
    assert_int_equal(remote_write(served->remote, &call, "file", &source, NULL), -ESTALE);
    assert_int_equal(list(served, "").count, 0);
    assert_int_equal(rmdir(served->root), 0); /* so it is empty */
    assert_int_equal(mkdir(served->root, 0755), 0);
}

/* Changed in the middle: an error, never a mixture. */
struct changing {
    struct served *served;
    size_t got;
};

static int change_data(void *context, uint64_t offset, const void *bytes, size_t len)
{
    struct changing *changing = context;
    (void)bytes;
    if (offset == 0)
        make_file(changing->served->root_fd, "big", "short now");
    changing->got += len;
    return 0;
}

static void test_changed_while_read(void **state)
{
    struct served *served = *state;
    struct remote_call call = { 0 };
    make_file(served->root_fd, "big", "");
    CLEANUP_CLOSE int fd = openat(served->root_fd, "big", O_RDWR | O_CLOEXEC);
    assert_int_equal(ftruncate(fd, 4 << 20), 0);
    struct changing changing = { served, 0 };
    const struct remote_read_sink sink = { .context = &changing, .data = change_data };
    assert_int_equal(
        remote_read(served->remote, &call, "big", 0, UINT64_MAX, &sink), -ESTALE);
    assert_true(changing.got < 4 << 20);
}

static void test_no_directory(void **state)
{
    struct served *served = *state;
    char path[700];
    (void)snprintf(path, sizeof(path), "%s/secret", served->outside);
    assert_null(local_new(path));
    assert_int_equal(errno, ENOTDIR);
    (void)snprintf(path, sizeof(path), "%s/none", served->outside);
    assert_null(local_new(path));
    assert_int_equal(errno, ENOENT);
}

#define LOCAL_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOCAL_TEST(test_stays_inside),
        LOCAL_TEST(test_attributes_of_link),
        LOCAL_TEST(test_other_kinds),
        LOCAL_TEST(test_leftovers),
        LOCAL_TEST(test_failed_upload),
        LOCAL_TEST(test_changed_while_read),
        LOCAL_TEST(test_no_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
