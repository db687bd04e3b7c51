/* SPDX-License-Identifier: MIT */
#include "preload/real.h"

#include <dlfcn.h>

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

void real_init(void)
{
    /* Racing threads find the same pointers; the last store makes them visible. */
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        *places[i].pointer = dlsym(RTLD_NEXT, places[i].name);
    shim_setup();
    atomic_store_explicit(&real_ready, true, memory_order_release);
}
