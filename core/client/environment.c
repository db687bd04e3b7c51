/* SPDX-License-Identifier: MIT */
#include "core/client/environment.h"

#include <string.h>

enum { POOL_SIZE = 32768 }; /* untouched pages cost nothing */

#define ROW_NAME(name, flags) #name,
static const char *const names[] = { ENVIRONMENT_VARIABLES(ROW_NAME) };
#define ROW_FLAGS(name, flags) flags,
static const unsigned char all_flags[] = { ENVIRONMENT_VARIABLES(ROW_FLAGS) };

static bool loaded;
static size_t used;
static char pool[POOL_SIZE];
static const char *assignments[ENVIRONMENT_COUNT];

enum environment_variable environment_recognise(const char *assignment)
{
    switch (assignment[0]) { /* most variables of most programs end here */
    case 'A': case 'C': case 'H': case 'L': case 'N': case 'S': case 'T': case 'X':
    case 'U': case 'a': case 'h': case 'n':
        break;
    default:
        return ENVIRONMENT_COUNT;
    }
    for (int i = 0; i < ENVIRONMENT_COUNT; i++) {
        size_t len = strlen(names[i]);
        if (strncmp(assignment, names[i], len) == 0 && assignment[len] == '=')
            return (enum environment_variable)i;
    }
    return ENVIRONMENT_COUNT;
}

/* What is kept under `variable`: "<head><value>". */
static void keep(enum environment_variable variable, const char *head, const char *value)
{
    size_t head_len = strlen(head);
    size_t size = strlen(value) + 1;
    if (head_len + size > sizeof(pool) - used)
        return;
    memcpy(pool + used, head, head_len);
    memcpy(pool + used + head_len, value, size);
    assignments[variable] = pool + used;
    used += head_len + size;
}

void environment_load(char *const *envp)
{
    if (loaded || envp == NULL)
        return;
    loaded = true;
    for (; *envp != NULL; envp++) {
        enum environment_variable variable = environment_recognise(*envp);
        if (variable == ENVIRONMENT_COUNT || assignments[variable] != NULL)
            continue;
        keep(variable, "", *envp);
    }
    if (environment_get(ENVIRONMENT_HOME)[0] != '\0')
        keep(ENVIRONMENT_ALGOFS_HOME, "ALGOFS_HOME=", environment_get(ENVIRONMENT_HOME));
}

const char *environment_get(enum environment_variable variable)
{
    const char *assignment = assignments[variable];
    return assignment == NULL ? "" : assignment + strlen(names[variable]) + 1;
}

const char *environment_assignment(enum environment_variable variable)
{
    return assignments[variable];
}

unsigned environment_flags(enum environment_variable variable)
{
    return all_flags[variable];
}
