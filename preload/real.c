/* SPDX-License-Identifier: MIT */
#include "preload/real.h"

#include <dlfcn.h>
#include <string.h>

#include "preload/shim.h"

struct real_calls real;
atomic_bool real_ready;

/* name and place of each pointer; one loop fills them */
#define PLACE(name) { #name, (void **)&real.name },
#define CALL(name, ret, params, args) PLACE(name)
#define TWIN(name, policy, ret, params, args) PLACE(name)
#define VCALL(name, ret, params) PLACE(name)
#define LEGACY(name, policy, ret, params, args) PLACE(name)
static const struct place {
    const char *name;
    void **pointer;
} places[] = {
#include "preload/calls.def"
};
#undef CALL
#undef TWIN
#undef VCALL
#undef LEGACY

/*
 * Names that this libc may not have. dlsym allocates to say that it found nothing, and the first call of a
 * shell may come from an allocator that is just starting and holds its lock (jemalloc reads a link): so
 * they are looked for by the constructor.
 */
static bool may_be_missing(const char *name)
{
    static const char *const stems[] = { "io_", "pidfd_spawn", "llseek" };
    for (size_t i = 0; i < sizeof(stems) / sizeof(stems[0]); i++)
        if (strncmp(name, stems[i], strlen(stems[i])) == 0)
            return true;
    return false;
}

static void find_all(bool missing)
{
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (may_be_missing(places[i].name) == missing)
            *places[i].pointer = dlsym(RTLD_NEXT, places[i].name);
}

void real_find_rest(void)
{
    find_all(true);
}

void real_init(void)
{
    /* Racing threads find the same pointers; the last store makes them visible. */
    find_all(false);
    shim_setup();
    atomic_store_explicit(&real_ready, true, memory_order_release);
}
