/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <unistd.h>

#include "core/client/environment.h"
#include "core/client/session.h"
#include "core/wire/location.h"
#include "preload/exec.h"
#include "preload/shim.h"
#include "preload/write.h"

size_t exec_environment_room(char *const *envp)
{
    size_t count = 0;
    if (envp != NULL)
        while (envp[count] != NULL)
            count++;
    return count + ENVIRONMENT_COUNT + 2;
}

/* Whether a list of libraries, separated by colons or spaces, names the shim. */
static bool names_shim(const char *list, const char *shim)
{
    const char *name = strrchr(shim, '/');
    return strstr(list, name != NULL ? name : shim) != NULL;
}

static char *join(char *out, size_t size, const char *head, const char *a, const char *b)
{
    size_t head_len = strlen(head);
    size_t a_len = strlen(a);
    size_t b_len = strlen(b);
    size_t colon = a_len > 0 && b_len > 0;
    if (head_len + a_len + colon + b_len >= size)
        return NULL;
    memcpy(out, head, head_len);
    memcpy(out + head_len, a, a_len);
    if (colon)
        out[head_len + a_len] = ':';
    memcpy(out + head_len + a_len + colon, b, b_len + 1);
    return out;
}

/* Where a child with this environment would look for the agent. */
static bool finds_our_cache(const struct location_environment *theirs)
{
    char cache[PATH_MAX];
    return location_cache(theirs, getuid(), cache, sizeof(cache)) == 0 &&
        strcmp(cache, session_cache()) == 0;
}

struct theirs {
    bool has[ENVIRONMENT_COUNT];
    const char *preload;
    struct location_environment location;
    bool inherit;
};

static void look_through(char *const *envp, struct theirs *t)
{
    for (size_t i = 0; envp != NULL && envp[i] != NULL; i++) {
        enum environment_variable variable = environment_recognise(envp[i]);
        if (variable == ENVIRONMENT_COUNT)
            continue;
        const char *value = strchr(envp[i], '=') + 1;
        t->has[variable] = true;
        if (variable == ENVIRONMENT_LD_PRELOAD) {
            t->preload = value;
        } else if (variable == ENVIRONMENT_ALGOFS_CACHE) {
            t->location.algofs_cache = value;
        } else if (variable == ENVIRONMENT_XDG_CACHE_HOME) {
            t->location.xdg_cache_home = value;
        } else if (variable == ENVIRONMENT_HOME) {
            t->location.home = value;
        } else if (variable == ENVIRONMENT_ALGOFS_INHERIT) {
            t->inherit = strcmp(value, "0") != 0;
        }
    }
}

char *const *exec_environment(char *const *envp, char **out, struct exec_buffer *buffer)
{
    const char *shim = shim_path();
    struct theirs theirs = { .inherit = true };
    look_through(envp, &theirs);
    if (shim == NULL || !theirs.inherit ||
        strcmp(environment_get(ENVIRONMENT_ALGOFS_INHERIT), "0") == 0)
        return envp;
    size_t count = 0;
    size_t preload_at = 0;
    for (size_t i = 0; envp != NULL && envp[i] != NULL; i++) {
        enum environment_variable variable = environment_recognise(envp[i]);
        if (variable == ENVIRONMENT_LD_PRELOAD)
            preload_at = count;
        if (variable != ENVIRONMENT_ALGOFS_FDS)
            out[count++] = envp[i];
    }
    if (theirs.preload == NULL || !names_shim(theirs.preload, shim)) {
        char *assignment = join(buffer->preload, sizeof(buffer->preload), "LD_PRELOAD=",
            theirs.preload == NULL ? "" : theirs.preload, shim);
        if (assignment != NULL)
            out[theirs.preload == NULL ? count++ : preload_at] = assignment;
    }
    for (int i = 0; i < ENVIRONMENT_COUNT; i++) {
        const char *ours = environment_assignment((enum environment_variable)i);
        bool child = (environment_flags((enum environment_variable)i) & ENVIRONMENT_CHILD) != 0;
        if (ours == NULL || !child || theirs.has[i] ||
            (i == ENVIRONMENT_ALGOFS_HOME && theirs.has[ENVIRONMENT_HOME]))
            continue;
        out[count++] = (char *)(uintptr_t)ours;
        if (i == ENVIRONMENT_ALGOFS_CACHE)
            theirs.location.algofs_cache = environment_get(ENVIRONMENT_ALGOFS_CACHE);
    }
    if (!finds_our_cache(&theirs.location) && !theirs.has[ENVIRONMENT_ALGOFS_CACHE]) {
        char *assignment =
            join(buffer->cache, sizeof(buffer->cache), "ALGOFS_CACHE=", session_cache(), "");
        if (assignment != NULL)
            out[count++] = assignment;
    }
    char writers[sizeof(buffer->writers) - 16];
    write_inherited(writers, sizeof(writers));
    if (writers[0] != '\0') {
        char *assignment =
            join(buffer->writers, sizeof(buffer->writers), "ALGOFS_FDS=", writers, "");
        if (assignment != NULL)
            out[count++] = assignment;
    }
    out[count] = NULL;
    return out;
}
