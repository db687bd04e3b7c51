/* SPDX-License-Identifier: MIT */
/*
 * The part of the environment that algofs lives by, copied once.
 *
 * The host program may change, clear or overwrite its environment at any time, so a door copies what it
 * needs before main runs. The copy is immutable afterwards and may be read from any thread or signal
 * handler. docs/CONFIGURATION.md says what each variable means.
 */
#ifndef ALGOFS_CLIENT_ENVIRONMENT_H
#define ALGOFS_CLIENT_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * name, flags: A the agent inherits it when a door starts it; C an exec'ed child gets it back when its
 * new environment lacks it. Keys are never the agent's: they travel in HELLO only. AWS's variables are
 * no child's that was given another environment: they are other programs' too, and would change them.
 */
#define ENVIRONMENT_VARIABLES(ROW)                                                               \
    ROW(LD_PRELOAD, ENVIRONMENT_PRIVATE)                                                         \
    ROW(ALGORITHMIA_API, ENVIRONMENT_CHILD)                                                      \
    ROW(ALGORITHMIA_API_KEY, ENVIRONMENT_CHILD)                                                  \
    ROW(ALGORITHMIA_BEARER_TOKEN, ENVIRONMENT_CHILD)                                             \
    ROW(ALGOFS_PROFILE, ENVIRONMENT_CHILD)                                                       \
    ROW(ALGOFS_CONFIG, ENVIRONMENT_CHILD)                                                        \
    ROW(ALGOFS_PREFIX, ENVIRONMENT_CHILD)                                                        \
    ROW(ALGOFS_TTL, ENVIRONMENT_CHILD)                                                           \
    ROW(ALGOFS_CACHE, ENVIRONMENT_CHILD)                                                         \
    ROW(ALGOFS_CACHE_SIZE, ENVIRONMENT_CHILD | ENVIRONMENT_AGENT)                                \
    ROW(ALGOFS_LOG, ENVIRONMENT_CHILD | ENVIRONMENT_AGENT)                                       \
    ROW(ALGOFS_DEBUG, ENVIRONMENT_CHILD | ENVIRONMENT_AGENT)                                     \
    ROW(ALGOFS_IDLE, ENVIRONMENT_CHILD | ENVIRONMENT_AGENT)                                      \
    ROW(ALGOFS_AGENT, ENVIRONMENT_CHILD)                                                         \
    ROW(ALGOFS_INHERIT, ENVIRONMENT_CHILD)                                                       \
    ROW(ALGOFS_READONLY, ENVIRONMENT_CHILD)                                                      \
    ROW(ALGOFS_WRITEBACK, ENVIRONMENT_CHILD)                                                     \
    ROW(ALGOFS_FSYNC, ENVIRONMENT_CHILD)                                                         \
    ROW(ALGOFS_REPORT, ENVIRONMENT_CHILD)                                                        \
    ROW(ALGOFS_FDS, ENVIRONMENT_PRIVATE)                                                         \
    ROW(ALGOFS_HOME, ENVIRONMENT_CHILD) /* the HOME of who started a child without one */         \
    ROW(HOME, ENVIRONMENT_AGENT)                                                                 \
    ROW(XDG_CACHE_HOME, ENVIRONMENT_PRIVATE)                                                     \
    ROW(XDG_CONFIG_HOME, ENVIRONMENT_PRIVATE)                                                    \
    ROW(AWS_ACCESS_KEY_ID, ENVIRONMENT_PRIVATE)                                                  \
    ROW(AWS_SECRET_ACCESS_KEY, ENVIRONMENT_PRIVATE)                                              \
    ROW(AWS_SESSION_TOKEN, ENVIRONMENT_PRIVATE)                                                  \
    ROW(AWS_PROFILE, ENVIRONMENT_PRIVATE)                                                        \
    ROW(AWS_SHARED_CREDENTIALS_FILE, ENVIRONMENT_PRIVATE)                                        \
    ROW(AWS_CONFIG_FILE, ENVIRONMENT_PRIVATE)                                                    \
    ROW(AWS_REGION, ENVIRONMENT_PRIVATE)                                                         \
    ROW(AWS_DEFAULT_REGION, ENVIRONMENT_PRIVATE)                                                 \
    ROW(AWS_ENDPOINT_URL, ENVIRONMENT_PRIVATE)                                                   \
    ROW(AWS_ENDPOINT_URL_S3, ENVIRONMENT_PRIVATE)                                                \
    ROW(AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, ENVIRONMENT_PRIVATE)                             \
    ROW(AWS_CONTAINER_CREDENTIALS_FULL_URI, ENVIRONMENT_PRIVATE)                                 \
    ROW(AWS_CONTAINER_AUTHORIZATION_TOKEN, ENVIRONMENT_PRIVATE)                                  \
    ROW(AWS_EC2_METADATA_DISABLED, ENVIRONMENT_PRIVATE)                                          \
    ROW(http_proxy, ENVIRONMENT_AGENT)                                                           \
    ROW(https_proxy, ENVIRONMENT_AGENT)                                                          \
    ROW(HTTPS_PROXY, ENVIRONMENT_AGENT)                                                          \
    ROW(all_proxy, ENVIRONMENT_AGENT)                                                            \
    ROW(ALL_PROXY, ENVIRONMENT_AGENT)                                                            \
    ROW(no_proxy, ENVIRONMENT_AGENT)                                                             \
    ROW(NO_PROXY, ENVIRONMENT_AGENT)                                                             \
    ROW(SSL_CERT_FILE, ENVIRONMENT_AGENT)                                                        \
    ROW(CURL_CA_BUNDLE, ENVIRONMENT_AGENT)                                                       \
    ROW(ASAN_OPTIONS, ENVIRONMENT_AGENT)                                                         \
    ROW(TSAN_OPTIONS, ENVIRONMENT_AGENT)                                                         \
    ROW(UBSAN_OPTIONS, ENVIRONMENT_AGENT)

enum environment_flag {
    ENVIRONMENT_PRIVATE = 0,
    ENVIRONMENT_AGENT = 1,
    ENVIRONMENT_CHILD = 2,
};

#define ENVIRONMENT_ENUM(name, flags) ENVIRONMENT_##name,
enum environment_variable { ENVIRONMENT_VARIABLES(ENVIRONMENT_ENUM) ENVIRONMENT_COUNT };

/** Copies the variables of `envp` (as main's third argument). Later calls do nothing. */
void environment_load(char *const *envp);
/** The value, or "" if it was unset (or too long to keep). Never NULL; lives for ever. */
const char *environment_get(enum environment_variable variable);
/** "NAME=value" as in envp, or NULL if unset. Lives for ever. */
const char *environment_assignment(enum environment_variable variable);
unsigned environment_flags(enum environment_variable variable);
/** The variable that "NAME=…" assigns, or ENVIRONMENT_COUNT if it is none of ours. */
enum environment_variable environment_recognise(const char *assignment);

#endif
