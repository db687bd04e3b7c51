/* SPDX-License-Identifier: MIT */
#include "core/tree/durable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/cleanup.h"

enum { DURABLE_STATE_MAX = 64, DURABLE_BOOT_MAX = 48 };

/* The machine's boot id; false where it has none: then every start counts as another boot. */
static bool durable_boot_id(char id[DURABLE_BOOT_MAX])
{
    CLEANUP_CLOSE int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, id, DURABLE_BOOT_MAX - 1);
    id[len > 0 ? len : 0] = '\0';
    id[strcspn(id, "\n")] = '\0';
    return id[0] != '\0';
}

static void durable_state(char state[DURABLE_STATE_MAX], bool dirty)
{
    char id[DURABLE_BOOT_MAX];
    bool known = durable_boot_id(id);
    (void)snprintf(
        state, DURABLE_STATE_MAX, "%s %s\n", dirty ? "dirty" : "clean", known ? id : "unknown");
}

static int durable_write(int folder, bool dirty)
{
    char state[DURABLE_STATE_MAX];
    durable_state(state, dirty);
    CLEANUP_CLOSE int fd =
        openat(folder, "state.new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -errno;
    size_t len = strlen(state);
    ssize_t written = write(fd, state, len);
    if (written != (ssize_t)len)
        return written < 0 ? -errno : -ENOSPC;
    if (fsync(fd) < 0 || renameat(folder, "state.new", folder, "state") < 0 || fsync(folder) < 0)
        return -errno;
    return 0;
}

int durable_init(struct durable *durable, int folder, enum durable_trust *ret_trust)
{
    char state[DURABLE_STATE_MAX] = "";
    char id[DURABLE_BOOT_MAX];
    CLEANUP_CLOSE int fd = openat(folder, "state", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno != ENOENT)
        return -errno;
    if (fd >= 0 && read(fd, state, sizeof(state) - 1) < 0)
        return -errno;
    state[strcspn(state, "\n")] = '\0';
    bool clean = fd < 0 || strncmp(state, "clean ", 6) == 0; /* no file: nothing was ever completed */
    bool same_boot = durable_boot_id(id) && strlen(state) > 6 && strcmp(state + 6, id) == 0;
    *durable = (struct durable){ .dirty = same_boot && !clean };
    pthread_mutex_init(&durable->lock, NULL);
    *ret_trust = same_boot ? DURABLE_ALL : clean ? DURABLE_COMPLETE_FILES : DURABLE_NOTHING;
    return 0;
}

void durable_deinit(struct durable *durable)
{
    pthread_mutex_destroy(&durable->lock);
}

int durable_will_complete(struct durable *durable, int folder)
{
    LOCK_SCOPE(&durable->lock);
    durable->completions++;
    if (durable->dirty)
        return 0;
    int rc = durable_write(folder, true);
    if (rc == 0)
        durable->dirty = true;
    return rc;
}

int durable_checkpoint(struct durable *durable, int folder)
{
    pthread_mutex_lock(&durable->lock);
    bool dirty = durable->dirty;
    uint64_t completions = durable->completions;
    pthread_mutex_unlock(&durable->lock);
    if (!dirty)
        return 0;
    if (syncfs(folder) < 0)
        return -errno;
    LOCK_SCOPE(&durable->lock);
    if (durable->completions != completions)
        return 0;
    int rc = durable_write(folder, false);
    if (rc == 0)
        durable->dirty = false;
    return rc;
}
