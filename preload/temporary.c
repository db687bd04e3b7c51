/* SPDX-License-Identifier: MIT */
/* Temporary names: libc fills the template behind our back, so in the prefix it is done here. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "preload/fdtable.h"
#include "preload/follow.h"
#include "preload/fs.h"
#include "preload/target.h"
#include "preload/write.h"

enum { MARKS = 6, TRIES = 1000, STEM_MAX = 5 };


/* Where the six marks stand, or NULL with errno. */
static char *find_marks(char *template, int suffix)
{
    size_t len = strlen(template);
    if (suffix < 0 || len < (size_t)suffix + MARKS ||
        memcmp(template + len - (size_t)suffix - MARKS, "XXXXXX", MARKS) != 0) {
        errno = EINVAL;
        return NULL;
    }
    return template + len - (size_t)suffix - MARKS;
}

static int fill_marks(char *marks)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    unsigned char random[MARKS];
    if (getrandom(random, sizeof(random), 0) != MARKS)
        return -1;
    for (int i = 0; i < MARKS; i++)
        marks[i] = letters[random[i] % (sizeof(letters) - 1)];
    return 0;
}

static bool is_inside(const char *template)
{
    struct target t;
    int saved = errno;
    bool inside = target_translate(&t, AT_FDCWD, template) == 0 && t.inside;
    errno = saved;
    return inside;
}

/* Makes a file (or, if `directory`, a directory) of a name that was not there before. */
static int make_unique(char *template, int suffix, int flags, bool directory)
{
    char *marks = find_marks(template, suffix);
    int saved = errno;
    for (int i = 0; marks != NULL && i < TRIES; i++) {
        if (fill_marks(marks) < 0)
            break;
        int made = directory
            ? fs_mkdir(template, 0700)
            : fs_open(template, (flags & ~O_ACCMODE) | O_RDWR | O_CREAT | O_EXCL, 0600);
        if (made >= 0) {
            errno = saved;
            return made;
        }
        if (errno != EEXIST)
            break;
    }
    return -1;
}

/* A template whose folder is a link into the prefix: libc could not make a file there, but has used its
 * marks. */
static bool is_led_inside(bool failed, char *template, int suffix)
{
    struct follow f;
    if (!follow_leads_inside(failed, &f, AT_FDCWD, template, FOLLOW_NEVER))
        return false;
    memcpy(template + strlen(template) - (size_t)suffix - MARKS, "XXXXXX", MARKS);
    return true;
}

static int made_outside(int fd)
{
    if (fd >= 0)
        fdtable_opened_outside(fd);
    return fd;
}

int fs_mkstemp(char *template)
{
    if (is_inside(template))
        return make_unique(template, 0, 0, false);
    int fd = real.mkstemp(template);
    if (is_led_inside(fd < 0, template, 0))
        return make_unique(template, 0, 0, false);
    return made_outside(fd);
}

int fs_mkostemp(char *template, int flags)
{
    if (is_inside(template))
        return make_unique(template, 0, flags, false);
    int fd = real.mkostemp(template, flags);
    if (is_led_inside(fd < 0, template, 0))
        return make_unique(template, 0, flags, false);
    return made_outside(fd);
}

int fs_mkstemps(char *template, int suffix)
{
    if (is_inside(template))
        return make_unique(template, suffix, 0, false);
    int fd = real.mkstemps(template, suffix);
    if (is_led_inside(fd < 0, template, suffix))
        return make_unique(template, suffix, 0, false);
    return made_outside(fd);
}

int fs_mkostemps(char *template, int suffix, int flags)
{
    if (is_inside(template))
        return make_unique(template, suffix, flags, false);
    int fd = real.mkostemps(template, suffix, flags);
    if (is_led_inside(fd < 0, template, suffix))
        return make_unique(template, suffix, flags, false);
    return made_outside(fd);
}

/* A name that nothing has; whoever uses it must be ready to lose the race. */
char *fs_mktemp(char *template)
{
    struct stat st;
    if (!is_inside(template))
        return real.mktemp(template);
    char *marks = find_marks(template, 0);
    int saved = errno;
    for (int i = 0; marks != NULL && i < TRIES && fill_marks(marks) == 0; i++) {
        if (fs_lstat(template, &st) == 0)
            continue;
        if (errno != ENOENT)
            break;
        errno = saved;
        return template;
    }
    template[0] = '\0'; /* how mktemp says no */
    return template;
}

static bool is_directory(const char *path)
{
    struct stat st;
    int saved = errno;
    bool directory = path != NULL && path[0] != '\0' && fs_stat(path, &st) == 0 && S_ISDIR(st.st_mode);
    errno = saved;
    return directory;
}

/* libc takes $TMPDIR, else `dir`, else /tmp: the first that is a directory. */
char *fs_tempnam(const char *dir, const char *stem)
{
    const char *wanted = secure_getenv("TMPDIR");
    if (!is_directory(wanted))
        wanted = dir;
    if (!is_directory(wanted) || !is_inside(wanted))
        return real.tempnam(dir, stem);
    if (stem == NULL || stem[0] == '\0')
        stem = "file";
    size_t dir_len = strlen(wanted);
    size_t stem_len = strnlen(stem, STEM_MAX);
    char *name = malloc(dir_len + 1 + stem_len + MARKS + 1);
    if (name == NULL)
        return NULL;
    memcpy(name, wanted, dir_len);
    name[dir_len] = '/';
    memcpy(name + dir_len + 1, stem, stem_len);
    memcpy(name + dir_len + 1 + stem_len, "XXXXXX", MARKS + 1);
    if (fs_mktemp(name)[0] != '\0')
        return name;
    free(name);
    return NULL;
}

char *fs_mkdtemp(char *template)
{
    if (!is_inside(template)) {
        char *made = real.mkdtemp(template);
        if (!is_led_inside(made == NULL, template, 0))
            return made;
    }
    return make_unique(template, 0, 0, true) < 0 ? NULL : template;
}
