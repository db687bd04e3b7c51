/* SPDX-License-Identifier: MIT */
/* The words of rows.def: where a probe works, and how it says what it got. */
#include <aio.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <ftw.h>
#include <glob.h>
#include <limits.h>
#include <mntent.h>
#include <nl_types.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utime.h>
#include <wordexp.h>

static const char *dir; /* the folder that the probe works in */
static char wide[65536];
static int walked;

/* The path of a name in it. */
static const char *A(const char *name)
{
    static char paths[16][PATH_MAX];
    static int turn;
    turn = (turn + 1) % 16;
    snprintf(paths[turn], PATH_MAX, "%s/%s", dir, name);
    return paths[turn];
}

static void say(long rc)
{
    if (rc == -1)
        printf(" %s", strerrorname_np(errno));
    else
        printf(" %ld", rc);
    errno = 0;
}

static void say_error(int error) { printf(" %s", error == 0 ? "ok" : strerrorname_np(error)); }

/* Without the part that says where the folder is. */
static void say_text(const char *text)
{
    const char *at = strstr(text, dir);
    printf(" \"%.*s%s\"", (int)(at == NULL ? 0 : at - text), text, at == NULL ? text : at + strlen(dir));
}

static void say_path(const char *path)
{
    if (path == NULL)
        say(-1);
    else
        say_text(path);
}

static void say_stat(int rc, const struct stat *st)
{
    if (rc < 0)
        say(-1);
    else
        printf(" %o/%ld", st->st_mode & S_IFMT, S_ISREG(st->st_mode) ? (long)st->st_size : 0);
}

static void say_fd(int fd)
{
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        say(-1);
    else
        say_stat(0, &st);
}

static void bytes(long count)
{
    if (count < 0)
        say(-1);
    else
        printf(" <%.*s>", (int)count, wide);
}

static void say_stream(FILE *stream)
{
    if (stream == NULL) {
        say(-1);
        return;
    }
    errno = 0;
    size_t got = fread(wide, 1, 100, stream);
    if (got == 0)
        (void)fputs("put", stream);
    int error = ferror(stream);
    errno = 0;
    printf(" %s%d:", error ? "error " : "", fclose(stream));
    bytes((long)got);
}

static void show(const char *name)
{
    struct stat st;
    int rc = lstat(A(name), &st);
    printf(" %s:", name);
    say_stat(rc, &st);
    if (rc == 0)
        printf("/%o", st.st_mode & 07777);
}

static void text(const char *name)
{
    int fd = open(A(name), O_RDONLY);
    bytes(read(fd, wide, 100));
    close(fd);
}

static void times_of(const char *name)
{
    struct stat st;
    if (stat(A(name), &st) == 0)
        printf(" %ld.%ld", (long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

static int readable(void) { return open(A("f"), O_RDONLY); }
static int writable(void) { return open(A("f"), O_RDWR); }
static int folder(void) { return open(A("."), O_RDONLY | O_DIRECTORY); }
static int spare(void) { return memfd_create("spare", 0); }

static void spare_text(int fd)
{
    bytes(pread(fd, wide, 100, 0));
}

static void say_dir(DIR *stream)
{
    int count = 0;
    if (stream == NULL) {
        say(-1);
        return;
    }
    while (readdir(stream) != NULL)
        count++;
    printf(" %d names, %d", count, closedir(stream));
}

/* The list is looked at after the call has made it. */
static void say_list(int count, struct dirent ***made)
{
    struct dirent **list = count > 0 ? *made : NULL;
    say(count);
    for (int i = 0; i < count; i++)
        if (list[i]->d_name[0] != '.')
            printf(" %s", list[i]->d_name);
}

static void say_glob(int rc, glob_t *found)
{
    printf(" %d", rc);
    for (size_t i = 0; rc == 0 && i < found->gl_pathc; i++)
        say_text(found->gl_pathv[i]);
    if (rc == 0)
        globfree(found);
    memset(found, 0, sizeof(*found));
}

static void say_words(int rc, wordexp_t *found)
{
    printf(" %d", rc);
    for (size_t i = 0; rc == 0 && i < found->we_wordc; i++)
        say_text(found->we_wordv[i]);
    if (rc == 0)
        wordfree(found);
    memset(found, 0, sizeof(*found));
}

static int visit(const char *path, const struct stat *st, int type)
{
    (void)path;
    walked += 1000 * type + (S_ISREG(st->st_mode) ? (int)st->st_size : 1);
    return 0;
}

static int visit4(const char *path, const struct stat *st, int type, struct FTW *place)
{
    walked += 100000 * place->level + place->base - (int)strlen(dir);
    return visit(path, st, type);
}

/* Walks it by the calls of the same family. */
static void say_fts(void *opened)
{
    FTS *fts = opened;
    FTSENT *entry;
    int count = 0;
    int infos = 0;
    if (fts == NULL) {
        say(-1);
        return;
    }
    while ((entry = fts_read(fts)) != NULL) {
        count++;
        infos += entry->fts_info * (entry->fts_level + 1);
        if (entry->fts_info == FTS_D && entry->fts_level == 0) {
            FTSENT *child = fts_children(fts, FTS_NAMEONLY);
            for (; child != NULL; child = child->fts_link)
                count += 100;
            say(fts_set(fts, entry, FTS_FOLLOW));
            say(fts_set(fts, entry, 99));
        }
    }
    printf(" %d %d", count, infos);
    say(fts_close(fts));
}

static void reap(pid_t pid)
{
    int status = 0;
    if (pid > 0 && waitpid(pid, &status, 0) == pid)
        printf(" status %d", WEXITSTATUS(status));
}

extern char **environ;
static void spawn_cat(posix_spawn_file_actions_t *actions)
{
    char *const argv[] = { (char *)"cat", NULL };
    pid_t pid = 0;
    fflush(stdout);
    int error = posix_spawn(&pid, "/bin/cat", actions, NULL, argv, environ);
    reap(pid);
    say_error(error);
}

static const struct sockaddr *address(const char *name)
{
    static struct sockaddr_un un;
    un.sun_family = AF_UNIX;
    snprintf(un.sun_path, sizeof(un.sun_path), "%s", A(name));
    return (const struct sockaddr *)&un;
}

/* Puts a descriptor beside a message, and takes it out. */
static void pass(struct msghdr *message, int fd)
{
    static char control[CMSG_SPACE(sizeof(int))];
    if (fd < 0)
        return;
    message->msg_control = control;
    message->msg_controllen = sizeof(control);
    struct cmsghdr *c = CMSG_FIRSTHDR(message);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(c), &fd, sizeof(fd));
}

static void received(int socket)
{
    char control[CMSG_SPACE(sizeof(int))];
    struct iovec part = { wide, 100 };
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
    };
    bytes(recvmsg(socket, &message, 0));
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    int fd = -1;
    if (c != NULL)
        memcpy(&fd, CMSG_DATA(c), sizeof(fd));
    if (fd >= 0)
        bytes(read(fd, wide, 100));
}

static char *template_(const char *name)
{
    static char paths[4][PATH_MAX];
    static int turn;
    turn = (turn + 1) % 4;
    snprintf(paths[turn], PATH_MAX, "%s/%s", dir, name);
    return paths[turn];
}

static struct aiocb job(int fd)
{
    return (struct aiocb){ .aio_fildes = fd, .aio_buf = wide, .aio_nbytes = 4, .aio_offset = 1 };
}

static long finish(struct aiocb *j)
{
    const struct aiocb *const list[1] = { j };
    while (aio_error(j) == EINPROGRESS)
        (void)aio_suspend(list, 1, NULL);
    int error = aio_error(j);
    if (error == 0)
        return aio_return(j);
    errno = error;
    return -1;
}

/* ---- The tree that each probe finds ---- */

static void put(const char *name, const char *content, mode_t mode)
{
    int fd = open(A(name), O_WRONLY | O_CREAT | O_TRUNC, mode);
    if (fd < 0 || write(fd, content, strlen(content)) < 0 || close(fd) < 0 || chmod(A(name), mode) < 0)
        perror(A(name));
}

static void make_tree(void)
{
    if (mkdir(A("d"), 0755) < 0 || mkdir(A("empty"), 0755) < 0)
        perror(dir);
    put("f", "hello", 0644);
    put("g", "there", 0644);
    put("d/x", "below", 0644);
    put("run", "#!/bin/sh\necho ran \"$@\"\n", 0755);
}

static int wipe(const char *path, const struct stat *st, int type, struct FTW *place)
{
    (void)st;
    if (place->level > 0)
        (void)(type == FTW_DP ? rmdir(path) : unlink(path));
    return 0;
}
