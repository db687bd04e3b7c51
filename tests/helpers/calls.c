/* SPDX-License-Identifier: MIT */
/* calls DIR: uses many ways of libc to look at DIR, which holds the file `file`, the empty file
 * `empty` and the folder `folder` with files in it, and prints one line each. The output does not
 * depend on where DIR is, so that two places can be compared. */
#include <aio.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <ftw.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <wchar.h>

static const char *top;
static size_t top_len;

static const char *in(const char *name)
{
    static char paths[4][PATH_MAX];
    static int turn;

    turn = (turn + 1) % 4;
    snprintf(paths[turn], PATH_MAX, "%s/%s", top, name);
    return paths[turn];
}

/* The part of a path below DIR, or the path if it is elsewhere. */
static const char *below(const char *path)
{
    if (!path)
        return "(null)";
    return strncmp(path, top, top_len) == 0 ? path + top_len : path;
}

static const char *error_of(long result)
{
    return result < 0 ? strerrorname_np(errno) : "ok";
}

static unsigned sum_of(const void *bytes, size_t count)
{
    const unsigned char *p = bytes;
    unsigned sum = 5381;

    while (count-- > 0)
        sum = sum * 33 + *p++;
    return sum;
}

static void say_bytes(const char *what, long count, const void *bytes)
{
    printf("%s: %ld %s %08x\n", what, count, error_of(count),
        count > 0 ? sum_of(bytes, (size_t)count) : 0);
}

static void say_stat(const char *what, int result, const struct stat *st)
{
    if (result < 0) {
        printf("%s: %s\n", what, error_of(result));
        return;
    }
    printf("%s: type %o size %lld mtime %lld nsec %ld\n", what, st->st_mode & S_IFMT,
        S_ISREG(st->st_mode) ? (long long)st->st_size : 0,
        S_ISREG(st->st_mode) ? (long long)st->st_mtime : 0,
        S_ISREG(st->st_mode) ? st->st_mtim.tv_nsec : 0);
}

static void try_stat(void)
{
    static const char *const names[] = { "file", "empty", "folder", "folder/a", "none", "file/none",
        "", "folder/../file" };
    int dir = open(top, O_PATH | O_DIRECTORY);
    struct statx stx;
    struct stat st;
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        printf("-- %s\n", names[i]);
        say_stat("stat", stat(in(names[i]), &st), &st);
        say_stat("lstat", lstat(in(names[i]), &st), &st);
        say_stat("fstatat", fstatat(dir, names[i], &st, 0), &st);
        say_stat("fstatat nofollow", fstatat(dir, names[i], &st, AT_SYMLINK_NOFOLLOW), &st);
        say_stat("fstatat empty", fstatat(dir, names[i], &st, AT_EMPTY_PATH), &st);
        printf("access %s", error_of(access(in(names[i]), F_OK | R_OK)));
        printf(" euidaccess %s", error_of(euidaccess(in(names[i]), R_OK)));
        printf(" faccessat %s\n", error_of(faccessat(dir, names[i], R_OK, AT_EACCESS)));
        if (statx(dir, names[i], 0, STATX_BASIC_STATS, &stx) == 0)
            printf("statx %o %lld\n", stx.stx_mode & S_IFMT,
                S_ISREG(stx.stx_mode) ? (long long)stx.stx_size : 0);
        else
            printf("statx %s\n", error_of(-1));
    }
    close(dir);
}

static void try_fd(void)
{
    static char bytes[70000], other[70000];
    struct iovec parts[2] = { { bytes, 1000 }, { other, 30000 } };
    struct aiocb job = { .aio_buf = bytes, .aio_nbytes = 5000, .aio_offset = 777 };
    const struct aiocb *const jobs[] = { &job };
    int fd = open(in("file"), O_RDONLY), copy, again;
    struct stat st;
    ssize_t n;

    say_stat("fstat", fstat(fd, &st), &st);
    n = read(fd, bytes, 10);
    say_bytes("read", n, bytes);
    n = readv(fd, parts, 2);
    say_bytes("readv", n, other);
    n = preadv(fd, parts, 2, 40000);
    say_bytes("preadv", n, other);
    n = preadv2(fd, parts, 2, 12345, 0);
    say_bytes("preadv2", n, other);
    n = pread(fd, bytes, sizeof(bytes), 60000);
    say_bytes("pread", n, bytes);
    printf("lseek: at %lld", (long long)lseek(fd, 0, SEEK_CUR));
    printf(", five before the end %lld", (long long)lseek(fd, -5, SEEK_END));
    printf(", %lld\n", (long long)lseek(fd, 3, SEEK_SET));
    copy = dup(fd);
    again = fcntl(fd, F_DUPFD_CLOEXEC, 100);
    printf("dup: %s; F_DUPFD %s; flags %d %d\n", error_of(copy), error_of(again),
        fcntl(again, F_GETFD),
        fcntl(copy, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK | O_NOATIME));
    n = read(copy, bytes, 100);
    say_bytes("read of a dup", n, bytes);
    printf("its place: %lld\n", (long long)lseek(fd, 0, SEEK_CUR));
    job.aio_fildes = fd;
    if (aio_read(&job) == 0 && aio_suspend(jobs, 1, NULL) == 0) {
        n = aio_return(&job);
        say_bytes("aio_read", n, bytes);
    }
    printf("fadvise %d readahead %s\n", posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL),
        error_of(readahead(fd, 0, 4096)));
    printf("write %s", error_of(write(fd, "x", 1)));
    printf(" close %s", error_of(close(fd)));
    printf(" again %s\n", error_of(close(fd)));
    close(copy);
    close(again);
}

static void try_mmap(void)
{
    int fd = open(in("file"), O_RDONLY);
    off_t size = lseek(fd, 0, SEEK_END);
    void *shared = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, fd, 0);
    char *private = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 4096);

    close(fd);
    if (shared == MAP_FAILED || private == MAP_FAILED) {
        printf("mmap: %s\n", error_of(-1));
        return;
    }
    private[0] = 'x';
    say_bytes("mmap shared", size, shared);
    say_bytes("mmap private", 8192, private);
    munmap(shared, (size_t)size);
    munmap(private, 8192);
}

static void try_stdio(void)
{
    char *line = NULL, bytes[5000];
    size_t size = 0;
    FILE *file = fopen(in("file"), "re");
    long n;

    if (!file) {
        printf("fopen: %s\n", error_of(-1));
        return;
    }
    n = getline(&line, &size, file);
    say_bytes("getline", n, line);
    fseek(file, 12345, SEEK_SET);
    n = (long)fread(bytes, 1, sizeof(bytes), file);
    say_bytes("fread", n, bytes);
    printf("ftell %ld fileno %d feof %d\n", ftell(file), fileno(file) >= 0, feof(file));
    rewind(file);
    printf("fgetc %d", fgetc(file));
    printf(" ungetc %d", ungetc('x', file));
    printf(" fgetc %d\n", fgetc(file));
    file = freopen(in("folder/a"), "r", file);
    printf("freopen %s: %s", file ? "ok" : error_of(-1),
        file && fgets(bytes, 100, file) ? bytes : "nothing\n");
    if (file)
        fclose(file);
    file = fdopen(open(in("folder/b"), O_RDONLY), "r");
    printf("fdopen: %s", file && fgets(bytes, 100, file) ? bytes : "nothing\n");
    if (file)
        fclose(file);
    file = fopen(in("file"), "r");
    printf("fgetwc %d\n", file ? (int)fgetwc(file) : -1);
    if (file)
        fclose(file);
    printf("fopen of nothing: %s\n", fopen(in("none"), "r") ? "ok" : error_of(-1));
    file = fopen(in("folder"), "r");
    printf("fgetc of a folder: %s\n", file && fgetc(file) == EOF ? error_of(-1) : "?");
    if (file)
        fclose(file);
    free(line);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void try_directory(void)
{
    struct dirent **list = NULL, *entry;
    DIR *dir = opendir(in("folder"));
    int n, count = 0, rewound = 0, types_known = 0;
    long place = -1;

    if (!dir) {
        printf("opendir: %s\n", error_of(-1));
        return;
    }
    while ((entry = readdir(dir)) != NULL) {
        count++;
        types_known += entry->d_type == DT_REG || entry->d_type == DT_DIR;
        if (count == 3)
            place = telldir(dir);
    }
    rewinddir(dir);
    while (readdir(dir) != NULL)
        rewound++;
    seekdir(dir, place);
    for (n = 0; readdir(dir) != NULL; n++)
        ;
    printf("readdir %d, typed %d, again %d, from the third %d\n", count, types_known, rewound, n);
    printf("fstatat by dirfd: %s\n", error_of(faccessat(dirfd(dir), "a", R_OK, 0)));
    closedir(dir);
    n = scandir(in("folder"), &list, NULL, by_name);
    for (count = 0; count < n; count++) {
        printf("scandir %s %d\n", list[count]->d_name, list[count]->d_type);
        free(list[count]);
    }
    free(list);
    dir = fdopendir(open(in("folder"), O_RDONLY | O_DIRECTORY));
    printf("fdopendir %s\n", dir && readdir(dir) ? "ok" : error_of(-1));
    if (dir)
        closedir(dir);
    printf("opendir of a file: %s", opendir(in("file")) ? "ok" : error_of(-1));
    printf(", of nothing: %s\n", opendir(in("none")) ? "ok" : error_of(-1));
}

static long long walked;
static int walked_names;

static int visit(const char *path, const struct stat *st, int type, struct FTW *place)
{
    walked_names++;
    walked += sum_of(below(path), strlen(below(path))) + (unsigned)type * 7 +
              (unsigned)place->level * 31 + (S_ISREG(st->st_mode) ? (unsigned)st->st_size : 0);
    return 0;
}

static void try_walks(void)
{
    char *roots[] = { (char *)(size_t)top, NULL };
    FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    FTSENT *entry;
    glob_t found;
    size_t i;
    int flags[] = { FTW_PHYS, FTW_PHYS | FTW_CHDIR, FTW_PHYS | FTW_DEPTH };

    for (i = 0; i < 3; i++) {
        walked = walked_names = 0;
        printf("nftw %s", error_of(nftw(top, visit, 4, flags[i])));
        printf(": %d names, %llx\n", walked_names, walked);
    }
    for (walked = walked_names = 0; fts && (entry = fts_read(fts)) != NULL; walked_names++)
        walked += sum_of(below(entry->fts_path), strlen(below(entry->fts_path))) + entry->fts_info;
    printf("fts: %d names, %llx\n", walked_names, walked);
    if (fts)
        fts_close(fts);
    if (glob(in("fold*/[ab]"), 0, NULL, &found) == 0) {
        for (i = 0; i < found.gl_pathc; i++)
            printf("glob %s\n", below(found.gl_pathv[i]));
        globfree(&found);
    }
    printf("glob of nothing: %d\n", glob(in("none*"), 0, NULL, &found));
}

static void try_paths(void)
{
    char path[PATH_MAX], *name;
    int dir;

    name = realpath(in("folder/../folder/./a"), NULL);
    printf("realpath %s\n", below(name));
    free(name);
    name = canonicalize_file_name(in("folder"));
    printf("canonicalize_file_name %s\n", below(name));
    free(name);
    printf("realpath of nothing %s\n", realpath(in("none"), path) ? "ok" : error_of(-1));
    printf("chdir %s\n", error_of(chdir(in("folder"))));
    printf("getcwd %s\n", below(getcwd(path, sizeof(path))));
    name = get_current_dir_name();
    printf("get_current_dir_name %s\n", below(name));
    free(name);
    printf("getcwd, too small: %s\n", getcwd(path, 2) ? "ok" : error_of(-1));
    printf("relative: %s", error_of(access("a", R_OK)));
    printf(" %s", error_of(access("../file", R_OK)));
    printf(" %s\n", error_of(access("../../../../../../../../../etc/passwd", R_OK)));
    dir = open("..", O_RDONLY);
    printf("fchdir %s\n", error_of(fchdir(dir)));
    printf("getcwd %s.\n", below(getcwd(path, sizeof(path))));
    printf("openat %s\n", error_of(close(openat(dir, "folder/b", O_RDONLY))));
    close(dir);
    printf("readlink %s\n", error_of(readlink(in("file"), path, sizeof(path))));
    printf("pathconf %ld\n", pathconf(in("folder"), _PC_NAME_MAX));
    printf("chdir %s\n", error_of(chdir("/")));
}

static void try_the_rest(void)
{
    struct statvfs vfs;
    struct statfs fs;
    char list[1000];

    printf("statfs %s", error_of(statfs(in("file"), &fs)));
    printf(" statvfs %s", error_of(statvfs(top, &vfs)));
    printf(", names of %lu\n", vfs.f_namemax);
    printf("listxattr %zd\n", listxattr(in("file"), list, sizeof(list)));
    printf("getxattr %s\n", error_of(getxattr(in("file"), "user.none", list, sizeof(list))));
    printf("lgetxattr of nothing %s\n",
        error_of(lgetxattr(in("none"), "user.none", list, sizeof(list))));
    printf("O_NOFOLLOW %s", error_of(close(open(in("file"), O_RDONLY | O_NOFOLLOW))));
    printf(" O_PATH %s", error_of(close(open(in("file"), O_PATH))));
    printf(" O_DIRECTORY %s\n", error_of(open(in("file"), O_RDONLY | O_DIRECTORY)));
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: calls DIR\n");
        return 2;
    }
    top = argv[1];
    top_len = strlen(top);
    try_stat();
    try_fd();
    try_mmap();
    try_stdio();
    try_directory();
    try_walks();
    try_paths();
    try_the_rest();
    return 0;
}
