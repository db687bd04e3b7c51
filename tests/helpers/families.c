/* SPDX-License-Identifier: MIT */
/* families DIR: every family of file calls, each on every kind of name, in the empty folder DIR; one line for each
 * pair with what it answered. The output does not depend on where DIR is, so that doors can be compared with each
 * other and with a plain folder. Lines that begin with "doors" are of calls that no remote can carry out: there a
 * plain folder answers otherwise. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char long_name[300];
static const char *const names[] = { "missing", "file", "empty", "folder", "full", "missing/x", "file/x", "folder/x",
    "full/x", "file/", "folder/", "missing/", "./file", "folder/../file", "missing/../file", ".", "..", "", long_name };

static const char *said(long result)
{
    return result < 0 ? strerrorname_np(errno) : "ok";
}

static const char *shown(const char *name)
{
    return name == long_name ? "(long)" : name;
}

static void make_file(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");
    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) {
        printf("cannot make %s: %s\n", name, strerrorname_np(errno));
        exit(1);
    }
}

/* A folder of its own for each call, with everything that a name may lead to. */
static void fresh(const char *call)
{
    static unsigned number;
    char name[64];
    snprintf(name, sizeof(name), "%u", number++);
    if (number > 1 && chdir("..") < 0)
        exit(1);
    if (mkdir(name, 0755) < 0 || chdir(name) < 0 || mkdir("folder", 0755) < 0 || mkdir("full", 0755) < 0) {
        printf("cannot make a folder for %s: %s\n", call, strerrorname_np(errno));
        exit(1);
    }
    make_file("file", "0123456789");
    make_file("empty", "");
    make_file("full/x", "x");
}

/* ---- One name ---- */

static long do_stat(const char *name)
{
    struct stat st;
    long rc = stat(name, &st);
    if (rc == 0)
        printf("[%o %ld] ", st.st_mode, S_ISREG(st.st_mode) ? (long)st.st_size : 0L);
    return rc;
}
static long do_lstat(const char *name)
{
    struct stat st;
    long rc = lstat(name, &st);
    if (rc == 0)
        printf("[%o] ", st.st_mode);
    return rc;
}
static long do_statx(const char *name)
{
    struct statx stx;
    long rc = statx(AT_FDCWD, name, AT_SYMLINK_NOFOLLOW, STATX_SIZE | STATX_TYPE, &stx);
    if (rc == 0)
        printf("[%o] ", stx.stx_mode & S_IFMT);
    return rc;
}
static long do_access_r(const char *name) { return access(name, R_OK); }
static long do_access_w(const char *name) { return access(name, W_OK); }
static long do_access_x(const char *name) { return access(name, X_OK); }
static long do_statvfs(const char *name) { struct statvfs fs; return statvfs(name, &fs); }
static long do_readlink(const char *name) { char text[64]; return readlink(name, text, sizeof(text)); }
static long do_chdir(const char *name)
{
    int here = open(".", O_RDONLY | O_DIRECTORY);
    long rc = chdir(name);
    int error = errno;
    if (fchdir(here) < 0)
        exit(1);
    close(here);
    errno = error;
    return rc;
}
static long do_list(const char *name)
{
    DIR *dir = opendir(name);
    long count = 0;
    if (dir == NULL)
        return -1;
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    printf("[%ld] ", strcmp(name, "..") == 0 ? 0 : count);
    return 0;
}
static long do_chmod(const char *name) { return strcmp(name, "..") == 0 ? 0 : chmod(name, 0750); }
static long do_utime(const char *name)
{
    const struct timespec times[2] = { { 1000000000, 0 }, { 1100000000, 0 } };
    struct stat st;
    long rc = strcmp(name, "..") == 0 ? 0 : utimensat(AT_FDCWD, name, times, 0);
    if (rc == 0 && strcmp(name, "..") != 0 && stat(name, &st) == 0)
        printf("[%ld] ", (long)st.st_mtim.tv_sec);
    return rc;
}
static long do_truncate(const char *name) { return truncate(name, 3); }
static long do_truncate_longer(const char *name) { return truncate(name, 5000); }
static long do_truncate_below(const char *name) { return truncate(name, -1); }
static long do_mkdir(const char *name) { return mkdir(name, 0700); }
static long do_rmdir(const char *name) { return strcmp(name, "..") == 0 ? 0 : rmdir(name); }
static long do_unlink(const char *name) { return unlink(name); }
static long do_mknod(const char *name) { return mknod(name, S_IFREG | 0600, 0); }
static long do_getxattr(const char *name) { char value[16]; return getxattr(name, "user.none", value, sizeof(value)); }
static long do_listxattr(const char *name) { return listxattr(name, NULL, 0); }
static long do_removexattr(const char *name) { return removexattr(name, "user.none"); }
static long do_setxattr(const char *name) { return setxattr(name, "user.none", "x", 1, 0); }
static long do_symlink(const char *name) { return symlink("file", name); }
static long do_mkfifo(const char *name) { return mkfifo(name, 0600); }

struct one {
    const char *what;
    long (*call)(const char *name);
};

static const struct one ones[] = { { "stat", do_stat }, { "lstat", do_lstat }, { "statx", do_statx },
    { "access R", do_access_r }, { "access W", do_access_w }, { "access X", do_access_x },
    { "statvfs", do_statvfs }, { "readlink", do_readlink }, { "chdir", do_chdir }, { "list", do_list },
    { "chmod", do_chmod }, { "utimensat", do_utime }, { "truncate", do_truncate },
    { "truncate longer", do_truncate_longer }, { "truncate below 0", do_truncate_below }, { "mkdir", do_mkdir },
    { "rmdir", do_rmdir }, { "unlink", do_unlink }, { "mknod", do_mknod }, { "getxattr", do_getxattr },
    { "listxattr", do_listxattr }, { "removexattr", do_removexattr }, { "doors setxattr", do_setxattr },
    { "doors symlink", do_symlink }, { "doors mkfifo", do_mkfifo } };

static void each_one(const struct one *one)
{
    fresh(one->what);
    for (size_t i = 0; i < COUNT(names); i++) {
        printf("%s \"%s\": ", one->what, shown(names[i]));
        printf("%s\n", said(one->call(names[i])));
    }
}

/* ---- Opening, and what a descriptor can do ---- */

static const struct {
    const char *what;
    int flags;
} ways[] = { { "r", O_RDONLY }, { "w", O_WRONLY }, { "rw", O_RDWR }, { "w creat", O_WRONLY | O_CREAT },
    { "rw creat excl", O_RDWR | O_CREAT | O_EXCL }, { "w creat trunc", O_WRONLY | O_CREAT | O_TRUNC },
    { "rw trunc", O_RDWR | O_TRUNC }, { "r trunc", O_RDONLY | O_TRUNC }, { "r creat", O_RDONLY | O_CREAT },
    { "w append", O_WRONLY | O_APPEND }, { "rw append creat", O_RDWR | O_APPEND | O_CREAT },
    { "r directory", O_RDONLY | O_DIRECTORY }, { "r nofollow", O_RDONLY | O_NOFOLLOW }, { "path", O_PATH },
    { "rw sync", O_RDWR | O_SYNC }, { "w nonblock", O_WRONLY | O_NONBLOCK } };

static void use(int fd)
{
    char text[64] = "";
    struct iovec parts[2] = { { (char *)"ab", 2 }, { (char *)"cd", 2 } };
    struct stat st;
    printf(" write %s", said(write(fd, "AB", 2)));
    printf(" pwrite %s", said(pwrite(fd, "z", 1, 4)));
    printf(" writev %s", said(writev(fd, parts, 2)));
    printf(" seek %ld", (long)lseek(fd, 1, SEEK_SET));
    long got = read(fd, text, 20);
    printf(" read %s %ld", said(got), got);
    got = pread(fd, text, 20, 0);
    printf(" pread %s %ld %.*s", said(got), got, got > 0 ? (int)got : 0, text);
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) { /* each file system has its own idea of a folder's end */
        printf(" end %ld", (long)lseek(fd, 0, SEEK_END));
        printf(" data %ld", (long)lseek(fd, 0, SEEK_DATA));
        printf(" hole %ld", (long)lseek(fd, 0, SEEK_HOLE));
        printf(" past %ld", (long)lseek(fd, 1000000, SEEK_DATA));
    }
    printf(" ftruncate %s", said(ftruncate(fd, 6)));
    printf(" fallocate %s", said(fallocate(fd, 0, 0, 100)));
    printf(" fsync %s", said(fsync(fd)));
    printf(" fdatasync %s", said(fdatasync(fd)));
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        printf(" fchmod %s", said(fchmod(fd, 0640)));
    if (fstat(fd, &st) == 0)
        printf(" fstat %o %ld", st.st_mode, S_ISREG(st.st_mode) ? (long)st.st_size : 0L);
    printf(" flags %o", (unsigned)fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK));
}

static void opens(void)
{
    for (size_t w = 0; w < COUNT(ways); w++) {
        fresh(ways[w].what);
        for (size_t i = 0; i < COUNT(names); i++) {
            int fd = open(names[i], ways[w].flags, 0644);
            printf("open %s \"%s\": %s", ways[w].what, shown(names[i]), said(fd));
            if (fd >= 0 && (ways[w].flags & O_PATH) == 0 && strcmp(names[i], "..") != 0)
                use(fd);
            if (fd >= 0)
                printf(" close %s", said(close(fd)));
            printf("\n");
        }
    }
    fresh("tmpfile");
    printf("doors open tmpfile: %s\n", said(open("folder", O_RDWR | O_TMPFILE, 0600)));
}

/* ---- Two names ---- */

static const size_t few[] = { 0, 1, 2, 3, 4, 5, 6, 8, 10, 15 };

static void pairs(const char *what, long (*call)(const char *from, const char *to))
{
    for (size_t a = 0; a < COUNT(few); a++) {
        fresh(what);
        for (size_t b = 0; b < COUNT(few); b++) {
            long rc = call(names[few[a]], names[few[b]]);
            printf("%s \"%s\" \"%s\": %s\n", what, names[few[a]], names[few[b]], said(rc));
        }
    }
}

static long do_rename(const char *from, const char *to) { return rename(from, to); }
static long do_no_replace(const char *from, const char *to)
{
    return renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
}
static long do_exchange(const char *from, const char *to)
{
    return renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_EXCHANGE);
}
static long do_link(const char *from, const char *to) { return link(from, to); }

/* ---- Descriptors together ---- */

static void copies(void)
{
    fresh("copies");
    int in = open("file", O_RDONLY);
    int out = open("copy", O_RDWR | O_CREAT, 0600);
    off_t from = 2;
    off_t to = 1;
    char text[64] = "";
    printf("copy_file_range: %s", said(copy_file_range(in, &from, out, &to, 5, 0)));
    long got = pread(out, text, sizeof(text), 1);
    printf(" %ld %.*s\n", got, (int)got, text);
    from = 1;
    printf("sendfile: %s", said(sendfile(out, in, &from, 4)));
    printf(" %ld", (long)from);
    printf(" end %ld\n", (long)lseek(out, 0, SEEK_END));
    printf("into what is read: %s\n", said(copy_file_range(out, NULL, in, NULL, 1, 0)));
    printf("punch: %s\n", said(fallocate(out, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 2)));
    printf("close: %s", said(close(in)));
    printf(" %s\n", said(close(out)));
}

static void maps(void)
{
    fresh("maps");
    int fd = open("file", O_RDWR);
    char *shared = mmap(NULL, 10, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    char text[64] = "";
    printf("mmap shared: %s", shared == MAP_FAILED ? said(-1) : "ok");
    if (shared != MAP_FAILED) {
        memcpy(shared, "mapped", 6);
        printf(" msync %s", said(msync(shared, 10, MS_SYNC)));
        printf(" munmap %s", said(munmap(shared, 10)));
    }
    printf(" %s", said(pread(fd, text, 10, 0)));
    printf(" %.10s\n", text);
    char *private = mmap(NULL, 10, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    printf("mmap private: %.6s\n", private == MAP_FAILED ? said(-1) : private);
    close(fd);
    fd = open("file", O_RDONLY);
    printf("mmap shared of what is read: %s\n",
        mmap(NULL, 10, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED ? said(-1) : "ok");
    close(fd);
}

static void locks(void)
{
    fresh("locks");
    int a = open("file", O_RDWR);
    int b = open("file", O_RDWR);
    struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    struct flock other = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    printf("flock: %s", said(flock(a, LOCK_EX)));
    printf(" %s", said(flock(b, LOCK_EX | LOCK_NB)));
    printf(" %s", said(flock(a, LOCK_UN)));
    printf(" %s\n", said(flock(b, LOCK_SH | LOCK_NB)));
    printf("posix: %s", said(fcntl(a, F_SETLK, &all)));
    printf(" %s", said(fcntl(b, F_SETLK, &all)));
    printf(" %s", said(fcntl(b, F_GETLK, &other)));
    printf(" type %d\n", other.l_type);
    all.l_pid = 0;
    printf("ofd: %s\n", said(fcntl(b, F_OFD_SETLK, &all)));
    printf("of what is closed: %s\n", said(close(b)));
    int c = open("file", O_RDWR);
    printf("ofd afterwards: %s", said(fcntl(c, F_OFD_SETLK, &all)));
    int reader = open("file", O_RDONLY);
    printf(" a write lock on what is read: %s\n", said(fcntl(reader, F_SETLK, &all)));
    close(c);
    close(reader);
    close(a);
}

static void unlinked(void)
{
    fresh("unlinked");
    int fd = open("file", O_RDWR);
    struct stat st;
    char text[64] = "";
    printf("unlinked: %s", said(unlink("file")));
    printf(" write %s", said(pwrite(fd, "gone", 4, 0)));
    printf(" read %s", said(pread(fd, text, 10, 0)));
    printf(" %.10s fstat %s", text, said(fstat(fd, &st)));
    printf(" nlink %ld size %ld", (long)st.st_nlink, (long)st.st_size);
    printf(" ftruncate %s", said(ftruncate(fd, 2)));
    printf(" close %s\n", said(close(fd)));
    fd = open("empty", O_RDWR);
    printf("renamed: %s", said(rename("empty", "folder/new")));
    printf(" write %s", said(write(fd, "there", 5)));
    printf(" close %s", said(close(fd)));
    printf(" size %s\n", said(do_stat("folder/new")));
    fd = open("full/x", O_RDWR);
    make_file("over", "another");
    printf("replaced: %s", said(rename("over", "full/x")));
    memset(text, 0, sizeof(text));
    printf(" old %s", said(pread(fd, text, 10, 0)));
    printf(" %.10s fstat %s", text, said(fstat(fd, &st)));
    printf(" nlink %ld", (long)st.st_nlink);
    printf(" close %s\n", said(close(fd)));
}

static void directories(void)
{
    fresh("directories");
    for (int i = 0; i < 30; i++) {
        char name[32];
        snprintf(name, sizeof(name), "full/%d", i);
        make_file(name, "");
    }
    DIR *dir = opendir("full");
    char at[NAME_MAX + 1] = "";
    long place = 0;
    int count = 0;
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL; count++)
        if (count == 10) {
            place = telldir(dir);
            entry = readdir(dir);
            count++;
            strncpy(at, entry->d_name, NAME_MAX);
        }
    seekdir(dir, place);
    const struct dirent *again = readdir(dir);
    printf("seekdir: %d entries, the same name: %d\n", count, again != NULL && strcmp(again->d_name, at) == 0);
    rewinddir(dir);
    for (count = 0; readdir(dir) != NULL; count++)
        ;
    printf("rewinddir: %d\n", count);
    closedir(dir);
    int fd = open("folder", O_RDONLY | O_DIRECTORY);
    printf("read of a folder: %s", said(read(fd, at, 1)));
    printf(" fsync %s", said(fsync(fd)));
    printf(" mkdirat %s", said(mkdirat(fd, "made", 0755)));
    printf(" unlinkat %s", said(unlinkat(fd, "made", 0)));
    printf(" rmdir %s", said(unlinkat(fd, "made", AT_REMOVEDIR)));
    printf(" close %s\n", said(close(fd)));
}

int main(int argc, char **argv)
{
    if (argc != 2 || chdir(argv[1]) < 0)
        return 2;
    memset(long_name, 'n', sizeof(long_name) - 1);
    for (size_t i = 0; i < COUNT(ones); i++)
        each_one(&ones[i]);
    opens();
    pairs("rename", do_rename);
    pairs("rename noreplace", do_no_replace);
    pairs("doors rename exchange", do_exchange);
    pairs("doors link", do_link);
    copies();
    maps();
    locks();
    unlinked();
    directories();
    return 0;
}
