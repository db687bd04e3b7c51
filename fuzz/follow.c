/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: preload/follow.c against the kernel. The bytes become a path over the names of a small tree with
 * links, "." and ".."; the kernel resolves it where the prefix is a real folder, follow_path where it is a tree
 * elsewhere; both must end in the same place, or fail alike.
 *
 *     make fuzz                      a bounded run over random bytes
 *     build/fuzz/follow FILE…        the inputs of a corpus, or of a failure
 *
 * LLVMFuzzerTestOneInput is libFuzzer's entry: clang -fsanitize=fuzzer -DFUZZ_ENGINE links it instead of main.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/client/door.h"
#include "core/client/session.h"
#include "preload/cwd.h"
#include "preload/follow.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static char top[64];
static char prefix[128]; /* a real folder for the kernel */
static struct session session;

/* ---- What follow.c asks of the rest: an agent that has everything ---- */

const char *session_prefix(size_t *ret_len) { *ret_len = strlen(prefix); return prefix; }
const struct session *session_current(void) { return &session; }
int session_get(const struct session **ret_session) { *ret_session = &session; return 0; }
unsigned cwd_moves(void) { return 0; }
int door_ensure(const char *path, size_t len, enum wire_wanted wanted)
{
    (void)path, (void)len, (void)wanted;
    return 0;
}
int cwd_path(char *out, size_t size, size_t *ret_len)
{
    (void)out, (void)size, (void)ret_len;
    return -ENOENT; /* the working directory is outside */
}

/* ---- The tree ---- */

static void make(const char *root, const char *name, const char *link)
{
    char path[256];
    char text[256];
    snprintf(path, sizeof(path), "%s/%s", root, name);
    if (link != NULL) {
        snprintf(text, sizeof(text), link, prefix);
        if (symlink(text, path) < 0)
            perror(path);
    } else if (strchr(name, '.') != NULL) {
        int fd = open(path, O_CREAT | O_WRONLY, 0644);
        if (fd < 0 || close(fd) < 0)
            perror(path);
    } else if (mkdir(path, 0755) < 0) {
        perror(path);
    }
}

static void make_inside(const char *root)
{
    static const char *const entries[] = { "a", "a/b", "a/b/f.x", "f.x", "c" };
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
        make(root, entries[i], NULL);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *place)
{
    (void)st, (void)type, (void)place;
    return remove(path);
}

static void remove_all(void)
{
    (void)!chdir("/");
    (void)nftw(top, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static void set_up(void)
{
    static const char *const links[][2] = { { "out/abs", "%s/a" }, { "out/whole", "%s" }, { "out/rel", "../algo/a/b" },
        { "out/file", "%s/f.x" }, { "out/slash", "%s/a/" }, { "out/dots", "%s/a/b/../../c/." }, { "out/loop", "loop" },
        { "out/self", "." }, { "out/chain", "abs/b" }, { "out/gone", "%s/none" }, { "out/d/up", "../abs" },
        { "out/down", "%s/../out/d" } };
    memcpy(top, "/tmp/algofs-fuzz.XXXXXX", 24);
    if (mkdtemp(top) == NULL || chdir(top) < 0)
        abort();
    atexit(remove_all);
    snprintf(prefix, sizeof(prefix), "%s/algo", top);
    snprintf(session.tree, sizeof(session.tree), "%s/0123456789ab", top);
    session.tree_len = strlen(session.tree);
    make(top, "algo", NULL);
    make(top, "0123456789ab", NULL);
    make(top, "out", NULL);
    make(top, "out/d", NULL);
    make(top, "out/g.x", NULL);
    make_inside(prefix);
    make_inside(session.tree);
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
        make(top, links[i][0], links[i][1]);
    if (chdir("out") < 0)
        abort();
}

/* ---- One path ---- */

static void spell(const uint8_t *bytes, size_t size, char out[PATH_MAX])
{
    static const char *const names[] = { "a", "b", "c", "f.x", "g.x", "d", "algo", "out", "abs", "whole", "rel", "file",
        "slash", "dots", "loop", "self", "chain", "gone", "up", "down", "none", ".", "..", "..", "", "..." };
    size_t len = 0;
    if (size > 0 && bytes[0] % 2 == 1)
        len = (size_t)snprintf(out, PATH_MAX, "%s/", top);
    for (size_t i = 1; i < size && len < PATH_MAX - 64; i++) {
        const char *name = names[bytes[i] % (sizeof(names) / sizeof(names[0]))];
        len += (size_t)snprintf(out + len, PATH_MAX - len, "%s%s", name, i + 1 < size || bytes[0] % 4 > 1 ? "/" : "");
    }
    out[len] = '\0';
}

/* Where the kernel ends: a path without links, or -errno. */
static int by_kernel(const char *path, bool follow, char out[PATH_MAX])
{
    char link[64];
    int fd = open(path, O_PATH | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW));
    if (fd < 0)
        return -errno;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t got = readlink(link, out, PATH_MAX - 1);
    close(fd);
    out[got < 0 ? 0 : got] = '\0';
    return got < 0 ? -errno : 0;
}

/* The same by follow_path, and then what the real call would say of the place in the tree. */
static int by_us(const char *path, bool follow, char out[PATH_MAX])
{
    struct follow f;
    char native[2 * PATH_MAX];
    char there[PATH_MAX];
    int rc = follow_path(&f, AT_FDCWD, path, follow ? FOLLOW_ALWAYS : FOLLOW_SLASH);
    if (rc < 0)
        return rc;
    size_t prefix_len = strlen(prefix);
    if (f.inside)
        snprintf(native, sizeof(native), "%s%s", session.tree, f.path + prefix_len);
    rc = by_kernel(f.inside ? native : f.path, follow, there);
    if (rc < 0)
        return rc;
    if (f.inside)
        snprintf(out, PATH_MAX, "%s%s", prefix, there + session.tree_len);
    else
        memcpy(out, there, strlen(there) + 1);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static bool ready;
    char path[PATH_MAX];
    if (!ready)
        set_up();
    ready = true;
    spell(bytes, size, path);
    for (int follow = 0; follow < 2; follow++) {
        char want[PATH_MAX] = "";
        char got[PATH_MAX] = "";
        int want_rc = by_kernel(path, follow, want);
        int got_rc = by_us(path, follow, got);
        if (want_rc == got_rc && strcmp(want, got) == 0)
            continue;
        fprintf(stderr, "\"%s\"%s: the kernel %d \"%s\", we %d \"%s\"\n", path, follow ? "" : " (itself)", want_rc,
            want, got_rc, got);
        abort();
    }
    return 0;
}

#ifndef FUZZ_ENGINE
static void run_file(const char *name)
{
    uint8_t bytes[256];
    FILE *file = fopen(name, "rb");
    if (file == NULL) {
        perror(name);
        exit(2);
    }
    size_t size = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    (void)LLVMFuzzerTestOneInput(bytes, size);
}

int main(int argc, char **argv)
{
    const char *runs = getenv("RUNS");
    const char *seed = getenv("SEED");
    uint64_t state = seed == NULL ? 1 : strtoull(seed, NULL, 10);
    for (int i = 1; i < argc; i++)
        run_file(argv[i]);
    long count = argc > 1 ? 0 : runs == NULL ? 20000 : strtol(runs, NULL, 10);
    for (long i = 0; i < count; i++) {
        uint8_t bytes[12];
        for (size_t k = 0; k < sizeof(bytes); k++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            bytes[k] = (uint8_t)(state >> 56);
        }
        (void)LLVMFuzzerTestOneInput(bytes, 2 + bytes[11] % 9);
    }
    printf("%ld random paths, the kernel and we agree\n", count);
    return 0;
}
#endif
