/* SPDX-License-Identifier: MIT */
#include "server/auth.h"

#include <string.h>
#include <strings.h>

/* The key in the header, without the word before it. */
static const char *auth_skip_scheme(const char *text)
{
    static const char *const schemes[] = { "Simple ", "Bearer " };
    text += strspn(text, " ");
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
        if (strncasecmp(text, schemes[i], strlen(schemes[i])) == 0)
            return text + strlen(schemes[i]) + strspn(text + strlen(schemes[i]), " ");
    return text;
}

/* Compares all of it, so that the time does not tell how much was right. */
static bool auth_same(const char *key, const char *given)
{
    size_t len = strlen(key);
    if (strlen(given) != len)
        return false;
    volatile unsigned char different = 0;
    for (size_t i = 0; i < len; i++)
        different |= (unsigned char)(key[i] ^ given[i]);
    return different == 0;
}

enum auth_right auth_check(const struct options_list *keys, const char *text)
{
    if (text == NULL)
        return AUTH_NONE;
    const char *given = auth_skip_scheme(text);
    enum auth_right right = AUTH_NONE;
    for (size_t i = 0; i < keys->count; i++)
        if (auth_same(keys->entries[i].name, given))
            right = keys->entries[i].read_only ? AUTH_READ : AUTH_WRITE;
    return right;
}
