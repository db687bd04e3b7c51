/* SPDX-License-Identifier: MIT */
/*
 * wordexp: libc expands patterns by a glob of its own, which does not see the prefix; what it has left as
 * it was is expanded here. Where quotes are among the words it cannot be told any more which pattern they
 * covered: then nothing is.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "preload/fs.h"
#include "preload/lazy.h"
#include "preload/target.h"
#include "preload/walk.h"

static bool is_pattern(const char *word)
{
    return strpbrk(word, "*?[") != NULL;
}

/* Puts the names that a pattern matches into its place. 0 or a WRDE_ error. */
static int replace(wordexp_t *words, size_t at, const glob_t *found)
{
    size_t count = words->we_offs + words->we_wordc;
    char **more = realloc(words->we_wordv, (count + found->gl_pathc + 1) * sizeof(*more));
    if (more == NULL)
        return WRDE_NOSPACE;
    words->we_wordv = more;
    for (size_t i = 0; i < found->gl_pathc; i++) {
        char *name = strdup(found->gl_pathv[i]);
        if (name == NULL)
            return WRDE_NOSPACE; /* what has been put in is valid */
        if (i == 0) {
            free(more[at]);
            more[at] = name;
            continue;
        }
        memmove(more + at + i + 1, more + at + i, (count - at - i + 1) * sizeof(*more));
        more[at + i] = name;
        count++;
        words->we_wordc++;
    }
    return 0;
}

static int expand(wordexp_t *words, size_t first)
{
    for (size_t i = first; i < words->we_wordc; i++) {
        size_t at = words->we_offs + i;
        const char *word = words->we_wordv[at];
        if (!is_pattern(word) || !walk_pattern_is_inside(word, 0))
            continue;
        glob_t found;
        memset(&found, 0, sizeof(found));
        int rc = fs_glob(word, 0, NULL, &found);
        if (rc == GLOB_NOMATCH)
            continue;
        if (rc != 0)
            return rc == GLOB_NOSPACE ? WRDE_NOSPACE : 0;
        size_t count = found.gl_pathc;
        rc = replace(words, at, &found);
        globfree(&found);
        if (rc != 0)
            return rc;
        i += count - 1;
    }
    return 0;
}

int fs_wordexp(const char *words, wordexp_t *result, int flags)
{
    int saved = errno;
    if (strchr(words, '`') != NULL || strstr(words, "$(") != NULL)
        (void)lazy_before_exec(); /* a command that reads what cannot be fetched says so itself */
    if (is_pattern(words) && walk_starts_inside(".")) {
        struct target t;
        (void)target_find_listing(&t, AT_FDCWD, "."); /* libc's glob reads the directory itself */
    }
    errno = saved;
    size_t first = (flags & WRDE_APPEND) != 0 ? result->we_wordc : 0;
    int rc = real.wordexp(words, result, flags);
    if (rc != 0 || strpbrk(words, "'\"\\") != NULL)
        return rc;
    if ((flags & WRDE_DOOFFS) == 0 && (flags & WRDE_APPEND) == 0)
        result->we_offs = 0;
    rc = expand(result, first);
    if (rc == 0)
        errno = saved;
    return rc;
}
