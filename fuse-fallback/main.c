/* SPDX-License-Identifier: MIT */
/* algofs-mount: starts, mounts, answers, and at the end waits for what is not uploaded yet. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "fuse-fallback/complain.h"
#include "core/base/cleanup.h"
#include "core/base/log.h"
#include "core/base/unshimmed.h"
#include "core/client/door-write.h"
#include "core/client/door.h"
#include "core/client/environment.h"
#include "core/client/launch.h"
#include "core/client/session.h"
#include "fuse-fallback/lock.h"
#include "fuse-fallback/mount.h"
#include "fuse-fallback/node.h"
#include "fuse-fallback/notify.h"
#include "fuse-fallback/options.h"
#include "fuse-fallback/start.h"

struct mount mount_state;

enum { FLUSH_STEP_MS = 500, LINE_SIZE = 8192, WHY_SIZE = 512 };

static void operation_init(void *context, struct fuse_conn_info *conn)
{
    (void)context;
    /* One copy less for long reads. Not SPLICE_READ: it puts a pipe before every small request. */
    conn->want |= conn->capable &
        (FUSE_CAP_SPLICE_WRITE | FUSE_CAP_FLOCK_LOCKS | FUSE_CAP_POSIX_LOCKS | FUSE_CAP_ATOMIC_O_TRUNC |
            FUSE_CAP_AUTO_INVAL_DATA | FUSE_CAP_PARALLEL_DIROPS | FUSE_CAP_READDIRPLUS |
            FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_ASYNC_READ | FUSE_CAP_ASYNC_DIO);
    conn->want &= ~(unsigned)(FUSE_CAP_WRITEBACK_CACHE | FUSE_CAP_SPLICE_READ);
    conn->max_write = MOUNT_TRANSFER_MAX;
    conn->max_read = MOUNT_TRANSFER_MAX;
    conn->max_background = MOUNT_BACKGROUND_MAX;
    conn->congestion_threshold = MOUNT_BACKGROUND_MAX * 3 / 4;
}

const struct fuse_lowlevel_ops mount_operations = {
    .init = operation_init,
    .lookup = entry_lookup,
    .forget = entry_forget,
    .forget_multi = entry_forget_multi,
    .getattr = entry_getattr,
    .setattr = entry_setattr,
    .readlink = entry_readlink,
    .access = entry_access,
    .statfs = entry_statfs,
    .getxattr = attribute_get,
    .setxattr = attribute_set,
    .listxattr = attribute_list,
    .removexattr = attribute_remove,
    .mkdir = name_mkdir,
    .mknod = name_mknod,
    .unlink = name_unlink,
    .rmdir = name_rmdir,
    .rename = name_rename,
    .symlink = name_symlink,
    .link = name_link,
    .opendir = directory_open,
    .readdir = directory_read,
    .readdirplus = directory_read_plus,
    .releasedir = directory_release,
    .fsyncdir = directory_fsync,
    .open = file_open,
    .create = file_create,
    .read = file_read,
    .write_buf = file_write_buf,
    .flush = file_flush,
    .release = file_release,
    .fsync = file_fsync,
    .fallocate = file_fallocate,
    .copy_file_range = file_copy_range,
    .lseek = file_lseek,
    .getlk = lock_get,
    .setlk = lock_set,
    .flock = lock_flock,
};

/* ---- Before the mount ---- */

/* The agent is beside us, or where `make install` puts it. */
static void find_agent(void)
{
    static const char *const places[] = { "algofs-agent", "../libexec/algofs/algofs-agent" };
    static char agent[PATH_MAX];
    char self[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (len < 0)
        return;
    self[len] = '\0';
    *strrchr(self, '/') = '\0';
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        char candidate[2 * PATH_MAX];
        (void)snprintf(candidate, sizeof(candidate), "%s/%s", self, places[i]);
        if (realpath(candidate, agent) != NULL && access(agent, X_OK) == 0) {
            launch_use_agent(agent);
            return;
        }
    }
}

static bool is_below(const char *path, const char *above)
{
    size_t len = strlen(above);
    return strncmp(path, above, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

static int check_point(const char *given)
{
    struct stat st;
    struct stat parent;
    char above[PATH_MAX + 4];
    if (realpath(given, mount_state.point) == NULL || stat(mount_state.point, &st) < 0) {
        if (errno == ENOTCONN)
            return complain(1, "\"%s\" is a mount whose algofs-mount has gone: algofs umount \"%s\" clears it",
                given, given);
        return complain(1, "\"%s\": %s", given, strerror(errno));
    }
    if (!S_ISDIR(st.st_mode))
        return complain(1, "\"%s\" is no folder", given);
    (void)snprintf(above, sizeof(above), "%s/..", mount_state.point);
    if (getxattr(mount_state.point, "user.algofs.pid", NULL, 0) > 0 && stat(above, &parent) == 0 &&
        parent.st_dev != st.st_dev)
        return complain(1, "\"%s\" is an algofs mount already", given);
    if (is_below(session_cache(), mount_state.point))
        return complain(1, "the cache folder \"%s\" stands below \"%s\": set ALGOFS_CACHE", session_cache(),
            given);
    return 0;
}

/* The remote must answer before there is a mount that could not. */
static int check_remote(void)
{
    const struct session *session;
    int rc = session_get(&session);
    if (rc == 0)
        rc = door_ensure("data", 4, WIRE_WANT_LISTING);
    return rc < 0 ? complain(1, "%s: %s", strerror(-rc), complain_advice(-rc)) : 0;
}

/* Open files of programs are open files of ours, and locks take one more. */
static void raise_limit(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0)
        return;
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files); /* with the old limit programs get EMFILE earlier */
}

/* ---- The mount ---- */

/* What libfuse and fusermount3 say on stderr meanwhile is the reason; its first line will do. */
static int mount_quietly(struct fuse_session *session, const char *point, char why[WHY_SIZE])
{
    int saved = dup(STDERR_FILENO);
    int said = memfd_create("algofs-mount", MFD_CLOEXEC);
    if (said >= 0)
        (void)dup2(said, STDERR_FILENO); /* both are open: cannot fail */
    int rc = fuse_session_mount(session, point);
    (void)fflush(stderr);
    if (saved >= 0)
        (void)dup2(saved, STDERR_FILENO);
    ssize_t len = said < 0 ? 0 : pread(said, why, WHY_SIZE - 1, 0);
    why[len < 0 ? 0 : len] = '\0';
    why[strcspn(why, "\n")] = '\0';
    if (said >= 0)
        (void)close(said);
    if (saved >= 0)
        (void)close(saved);
    return rc;
}

static struct fuse_session *new_session(const struct options *options)
{
    char text[256];
    (void)snprintf(text, sizeof(text), "fsname=algofs,subtype=algofs,max_read=%d%s%s", MOUNT_TRANSFER_MAX,
        options->readonly ? ",ro" : "", options->allow_other ? ",allow_other,default_permissions" : "");
    char program[] = "algofs-mount";
    char flag[] = "-o";
    char *argv[] = { program, flag, text, NULL };
    struct fuse_args args = FUSE_ARGS_INIT(3, argv);
    struct fuse_session *session =
        fuse_session_new(&args, &mount_operations, sizeof(mount_operations), NULL);
    fuse_opt_free_args(&args);
    return session;
}

static int open_session(const struct options *options)
{
    char why[WHY_SIZE];
    struct stat st;
    if (stat("/dev/fuse", &st) < 0)
        return complain_no_mount(options->point, "there is no /dev/fuse here");
    mount_state.session = new_session(options);
    if (mount_state.session == NULL)
        return complain(1, "no memory");
    if (mount_quietly(mount_state.session, mount_state.point, why) == 0)
        return 0;
    fuse_session_destroy(mount_state.session);
    return complain_no_mount(options->point, why[0] != '\0' ? why : "the system does not let us");
}

/* In a thread of its own, while the loop runs: the mount is there when the kernel gets an answer from us. */
static void *wait_until_it_answers(void *argument)
{
    int *ready = argument;
    struct stat st;
    if (stat(mount_state.point, &st) == 0 && *ready >= 0)
        start_done(*ready);
    *ready = -1;
    return NULL;
}

static int serve(int ready)
{
    pthread_t answers;
    struct fuse_loop_config *config = fuse_loop_cfg_create();
    if (config == NULL || fuse_set_signal_handlers(mount_state.session) < 0)
        return complain(1, "no memory");
    fuse_loop_cfg_set_clone_fd(config, 1);
    fuse_loop_cfg_set_max_threads(config, MOUNT_THREADS_MAX);
    fuse_loop_cfg_set_idle_threads(config, MOUNT_THREADS_IDLE);
    int rc = lock_init();
    if (rc == 0) {
        rc = notify_init();
        if (rc == 0 && (rc = -pthread_create(&answers, NULL, wait_until_it_answers, &ready)) == 0) {
            rc = fuse_session_loop_mt(mount_state.session, config);
            (void)pthread_join(answers, NULL);
        }
        notify_end();
        lock_end();
    }
    fuse_loop_cfg_destroy(config);
    return rc < 0 ? complain(1, "%s", strerror(-rc)) : 0;
}

/* ---- After it ---- */

static void say_failures(int report)
{
    CLEANUP_FCLOSE FILE *lines = report < 0 ? NULL : fdopen(report, "r");
    char line[LINE_SIZE];
    while (lines != NULL && fgets(line, sizeof(line), lines) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        (void)complain(1, "not uploaded: %s", line);
        log_error("mount", "not uploaded: %s", line);
    }
}

/* Until all is on the remote, or has been tried and failed. The exit status. */
static int flush_all(void)
{
    for (;;) {
        uint64_t pending, failed;
        int report;
        if (door_flush(FLUSH_STEP_MS, &pending, &failed, &report) < 0)
            return complain(1, "cannot ask the agent what is left to upload");
        bool given_up = failed > 0 && failed == pending;
        if (given_up)
            say_failures(report);
        else if (report >= 0)
            (void)close(report);
        if (pending == 0 || given_up)
            return given_up ? 1 : 0;
    }
}

static int run(const struct options *options)
{
    int ready = -1;
    int status = check_point(options->point);
    if (status == 0 && !options->foreground && start_in_background(&ready) < 0)
        return complain(1, "no process to be had");
    if (status == 0)
        status = check_remote();
    if (status == 0 && node_init() < 0)
        status = complain(1, "no memory");
    if (status == 0)
        status = open_session(options);
    if (status != 0)
        return status;
    raise_limit();
    status = serve(ready);
    fuse_session_unmount(mount_state.session);
    fuse_remove_signal_handlers(mount_state.session);
    fuse_session_destroy(mount_state.session);
    int flushed = flush_all();
    return status != 0 ? status : flushed;
}

int main(int argc, char **argv)
{
    struct options options;
    bool help = false;
    unshimmed_restart(argv);
    int status = options_parse(argc, argv, &options, &help);
    if (status != 0 || help)
        return status;
    find_agent();
    environment_load(environ);
    if (session_configure() < 0)
        return complain(2, "ALGOFS_CACHE must be an absolute path");
    mount_state.foreground = options.foreground;
    mount_state.readonly = options.readonly;
    mount_state.allow_other = options.allow_other;
    mount_state.attr_timeout = options.attr_timeout;
    return run(&options);
}
