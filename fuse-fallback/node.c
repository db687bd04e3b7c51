/* SPDX-License-Identifier: MIT */
#include "fuse-fallback/node.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/table.h"
#include "fuse-fallback/handle.h"

struct node {
    UT_hash_handle hh;       /* by key */
    UT_hash_handle by_name;  /* by place; in the table while it has a name */
    struct native_key key;
    uint64_t generation;
    uint64_t lookups;        /* the kernel's */
    uint64_t refs;           /* children, handles, paths being used */
    struct place *place;     /* NULL: the root, or a node without a name */
    struct handle *handles;
};

/* A name in a directory; holds a reference to it. What it hashes by is its bytes from `parent` on. */
struct place {
    size_t len; /* of the key: parent and name without NUL */
    struct node *parent;
    char name[];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct node *by_key;   /* guarded by lock */
static struct node *by_place; /* guarded by lock: of several nodes that had a name, the last one */
static uint64_t generations;
static struct node *root;

int node_init(void)
{
    root = calloc(1, sizeof(*root));
    if (root == NULL)
        return -ENOMEM;
    root->lookups = 1;
    return 0;
}

struct node *node_of(fuse_ino_t ino)
{
    return ino == FUSE_ROOT_ID ? root : (struct node *)(uintptr_t)ino;
}

fuse_ino_t node_ino(const struct node *node)
{
    return node == root ? FUSE_ROOT_ID : (fuse_ino_t)(uintptr_t)node;
}

uint64_t node_generation(const struct node *node)
{
    return node->generation;
}

/* ---- Names. Lock held in all of these ---- */

static void unref(struct node *node);

static void lose_place(struct node *node)
{
    struct place *place = node->place;
    if (place == NULL)
        return;
    if (node->by_name.tbl != NULL)
        HASH_DELETE(by_name, by_place, node);
    memset(&node->by_name, 0, sizeof(node->by_name));
    node->place = NULL;
    unref(place->parent);
    free(place);
}

static void free_if_unused(struct node *node)
{
    if (node == root || node->lookups > 0 || node->refs > 0)
        return;
    if (node->hh.tbl != NULL)
        HASH_DELETE(hh, by_key, node);
    lose_place(node);
    free(node);
}

static void unref(struct node *node)
{
    node->refs--;
    free_if_unused(node);
}

static struct place *new_place(struct node *parent, const char *name)
{
    size_t len = strlen(name);
    struct place *place = calloc(1, sizeof(*place) + len + 1);
    if (place == NULL)
        return NULL;
    place->len = sizeof(parent) + len;
    place->parent = parent;
    memcpy(place->name, name, len + 1);
    return place;
}

static struct node *find_place(const struct place *place)
{
    struct node *found;
    HASH_FIND(by_name, by_place, &place->parent, place->len, found);
    return found;
}

static bool is_below(const struct node *node, const struct node *above)
{
    for (; node != NULL; node = node->place == NULL ? NULL : node->place->parent)
        if (node == above)
            return true;
    return false;
}

/* Takes `place`. Who had the name before has none now. */
static void take_place(struct node *node, struct place *place)
{
    struct node *before = find_place(place);
    if (before == node || node == root || is_below(place->parent, node)) {
        free(place); /* it has that name; or names have changed so that this cannot be its place */
        return;
    }
    place->parent->refs++;
    node->refs++; /* it stays while its old directory may go */
    if (before != NULL)
        lose_place(before);
    lose_place(node);
    node->place = place;
    HASH_ADD_KEYPTR(by_name, by_place, &place->parent, place->len, node);
    unref(node);
    /* A table that could not grow: the node is found by its key only, and follows no rename. */
}

/* ---- Paths ---- */

static int path_of(const struct node *node, char *out, size_t *at)
{
    for (; node != root; node = node->place->parent) {
        if (node->place == NULL)
            return -ESTALE;
        size_t len = strlen(node->place->name);
        if (*at < len + 1)
            return -ENAMETOOLONG;
        *at -= len;
        memcpy(out + *at, node->place->name, len);
        out[--*at] = '/';
    }
    return 0;
}

int node_child_path(struct node *node, const char *name, char out[PATH_MAX])
{
    size_t len = name == NULL ? 0 : strlen(name);
    size_t at = PATH_MAX - 1;
    if (len > NAME_MAX)
        return -ENAMETOOLONG;
    out[at] = '\0';
    if (name != NULL) {
        at -= len;
        memcpy(out + at, name, len);
        out[--at] = '/';
    }
    {
        LOCK_SCOPE(&lock);
        int rc = path_of(node, out, &at);
        if (rc < 0)
            return rc;
    }
    if (out[at] == '/')
        at++;
    memmove(out, out + at, PATH_MAX - at);
    return 0;
}

int node_path(struct node *node, char out[PATH_MAX])
{
    return node_child_path(node, NULL, out);
}

/* ---- Look-ups ---- */

static struct node *find_key(const struct native_key *key)
{
    struct node *found;
    HASH_FIND(hh, by_key, key, sizeof(*key), found);
    return found;
}

static struct node *new_node(const struct native_key *key)
{
    struct node *node = calloc(1, sizeof(*node));
    if (node == NULL)
        return NULL;
    node->key = *key;
    node->generation = ++generations;
    HASH_ADD(hh, by_key, key, sizeof(node->key), node);
    if (table_added(&node->hh))
        return node;
    free(node);
    return NULL;
}

struct node *node_look_up(struct node *parent, const char *name, const struct native_key *key)
{
    struct place *place = new_place(parent, name);
    if (place == NULL)
        return NULL;
    LOCK_SCOPE(&lock);
    struct node *node = find_key(key);
    if (node == NULL)
        node = new_node(key);
    if (node == NULL) {
        free(place);
        return NULL;
    }
    node->lookups++;
    take_place(node, place);
    return node;
}

fuse_ino_t node_find(const struct native_key *key)
{
    LOCK_SCOPE(&lock);
    struct node *node = find_key(key);
    return node == NULL ? 0 : node_ino(node);
}

fuse_ino_t node_find_child(const struct native_key *directory, const char *name)
{
    fuse_ino_t ino = 0;
    LOCK_SCOPE(&lock);
    struct place *place = new_place(find_key(directory), name);
    if (place != NULL && place->parent != NULL) {
        struct node *node = find_place(place);
        ino = node == NULL ? 0 : node_ino(node);
    }
    free(place);
    return ino;
}

void node_forget(struct node *node, uint64_t count)
{
    LOCK_SCOPE(&lock);
    node->lookups -= count < node->lookups ? count : node->lookups;
    free_if_unused(node);
}

void node_renamed(struct node *parent, const char *name, struct node *to, const char *new_name)
{
    struct place *from = new_place(parent, name);
    struct place *place = to == NULL ? NULL : new_place(to, new_name);
    if (from == NULL || (to != NULL && place == NULL)) { /* stale by name only: found out when used */
        free(from);
        free(place);
        return;
    }
    LOCK_SCOPE(&lock);
    struct node *node = find_place(from);
    free(from);
    if (place == NULL) {
        if (node != NULL)
            lose_place(node);
    } else if (node != NULL) {
        take_place(node, place);
    } else {
        struct node *before = find_place(place);
        if (before != NULL)
            lose_place(before);
        free(place);
    }
}

/* ---- The inode behind ---- */

int node_check(struct node *node, int fd, struct stat *ret_st)
{
    struct native_key key;
    int rc = native_stat(fd, &key, ret_st);
    if (rc < 0 || node == root)
        return rc;
    LOCK_SCOPE(&lock);
    return native_same(&key, &node->key) ? 0 : -ESTALE;
}

int node_open(struct node *node, int flags, struct stat *ret_st)
{
    char path[PATH_MAX];
    struct stat st;
    int rc = node_path(node, path);
    if (rc < 0)
        return rc;
    CLEANUP_CLOSE int fd = native_open(path, flags);
    if (fd < 0) /* its name has gone: who came by a path shall look again */
        return fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP ? -ESTALE : fd;
    rc = node_check(node, fd, ret_st == NULL ? &st : ret_st);
    return rc < 0 ? rc : TAKE_FD(fd);
}

int node_become(struct node *node, const struct native_key *key)
{
    LOCK_SCOPE(&lock);
    if (native_same(&node->key, key))
        return 0;
    if (find_key(key) != NULL)
        return -ESTALE;
    HASH_DELETE(hh, by_key, node);
    node->key = *key;
    HASH_ADD(hh, by_key, key, sizeof(node->key), node);
    for (struct handle *handle = node->handles; handle != NULL; handle = handle->next)
        atomic_store(&handle->stale, true);
    return 0;
}

/* ---- Handles ---- */

void node_attach(struct node *node, struct handle *handle)
{
    LOCK_SCOPE(&lock);
    node->refs++;
    handle->previous = NULL;
    handle->next = node->handles;
    if (handle->next != NULL)
        handle->next->previous = handle;
    node->handles = handle;
}

void node_detach(struct node *node, struct handle *handle)
{
    LOCK_SCOPE(&lock);
    if (handle->next != NULL)
        handle->next->previous = handle->previous;
    if (handle->previous != NULL)
        handle->previous->next = handle->next;
    else
        node->handles = handle->next;
    unref(node);
}

struct handle *node_borrow_handle(struct node *node, bool writer)
{
    LOCK_SCOPE(&lock);
    for (struct handle *handle = node->handles; handle != NULL; handle = handle->next)
        if (!atomic_load(&handle->stale) && (handle->writer || !writer)) {
            atomic_fetch_add(&handle->refs, 1);
            return handle;
        }
    return NULL;
}

bool node_opened_incomplete(struct node *node)
{
    LOCK_SCOPE(&lock);
    for (struct handle *handle = node->handles; handle != NULL; handle = handle->next)
        if (handle->incomplete && !handle->writer)
            return true;
    return false;
}

/* ---- All of them ---- */

struct name_copy {
    fuse_ino_t parent;
    fuse_ino_t ino;
    char *name;
};

void node_each_name(bool (*see)(void *context, fuse_ino_t parent, const char *name, fuse_ino_t ino), void *context)
{
    size_t count = 0;
    struct name_copy *copies = NULL;
    {
        struct node *node, *next;
        LOCK_SCOPE(&lock);
        copies = calloc(HASH_CNT(by_name, by_place) + 1, sizeof(*copies));
        if (copies != NULL)
            HASH_ITER(by_name, by_place, node, next) {
                copies[count].name = strdup(node->place->name);
                copies[count].parent = node_ino(node->place->parent);
                copies[count].ino = node_ino(node);
                count += copies[count].name != NULL;
            }
    }
    bool go_on = true;
    for (size_t i = 0; i < count; i++) {
        if (go_on)
            go_on = see(context, copies[i].parent, copies[i].name, copies[i].ino);
        free(copies[i].name);
    }
    free(copies);
}
