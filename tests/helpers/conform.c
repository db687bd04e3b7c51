/* SPDX-License-Identifier: MIT */
/*
 * conform DIR: what POSIX and the manual pages say of errors, call by call: each line is one call in DIR, an
 * empty folder, and its answer. The same must be printed for the prefix as for a plain folder. Nothing printed
 * depends on where DIR is. Calls that make what no remote can hold (links, FIFOs) are asked only where they fail.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>
#include <utime.h>

#pragma GCC diagnostic ignored "-Wnonnull" /* bad arguments are what this is about */
#pragma GCC diagnostic ignored "-Wstringop-overread"
#pragma GCC diagnostic ignored "-Wstringop-overflow"

static const char *dir;
static char *no_page;                /* an address that cannot be read */
static char long_name[NAME_MAX + 2]; /* one more than a name may have */
static char full_name[NAME_MAX + 1];
static char long_path[PATH_MAX + 64];
static char full_path[PATH_MAX]; /* PATH_MAX - 1 bytes: the longest there is, "./././…" */

static const char *at(const char *name)
{
    static char paths[8][2 * PATH_MAX];
    static int turn;
    turn = (turn + 1) % 8;
    snprintf(paths[turn], sizeof(paths[turn]), "%s/%s", dir, name);
    return paths[turn];
}

static void say(const char *what, const char *name, long rc)
{
    int error = errno;
    printf("%s(%.40s): ", what, name);
    if (rc >= 0)
        printf("ok\n");
    else
        printf("%s\n", strerrorname_np(error));
    errno = 0;
}

static void make_file(const char *name, const char *text)
{
    int fd = open(at(name), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || close(fd) < 0)
        say("make", name, -1);
}

static void make_tree(void)
{
    say("mkdir", "d", mkdir(at("d"), 0755));
    say("mkdir", "full", mkdir(at("full"), 0755));
    say("mkdir", "empty", mkdir(at("empty"), 0755));
    make_file("f", "hello");
    make_file("g", "there");
    make_file("full/x", "x");
}

/* Names that say the same for every call that looks one up. */
static const char *const names[] = { "none", "none/x", "f/x", "f/", "f/.", "f/..", "", "d", "d/", "d/.", "d/..",
    "full", "full/", "full/x", "full/x/", "none/", "none/.", "d//", ".", "..", "./", "/", "d/none", "d/none/",
    "full/../f", "full/x/../x", "none/../f", NULL };

struct call {
    const char *name;
    long (*run)(const char *path);
};

static long run_stat(const char *path) { struct stat st; return stat(path, &st); }
static long run_lstat(const char *path) { struct stat st; return lstat(path, &st); }
static long run_access(const char *path) { return access(path, R_OK | W_OK); }
static long run_execute(const char *path) { return access(path, X_OK) == 0 ? 0 : -1; }
static long run_bad_access(const char *path) { return access(path, 0100); }
static long run_readlink(const char *path) { char b[10]; return readlink(path, b, sizeof(b)); }
static long run_statvfs(const char *path) { struct statvfs fs; return statvfs(path, &fs); }
static long run_pathconf(const char *path) { return pathconf(path, _PC_NAME_MAX); }
static long run_chdir(const char *path) { return chdir(path); }
static long run_truncate(const char *path) { return truncate(path, 3); }
static long run_negative(const char *path) { return truncate(path, -1); }
static long run_chmod(const char *path) { return chmod(path, 0755); }
static long run_chown(const char *path) { return chown(path, (uid_t)-1, (gid_t)-1); }
static long run_lchown(const char *path) { return lchown(path, getuid(), getgid()); }
static long run_utime(const char *path) { return utime(path, NULL); }
static long run_utimes(const char *path)
{
    struct timeval t[2] = { { 1, 0 }, { 2, 2000000 } };
    return utimes(path, t);
}
static long run_utimensat(const char *path)
{
    struct timespec t[2] = { { 1, 0 }, { 2, UTIME_OMIT } };
    return utimensat(AT_FDCWD, path, t, AT_SYMLINK_NOFOLLOW);
}
static long run_bad_utimensat(const char *path)
{
    struct timespec t[2] = { { 1, 1000000000 }, { 2, 0 } };
    return utimensat(AT_FDCWD, path, t, 0);
}
static long run_bad_flag(const char *path)
{
    return utimensat(AT_FDCWD, path, NULL, 0x4000);
}
static long closed(int fd) { return fd < 0 ? -1 : close(fd); }
static long run_open(const char *path) { return closed(open(path, O_RDONLY)); }
static long run_open_w(const char *path) { return closed(open(path, O_WRONLY)); }
static long run_open_rw(const char *path) { return closed(open(path, O_RDWR)); }
static long run_open_dir(const char *path) { return closed(open(path, O_RDONLY | O_DIRECTORY)); }
static long run_open_nofollow(const char *path) { return closed(open(path, O_RDONLY | O_NOFOLLOW)); }
static long run_open_path(const char *path) { return closed(open(path, O_PATH)); }
static long run_open_excl(const char *path) { return closed(open(path, O_RDWR | O_CREAT | O_EXCL, 0644)); }
static long run_open_creat_dir(const char *path)
{
    return closed(open(path, O_RDONLY | O_CREAT | O_DIRECTORY, 0644));
}
static long run_open_trunc_dir(const char *path) { return closed(open(path, O_WRONLY | O_DIRECTORY)); }
static long run_open_w_path(const char *path) { return closed(open(path, O_PATH | O_WRONLY | O_CREAT, 0)); }
static long run_inotify(const char *path) { return syscall(SYS_inotify_add_watch, -1, path, 1); }
static long run_statx_bad(const char *path) { struct statx s; return statx(AT_FDCWD, path, 0x40000000, 0, &s); }
static long run_statx_sync(const char *path)
{
    struct statx s;
    return statx(AT_FDCWD, path, AT_STATX_FORCE_SYNC | AT_STATX_DONT_SYNC, 0, &s);
}
static long run_fstatat_bad(const char *path)
{
    struct stat st;
    return fstatat(AT_FDCWD, path, &st, 0x40000000);
}
static long run_faccessat_bad(const char *path) { return faccessat(AT_FDCWD, path, 0, 0x40000000); }
static long run_fchmodat_bad(const char *path) { return fchmodat(AT_FDCWD, path, 0755, 0x40000000); }
static long run_fchownat_bad(const char *path) { return fchownat(AT_FDCWD, path, -1u, -1u, 0x40000000); }
static long run_getxattr(const char *path) { char b[10]; return syscall(SYS_getxattr, path, "user.x", b, 10); }
static long run_execve(const char *path)
{
    char *const argv[] = { (char *)(uintptr_t) "x", NULL };
    return execve(path, argv, argv + 1);
}
static long run_chroot_free(const char *path) { return closed((int)syscall(SYS_open, path, O_RDONLY)); }

#define CALL(name) { #name, run_##name }
static const struct call lookups[] = { CALL(stat), CALL(lstat), CALL(access), CALL(execute),
    CALL(bad_access), CALL(readlink), CALL(statvfs), CALL(pathconf), CALL(truncate), CALL(negative), CALL(chmod),
    CALL(chown), CALL(lchown), CALL(utime), CALL(utimes), CALL(utimensat), CALL(bad_utimensat), CALL(bad_flag),
    CALL(open), CALL(open_w), CALL(open_rw), CALL(open_dir), CALL(open_nofollow), CALL(open_path),
    CALL(open_excl), CALL(open_creat_dir), CALL(open_trunc_dir), CALL(open_w_path), CALL(inotify),
    CALL(statx_bad), CALL(statx_sync), CALL(fstatat_bad), CALL(faccessat_bad), CALL(fchmodat_bad),
    CALL(fchownat_bad), CALL(getxattr), CALL(execve), CALL(chroot_free), CALL(chdir) };
enum { LOOKUPS = sizeof(lookups) / sizeof(lookups[0]) };

/* "" and relative names are asked as they are, the others below DIR. */
static void try_lookups(void)
{
    for (int i = 0; i < LOOKUPS; i++) {
        const struct call *c = &lookups[i];
        for (int n = 0; names[n] != NULL; n++) {
            const char *path = names[n][0] == '\0' ? "" : at(names[n]);
            if (strncmp(c->name, "open_", 5) == 0 && strstr(names[n], "none") != NULL &&
                strstr(names[n], "none/") == NULL)
                continue; /* would make it */
            errno = 0;
            long rc = c->run(path);
            say(c->name, names[n], rc);
            if (chdir(dir) < 0)
                perror("chdir");
        }
        say(c->name, "long name", c->run(long_name));
        say(c->name, "long name in a path", c->run(at(long_name)));
        say(c->name, "long path", c->run(long_path));
        say(c->name, "longest path", c->run(full_path));
        say(c->name, "a name in a long name", c->run(at("d/../none")));
        if (strcmp(c->name, "pathconf") != 0) { /* libc itself reads the name */
            say(c->name, "bad address", c->run(no_page));
            say(c->name, "low address", c->run((const char *)16));
            say(c->name, "minus one", c->run((const char *)-1));
            say(c->name, "NULL", c->run(NULL));
        }
        if (chdir(dir) < 0)
            perror("chdir");
    }
}

static void show(const char *name)
{
    struct stat st;
    if (lstat(at(name), &st) < 0)
        printf("  %s: %s\n", name, strerrorname_np(errno));
    else
        printf("  %s: %o size %ld links %d\n", name, st.st_mode, S_ISREG(st.st_mode) ? (long)st.st_size : 0,
            S_ISREG(st.st_mode) ? (int)st.st_nlink : 0);
}

/* ---- Calls that change names: each on a tree as make_tree leaves it ---- */

static void rm_all(void)
{
    static const char *const all[] = { "full/x", "full/y", "full/z", "d/x", "d/y", "f", "g", "new/x", "new",
        "empty/x" };
    static const char *const folders[] = { "full/z", "d/z", "d/y", "d", "full", "empty", "new", "newd" };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        (void)unlink(at(all[i]));
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
        (void)rmdir(at(folders[i]));
    (void)unlink(at(full_name));
    (void)rmdir(at(full_name));
}

static void say2(const char *what, const char *a, const char *b, long rc)
{
    char both[64];
    snprintf(both, sizeof(both), "%.18s, %.18s", a, b);
    say(what, both, rc);
}

static void try_one_name(void)
{
    static const char *const more[] = { "new", "new/", "new/.", "none/new", "f/new", "d", "d/", "d/.", "d/..", "f",
        "f/", "", "full", ".", "..", "full/x", "none", "none/", "empty", "empty/", "empty/." };
    for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
        const char *name = more[i];
        const char *path = name[0] == '\0' ? "" : at(name);
        say("mkdir", name, mkdir(path, 0751));
        rm_all(), make_tree();
        say("rmdir", name, rmdir(path));
        rm_all(), make_tree();
        say("unlink", name, unlink(path));
        rm_all(), make_tree();
        say("remove", name, remove(path));
        rm_all(), make_tree();
        say("unlinkat dir", name, unlinkat(AT_FDCWD, path, AT_REMOVEDIR));
        rm_all(), make_tree();
        say("open creat", name, closed(open(path, O_WRONLY | O_CREAT, 0640)));
        rm_all(), make_tree();
        say("open creat read", name, closed(open(path, O_RDONLY | O_CREAT, 0640)));
        rm_all(), make_tree();
        say("open excl", name, closed(open(path, O_WRONLY | O_CREAT | O_EXCL, 0640)));
        rm_all(), make_tree();
        say("open trunc", name, closed(open(path, O_WRONLY | O_TRUNC)));
        show("f");
        rm_all(), make_tree();
        say("open trunc read", name, closed(open(path, O_RDONLY | O_TRUNC)));
        show("f");
        rm_all(), make_tree();
        say("creat", name, closed(creat(path, 0600)));
        rm_all(), make_tree();
        say("mknod", name, mknod(path, S_IFREG | 0644, 0));
        rm_all(), make_tree();
        say("mknod bad", name, mknod(path, S_IFMT, 0));
        rm_all(), make_tree();
    }
}

static void try_pairs(void)
{
    static const char *const from[] = { "f", "f/", "d", "d/", "full", "none", "none/x", "f/x", "", "empty/.",
        "full/x", "full/..", ".", "empty" };
    static const char *const to[] = { "new", "new/", "g", "g/", "d", "d/", "full", "full/y", "none/x", "f/x", "",
        "f", "empty", "empty/x", "full/z/", "d/.", "d/..", "..", "full/x" };
    for (size_t i = 0; i < sizeof(from) / sizeof(from[0]); i++)
        for (size_t j = 0; j < sizeof(to) / sizeof(to[0]); j++) {
            const char *a = from[i][0] == '\0' ? "" : at(from[i]);
            const char *b = to[j][0] == '\0' ? "" : at(to[j]);
            long rc = rename(a, b);
            say2("rename", from[i], to[j], rc);
            if (rc == 0) {
                show(from[i]), show(to[j]);
                rm_all(), make_tree();
            }
            rc = renameat2(AT_FDCWD, a, AT_FDCWD, b, 1); /* RENAME_NOREPLACE */
            say2("noreplace", from[i], to[j], rc);
            if (rc == 0)
                rm_all(), make_tree();
        }
}

static void try_long(void)
{
    static const struct {
        const char *what;
        const char *path;
    } longs[] = { { "long name", long_name }, { "long path", long_path }, { "bad address", NULL } };
    for (int i = 0; i < 3; i++) {
        const char *path = longs[i].path == NULL ? no_page : longs[i].path;
        const char *what = longs[i].what;
        say("mkdir", what, mkdir(path, 0755));
        say("rmdir", what, rmdir(path));
        say("unlink", what, unlink(path));
        say("remove", what, remove(path));
        say("open creat", what, open(path, O_CREAT | O_RDWR, 0644));
        say("mkfifo", what, mkfifo(path, 0644));
        say("mknod", what, mknod(path, S_IFREG | 0644, 0));
        say("symlink", what, symlink("x", path));
        say("link from", what, link(path, at("new")));
        say("link to", what, link(at("f"), path));
        say("rename from", what, rename(path, at("new")));
        say("rename to", what, rename(at("f"), path));
    }
    say("symlink of a long text", "", symlink(long_path, at("none/x")));
    say("symlink of an empty text", "", symlink("", at("new")));
    say("symlink of a bad address", "", symlink(no_page, at("new")));
    say("mkdir", "full name", mkdir(at(full_name), 0755));
    say("open in it", "full name", closed(open(at(full_name), O_RDONLY | O_DIRECTORY)));
    say("rmdir", "full name", rmdir(at(full_name)));
    say("open creat", "full name", closed(open(at(full_name), O_RDWR | O_CREAT, 0644)));
    say("rename to", "full name", rename(at("f"), at(full_name)));
    say("unlink", "full name", unlink(at(full_name)));
    rm_all(), make_tree();
}

static void try_refused_makes(void)
{
    static const char *const more[] = { "f", "d", "none/x", "f/x", "", "f/", "d/.", "new/", "." };
    for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
        const char *path = more[i][0] == '\0' ? "" : at(more[i]);
        say("symlink", more[i], symlink("x", path));
        say("mkfifo", more[i], mkfifo(path, 0644));
        if (strcmp(more[i], "new/") != 0)
            say("link", more[i], link(at("g"), path));
        say("link of nothing", more[i], link(at("none"), path));
        say("link of a folder", more[i], link(at("full"), path));
    }
    say("link", "", link("", at("new")));
    say("link of f/", "", link(at("f/"), at("new")));
    say("linkat", "bad flags", linkat(AT_FDCWD, at("f"), AT_FDCWD, at("new"), 0x4000000));
    say("renameat2", "bad flags", renameat2(AT_FDCWD, at("f"), AT_FDCWD, at("new"), 0x100));
    say("renameat2", "both", renameat2(AT_FDCWD, at("f"), AT_FDCWD, at("new"), 3));
}

/* ---- Descriptors ---- */

static void try_dirfds(void)
{
    struct stat st;
    int file = open(at("f"), O_RDONLY);
    int folder = open(at("full"), O_RDONLY | O_DIRECTORY);
    int path_only = open(at("full"), O_PATH);
    int fds[] = { file, folder, path_only, -1, 9999 };
    static const char *const kinds[] = { "file", "folder", "path", "-1", "9999" };
    for (int i = 0; i < 5; i++) {
        int fd = fds[i];
        const char *k = kinds[i];
        say("fstatat", k, fstatat(fd, "x", &st, 0));
        say("fstatat absolute", k, fstatat(fd, at("f"), &st, 0));
        say("fstatat empty", k, fstatat(fd, "", &st, 0));
        say("fstatat empty path", k, fstatat(fd, "", &st, AT_EMPTY_PATH));
        say("openat", k, closed(openat(fd, "x", O_RDONLY)));
        say("openat w", k, closed(openat(fd, "x", O_RDWR)));
        say("faccessat", k, faccessat(fd, "x", R_OK, 0));
        say("mkdirat", k, mkdirat(fd, "x", 0755));
        say("unlinkat none", k, unlinkat(fd, "none", 0));
        say("unlinkat dir", k, unlinkat(fd, "x", AT_REMOVEDIR));
        say("renameat none", k, renameat(fd, "none", fd, "y"));
        say("linkat none", k, linkat(fd, "none", fd, "y", 0));
        say("symlinkat", k, symlinkat("t", fd, "x"));
        say("readlinkat", k, readlinkat(fd, "x", (char[4]){ 0 }, 4));
        say("fchmodat", k, fchmodat(fd, "x", 0644, 0));
        say("fchownat", k, fchownat(fd, "x", -1u, -1u, 0));
        say("utimensat", k, utimensat(fd, "x", NULL, 0));
        say("utimensat NULL", k, utimensat(fd, NULL, NULL, 0));
        say("fchdir", k, fchdir(fd));
        say("ftruncate", k, ftruncate(fd, 1));
        say("fchmod", k, fchmod(fd, i == 0 ? 0644 : 0755));
        say("fchown", k, fchown(fd, -1u, -1u));
        say("futimens", k, futimens(fd, NULL));
        say("fsync", k, fsync(fd));
        say("fdatasync", k, fdatasync(fd));
        say("read", k, read(fd, (char[2]){ 0 }, 1));
        say("write", k, write(fd, "x", 1));
        say("pread negative", k, pread(fd, (char[2]){ 0 }, 1, -1));
        say("pwrite negative", k, pwrite(fd, "x", 1, -1));
        say("lseek bad", k, lseek(fd, 0, 77));
        say("lseek negative", k, lseek(fd, -5, SEEK_SET));
        say("read bad", k, read(fd, no_page, 1));
        say("readv bad", k, readv(fd, (const struct iovec *)no_page, 1));
        say("readv many", k, readv(fd, &(struct iovec){ 0 }, IOV_MAX + 1));
        say("flock bad", k, syscall(SYS_flock, fd, 77));
        say("fallocate", k, fallocate(fd, 0, -1, 5));
        say("posix_fallocate", k, posix_fallocate(fd, 0, 5) == 0 ? 0 : -1);
        say("fcntl bad", k, fcntl(fd, 7777));
        say("fcntl dup negative", k, fcntl(fd, F_DUPFD, -1));
        say("dup2 negative", k, dup2(fd, -1));
        say("dup3 same", k, dup3(fd, fd, 0));
        say("mmap nothing", k, mmap(NULL, 0, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED ? -1 : 0);
        say("mmap odd", k, mmap(NULL, 10, PROT_READ, MAP_PRIVATE, fd, 5) == MAP_FAILED ? -1 : 0);
        say("mmap shared write", k,
            mmap(NULL, 10, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED ? -1 : 0);
        if (chdir(dir) < 0)
            perror("chdir");
    }
    close(file), close(folder), close(path_only);
}

static void try_bad_pointers(void)
{
    struct stat *bad = (struct stat *)(void *)no_page;
    int fd = open(at("f"), O_RDWR);
    say("stat", "bad buffer", stat(at("f"), bad));
    say("lstat", "bad buffer", lstat(at("f"), bad));
    say("fstat", "bad buffer", fstat(fd, bad));
    say("readlink", "bad buffer", readlink(at("f"), no_page, 4));
    say("utimensat", "bad times", utimensat(AT_FDCWD, at("f"), (const struct timespec *)(void *)no_page, 0));
    say("futimens", "bad times", futimens(fd, (const struct timespec *)(void *)no_page));
    say("utimes", "bad times", syscall(SYS_utimes, at("f"), no_page));
    say("utime", "bad times", syscall(SYS_utime, at("f"), no_page));
    say("statx", "bad buffer", statx(AT_FDCWD, at("f"), 0, 0, (struct statx *)(void *)no_page));
    say("getcwd", "bad buffer", syscall(SYS_getcwd, no_page, 4096));
    say("getcwd", "small", syscall(SYS_getcwd, (char[2]){ 0 }, 1));
    say("write", "bad buffer", write(fd, no_page, 1));
    say("pread", "bad buffer", pread(fd, no_page, 1, 0));
    say("execve", "bad argv", execve(at("f"), (char *const *)(void *)no_page, NULL));
    say("rename", "bad from", rename(no_page, at("new")));
    say("rename", "bad to", rename(at("f"), no_page));
    say("openat2", "bad how", syscall(SYS_openat2, AT_FDCWD, at("f"), no_page, 24));
    close(fd);
}

/* ---- Modes and owners ---- */

static void try_modes(void)
{
    umask(027);
    (void)unlink(at("mf"));
    say("mkdir", "newd", mkdir(at("newd"), 0777));
    show("newd");
    say("open", "new", closed(open(at("mf"), O_CREAT | O_WRONLY, 0666)));
    show("mf");
    umask(022);
    static const mode_t modes[] = { 0, 0400, 0111, 0644, 0777, 02755, 04755, 06711 };
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        char text[16];
        snprintf(text, sizeof(text), "%o", modes[i]);
        say("chmod", text, chmod(at("mf"), modes[i]));
        show("mf");
        say("open r", text, closed(open(at("mf"), O_RDONLY)));
        say("open w", text, closed(open(at("mf"), O_WRONLY)));
        say("access r", text, access(at("mf"), R_OK));
        say("access x", text, access(at("mf"), X_OK));
        say("truncate", text, truncate(at("mf"), 0));
        say("chmod folder", text, chmod(at("full"), modes[i] | 0700));
        show("full");
    }
    say("chown to root", "f", chown(at("f"), getuid() == 0 ? 65534 : 0, (gid_t)-1));
    say("chgrp", "f", chown(at("f"), (uid_t)-1, getuid() == 0 ? 65534 : 0));
    say("chown back", "f", chown(at("f"), getuid(), getgid()));
}

/* What a folder that its owner has locked by its mode allows. Not part of the test: the agent works in the folders
 * of the tree as their owner. For a look by hand. */
static void try_locked(void)
{
    struct stat st;
    static const mode_t locked[] = { 0, 0500, 0300, 0600 };
    for (size_t i = 0; i < sizeof(locked) / sizeof(locked[0]); i++) {
        char text[16];
        snprintf(text, sizeof(text), "%o", locked[i]);
        say("chmod", text, chmod(at("full"), locked[i]));
        say("stat in", text, stat(at("full/x"), &st));
        say("open in", text, closed(open(at("full/x"), O_RDONLY)));
        say("open w in", text, closed(open(at("full/x"), O_RDWR)));
        say("open dir", text, closed(open(at("full"), O_RDONLY)));
        say("chdir", text, chdir(at("full")));
        (void)chdir(dir);
        say("creat in", text, closed(open(at("full/y"), O_RDWR | O_CREAT, 0644)));
        say("mkdir in", text, mkdir(at("full/z"), 0755));
        say("unlink in", text, unlink(at("full/y")));
        say("rmdir in", text, rmdir(at("full/z")));
        say("rename in", text, rename(at("full/x"), at("full/y")));
        say("rename back", text, rename(at("full/y"), at("full/x")));
        say("rename out", text, rename(at("full/x"), at("new2")));
        say("rename back", text, rename(at("new2"), at("full/x")));
        say("truncate in", text, truncate(at("full/x"), 1));
        say("chmod in", text, chmod(at("full/x"), 0644));
        say("utimensat in", text, utimensat(AT_FDCWD, at("full/x"), NULL, 0));
        say("chmod", "back", chmod(at("full"), 0755));
    }
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: conform DIR [PART]\n");
        return 2;
    }
    dir = argv[1];
    no_page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(long_name, 'n', sizeof(long_name) - 1);
    memset(full_name, 'm', sizeof(full_name) - 1);
    for (size_t i = 0; i < sizeof(long_path) - 2; i++)
        long_path[i] = i % 2 ? '/' : '.';
    for (size_t i = 0; i < sizeof(full_path) - 1; i++)
        full_path[i] = i % 2 ? '/' : '.';
    full_path[sizeof(full_path) - 2] = 'f';
    full_path[sizeof(full_path) - 3] = '/';
    umask(022);
    if (chdir(dir) < 0)
        perror(dir);
    make_tree();
    static void (*const parts[])(void) = { try_lookups, try_one_name, try_pairs, try_long, try_refused_makes,
        try_dirfds, try_bad_pointers, try_modes, try_locked };
    static const char *const part_names[] = { "lookups", "one", "pairs", "long", "makes", "dirfds", "pointers", "modes",
        "locked" };
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (argc > 2 ? strcmp(argv[2], part_names[i]) != 0 : parts[i] == try_locked)
            continue;
        printf("---- %s\n", part_names[i]);
        rm_all(), make_tree();
        parts[i]();
    }
    return 0;
}
