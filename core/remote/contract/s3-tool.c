/* SPDX-License-Identifier: MIT */
/*
 * One operation of the S3 remote, for the tests in tests/s3/ that compare with other clients.
 *
 *     s3-tool put PATH FILE [MTIME MODE UID GID]     s3-tool get PATH FILE
 *     s3-tool ls PATH      name, kind, size, mtime, mode, uid:gid, link's target; sorted by the caller
 *     s3-tool stat PATH    the same of one
 *     s3-tool cp FROM TO   s3-tool set PATH MTIME MODE   s3-tool ln TARGET PATH   s3-tool mkdir PATH
 *     s3-tool rm file|dir|tree PATH
 *     s3-tool count PATH   how many entries, how many bad names, and the peak of this process's memory
 *     s3-tool settle       waits until nothing is noted in S3_STATE any more
 *
 * Environment: S3_ENDPOINT S3_REGION S3_KEY S3_SECRET S3_BUCKET S3_PREFIX S3_PART S3_COPY_MAX S3_STATE
 * S3_METADATA=listing. Exit status 1 and "ERRNO-NAME: why" on stderr on failure.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/log.h"
#include "core/remote/retry.h"
#include "core/remote/s3-metadata.h"
#include "core/remote/s3.h"

struct tool {
    struct remote *remote;
    struct remote_call call;
    unsigned long entries, bad;
    int fd;
};

static uint64_t number(const char *text)
{
    return text == NULL ? 0 : strtoull(text, NULL, 10);
}

static void print_entry(
    struct tool *tool, const char *path, const char *name, const struct remote_entry *entry)
{
    char time[S3_TIME_SIZE] = "-", target[4096];
    if (entry->has_mtime)
        s3_metadata_print_time(&entry->mtime, time);
    printf("%s %s %llu %s", name, entry->is_dir ? "dir" : entry->is_symlink ? "link" : "file",
        (unsigned long long)entry->size, time);
    if (entry->has_mode)
        printf(" %o", (unsigned)entry->mode);
    if (entry->has_owner)
        printf(" %u:%u", (unsigned)entry->uid, (unsigned)entry->gid);
    if (entry->is_symlink &&
        remote_read_link(tool->remote, &tool->call, path, target, sizeof(target)) == 0)
        printf(" -> %s", target);
    printf("\n");
}

static int show(void *context, const char *name, size_t len, const struct remote_entry *entry)
{
    print_entry(context, "", strndupa(name, len), entry);
    return 0;
}

static int count(void *context, const char *name, size_t len, const struct remote_entry *entry)
{
    struct tool *tool = context;
    (void)entry;
    bool bad = len == 0 || len > 255 || memchr(name, '/', len) != NULL ||
               memchr(name, '\0', len) != NULL || (len == 1 && name[0] == '.') ||
               (len == 2 && memcmp(name, "..", 2) == 0);
    tool->entries += !bad;
    tool->bad += bad;
    return 0;
}

static int receive(void *context, uint64_t offset, const void *bytes, size_t len)
{
    struct tool *tool = context;
    return pwrite(tool->fd, bytes, len, (off_t)offset) == (ssize_t)len ? 0 : -EIO;
}

static int put(struct tool *tool, int argc, char **argv)
{
    struct stat st;
    struct remote_entry entry = { 0 };
    CLEANUP_CLOSE int fd = open(argv[1], O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    struct remote_write_source source = { .fd = fd, .size = (uint64_t)st.st_size };
    if (argc >= 6) {
        source.attributes.valid = REMOTE_SET_MTIME | REMOTE_SET_MODE | REMOTE_SET_OWNER;
        (void)s3_metadata_parse_time(argv[2], &source.attributes.mtime);
        source.attributes.mode = (mode_t)strtoul(argv[3], NULL, 8);
        source.attributes.uid = (uid_t)number(argv[4]);
        source.attributes.gid = (gid_t)number(argv[5]);
    }
    int rc = remote_write(tool->remote, &tool->call, argv[0], &source, &entry);
    if (rc == 0)
        print_entry(tool, argv[0], argv[0], &entry);
    return rc;
}

static int get(struct tool *tool, char **argv)
{
    const struct remote_read_sink sink = { .context = tool, .data = receive };
    tool->fd = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (tool->fd < 0)
        return -errno;
    int rc = remote_read(tool->remote, &tool->call, argv[0], 0, UINT64_MAX, &sink);
    return close(tool->fd) < 0 && rc == 0 ? -errno : rc;
}

static int set(struct tool *tool, char **argv)
{
    struct remote_attributes attributes = { .valid = REMOTE_SET_MTIME | REMOTE_SET_MODE,
        .mode = (mode_t)strtoul(argv[2], NULL, 8) };
    (void)s3_metadata_parse_time(argv[1], &attributes.mtime);
    return remote_set_attributes(tool->remote, &tool->call, argv[0], &attributes, NULL);
}

static int settle(void)
{
    for (int i = 0; i < 1200; i++) {
        unsigned notes = 0;
        CLEANUP_CLOSEDIR DIR *folder = opendir(getenv("S3_STATE"));
        for (const struct dirent *found; folder != NULL && (found = readdir(folder)) != NULL;)
            notes += found->d_name[0] != '.';
        if (notes == 0)
            return 0;
        (void)usleep(100000);
    }
    return -ETIMEDOUT;
}

static int run(struct tool *tool, const char *verb, int argc, char **argv)
{
    struct remote_entry entry;
    struct rusage usage;
    int rc = -EINVAL;
    if (strcmp(verb, "put") == 0 && argc >= 2)
        rc = put(tool, argc, argv);
    else if (strcmp(verb, "get") == 0 && argc == 2)
        rc = get(tool, argv);
    else if (strcmp(verb, "ls") == 0 && argc == 1)
        rc = remote_list(tool->remote, &tool->call, argv[0], show, tool);
    else if (strcmp(verb, "stat") == 0 && argc == 1) {
        rc = remote_probe(tool->remote, &tool->call, argv[0], &entry);
        if (rc == 0)
            print_entry(tool, argv[0], argv[0], &entry);
    } else if (strcmp(verb, "cp") == 0 && argc == 2)
        rc = remote_copy(tool->remote, &tool->call, argv[0], argv[1], NULL);
    else if (strcmp(verb, "set") == 0 && argc == 3)
        rc = set(tool, argv);
    else if (strcmp(verb, "ln") == 0 && argc == 2)
        rc = remote_make_symlink(tool->remote, &tool->call, argv[0], argv[1], NULL, NULL);
    else if (strcmp(verb, "mkdir") == 0 && argc == 1)
        rc = remote_make_dir(tool->remote, &tool->call, argv[0]);
    else if (strcmp(verb, "rm") == 0 && argc == 2)
        rc = remote_remove(tool->remote, &tool->call, argv[1],
            argv[0][0] == 'f'   ? REMOTE_REMOVE_FILE
            : argv[0][0] == 'd' ? REMOTE_REMOVE_EMPTY_DIR
                                : REMOTE_REMOVE_TREE);
    else if (strcmp(verb, "count") == 0 && argc == 1) {
        rc = remote_list(tool->remote, &tool->call, argv[0], count, tool);
        (void)getrusage(RUSAGE_SELF, &usage);
        printf("%lu %lu %ld KiB\n", tool->entries, tool->bad, usage.ru_maxrss);
    } else if (strcmp(verb, "settle") == 0)
        rc = settle();
    return rc;
}

int main(int argc, char **argv)
{
    const char *metadata = getenv("S3_METADATA");
    const struct s3_options options = { .endpoint = getenv("S3_ENDPOINT"),
        .region = getenv("S3_REGION"),
        .bucket = getenv("S3_BUCKET"),
        .path_prefix = getenv("S3_PREFIX"),
        .metadata = metadata != NULL && strcmp(metadata, "listing") == 0 ? S3_METADATA_LISTING
                                                                         : S3_METADATA_HEAD,
        .credentials = { .access_key = getenv("S3_KEY"), .secret_key = getenv("S3_SECRET") },
        .part_size = number(getenv("S3_PART")),
        .copy_max = number(getenv("S3_COPY_MAX")),
        .state_dir = getenv("S3_STATE") };
    struct http_client *http = http_client_new(NULL);
    struct tool tool = { .remote = remote_retry_new(s3_new(http, &options), NULL) };
    log_init(STDERR_FILENO, getenv("S3_DEBUG"));
    if (argc < 2 || tool.remote == NULL) {
        fprintf(stderr, "see the head of core/remote/contract/s3-tool.c\n");
        return 2;
    }
    int rc = run(&tool, argv[1], argc - 2, argv + 2);
    if (rc < 0)
        fprintf(stderr, "%s: %s\n", strerrorname_np(-rc), tool.call.why);
    remote_free(tool.remote);
    http_client_free(http);
    return rc < 0 ? 1 : 0;
}
