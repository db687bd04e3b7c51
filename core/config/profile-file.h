/* SPDX-License-Identifier: MIT */
/*
 * The TOML of ~/.algorithmia/config, as far as that file goes: tables, and keys with strings on one
 * line.
 *
 * Read by hand: Debian 12 has no C library for TOML, and inih, which reads something like it, cuts
 * lines at 200 bytes (a bearer token is longer), takes an indented key for the continuation of the
 * one before, and cuts a quoted string at " ;".
 *
 * Pure but for reading the file. A value is never part of a reason.
 */
#ifndef ALGOFS_CONFIG_PROFILE_FILE_H
#define ALGOFS_CONFIG_PROFILE_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* One [profiles.NAME] table. NULL: the key is not there, or is "". */
struct profile_file {
    bool found; /* the table is there */
    char *api_key, *api_server, *ca_cert, *bearer_token;
};

#define PROFILE_FILE_INIT                                                                          \
    {                                                                                              \
        false, NULL, NULL, NULL, NULL                                                              \
    }
#define CLEANUP_PROFILE_FILE __attribute__((cleanup(profile_file_free)))

/**
 * Reads table [profiles.`name`] of `path`. Other tables and unknown keys are left alone. A file
 * that does not exist is an empty one. 0; -EINVAL with file and line in why[], -errno of opening or
 * reading, -ENOMEM. *ret_file (initialised by the caller) may be half filled on failure; free it
 * with profile_file_free.
 */
int profile_file_read(
    const char *path, const char *name, char *why, size_t why_size, struct profile_file *ret_file);

/** Wipes and frees the strings. */
void profile_file_free(struct profile_file *file);

/** Wipes and frees one string that may be a key; NULL is allowed. */
void profile_string_free(char *string);

#endif
