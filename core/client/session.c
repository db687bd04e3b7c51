/* SPDX-License-Identifier: MIT */
#include "core/client/session.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "core/base/sys.h"
#include "core/client/call.h"
#include "core/client/environment.h"
#include "core/wire/location.h"

#define DEFAULT_PREFIX "/algo"
enum { DEFAULT_TTL_SECONDS = 60, MS_PER_SECOND = 1000 };

static char prefix[PATH_MAX];
static size_t prefix_len;
static char cache[PATH_MAX];
static uint64_t max_age_ms;
static _Atomic(struct session *) current;

const char *session_prefix(size_t *ret_len)
{
    *ret_len = prefix_len;
    return prefix;
}

const char *session_cache(void)
{
    return cache;
}

uint64_t session_max_age_ms(void)
{
    return max_age_ms;
}

/* Seconds, with a fraction if wanted; "inf"; what is neither is the default. */
static uint64_t parse_ttl(const char *text)
{
    if (strcmp(text, "inf") == 0)
        return UINT64_MAX;
    uint64_t ms = 0;
    uint64_t scale = MS_PER_SECOND;
    const char *p = text;
    for (; *p >= '0' && *p <= '9' && ms < UINT64_MAX / 100000; p++)
        ms = ms * 10 + (uint64_t)(*p - '0') * MS_PER_SECOND;
    if (*p == '.')
        for (p++; *p >= '0' && *p <= '9'; p++) {
            scale /= 10;
            ms += (uint64_t)(*p - '0') * scale;
        }
    return text[0] == '\0' || *p != '\0' ? (uint64_t)DEFAULT_TTL_SECONDS * MS_PER_SECOND : ms;
}

static int configure_prefix(const char *wanted)
{
    if (wanted[0] == '\0')
        wanted = DEFAULT_PREFIX;
    size_t len = strlen(wanted);
    while (len > 1 && wanted[len - 1] == '/')
        len--;
    if (wanted[0] != '/' || len < 2 || len >= sizeof(prefix))
        return -EINVAL;
    memcpy(prefix, wanted, len);
    prefix[len] = '\0';
    prefix_len = len;
    return 0;
}

int session_configure(void)
{
    max_age_ms = parse_ttl(environment_get(ENVIRONMENT_ALGOFS_TTL));
    struct location_environment location = {
        .algofs_cache = environment_get(ENVIRONMENT_ALGOFS_CACHE),
        .xdg_cache_home = environment_get(ENVIRONMENT_XDG_CACHE_HOME),
        .home = environment_get(ENVIRONMENT_HOME),
    };
    int rc = location_cache(&location, getuid(), cache, sizeof(cache));
    if (rc == 0)
        rc = configure_prefix(environment_get(ENVIRONMENT_ALGOFS_PREFIX));
    return rc;
}

const struct session *session_current(void)
{
    return atomic_load_explicit(&current, memory_order_acquire);
}

/* Without a board each directory costs a message; no more is lost. */
static const struct board *take_board(int fd)
{
    if (fd < 0)
        return NULL;
    struct stat st;
    const struct board *board = NULL;
    if (sys_fstat(fd, &st) == 0 && st.st_size >= (off_t)sizeof(*board)) {
        void *map = sys_mmap(NULL, sizeof(*board), PROT_READ, MAP_SHARED, fd, 0);
        if (!sys_is_error(map) && !board_valid(map, sizeof(*board)))
            (void)sys_munmap(map, sizeof(*board));
        else if (!sys_is_error(map))
            board = map;
    }
    (void)sys_close(fd);
    return board;
}

void session_environment(struct wire_hello_request *ret_request)
{
    *ret_request = (struct wire_hello_request){
        .api = environment_get(ENVIRONMENT_ALGORITHMIA_API),
        .key = environment_get(ENVIRONMENT_ALGORITHMIA_API_KEY),
        .bearer = environment_get(ENVIRONMENT_ALGORITHMIA_BEARER_TOKEN),
        .profile = environment_get(ENVIRONMENT_ALGOFS_PROFILE),
        .config = environment_get(ENVIRONMENT_ALGOFS_CONFIG),
        .home = environment_get(ENVIRONMENT_ALGOFS_HOME), /* HOME, if that is set */
        .xdg_config_home = environment_get(ENVIRONMENT_XDG_CONFIG_HOME),
        .aws_key_id = environment_get(ENVIRONMENT_AWS_ACCESS_KEY_ID),
        .aws_secret = environment_get(ENVIRONMENT_AWS_SECRET_ACCESS_KEY),
        .aws_token = environment_get(ENVIRONMENT_AWS_SESSION_TOKEN),
        .aws_profile = environment_get(ENVIRONMENT_AWS_PROFILE),
        .aws_credentials_file = environment_get(ENVIRONMENT_AWS_SHARED_CREDENTIALS_FILE),
        .aws_config_file = environment_get(ENVIRONMENT_AWS_CONFIG_FILE),
        .aws_region = environment_get(ENVIRONMENT_AWS_REGION),
        .aws_default_region = environment_get(ENVIRONMENT_AWS_DEFAULT_REGION),
        .aws_endpoint = environment_get(ENVIRONMENT_AWS_ENDPOINT_URL),
        .aws_endpoint_s3 = environment_get(ENVIRONMENT_AWS_ENDPOINT_URL_S3),
        .aws_container_relative_uri =
            environment_get(ENVIRONMENT_AWS_CONTAINER_CREDENTIALS_RELATIVE_URI),
        .aws_container_full_uri = environment_get(ENVIRONMENT_AWS_CONTAINER_CREDENTIALS_FULL_URI),
        .aws_container_token = environment_get(ENVIRONMENT_AWS_CONTAINER_AUTHORIZATION_TOKEN),
        .aws_metadata_disabled = environment_get(ENVIRONMENT_AWS_EC2_METADATA_DISABLED),
    };
}

static int say_hello(struct session *session)
{
    struct wire_hello_request request;
    session_environment(&request);
    struct wire_buffer message;
    struct wire_buffer answer;
    struct wire_hello_reply reply;
    int board_fd = -1;
    int rc = wire_encode_hello_request(&message, WIRE_HELLO, &request);
    if (rc == 0)
        rc = call_agent(cache, &message, &answer, -1, &board_fd);
    session->board = take_board(board_fd);
    if (rc == 0)
        rc = wire_decode_hello_reply(&answer, &reply);
    if (rc < 0)
        return rc;
    size_t len = strlen(reply.tree);
    if (len == 0 || len >= sizeof(session->tree))
        return -EPROTO;
    session->instance = reply.instance;
    session->tree_len = len;
    memcpy(session->tree, reply.tree, len + 1);
    return 0;
}

static bool same_session(const struct session *a, const struct session *b)
{
    return a->instance == b->instance && strcmp(a->tree, b->tree) == 0 && a->board == NULL && b->board == NULL;
}

static int publish(struct session *expected, const struct session **ret_session)
{
    struct session *fresh = sys_mmap(
        NULL, sizeof(*fresh), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (sys_is_error(fresh))
        return -ENOMEM;
    int rc = say_hello(fresh);
    if (rc == 0 && (expected == NULL || !same_session(expected, fresh))) {
        if (atomic_compare_exchange_strong(&current, &expected, fresh)) {
            *ret_session = fresh;
            return 0;
        }
    }
    if (fresh->board != NULL)
        (void)sys_munmap((void *)(uintptr_t)fresh->board, sizeof(*fresh->board));
    (void)sys_munmap(fresh, sizeof(*fresh));
    *ret_session = atomic_load_explicit(&current, memory_order_acquire);
    return rc;
}

int session_get(const struct session **ret_session)
{
    const struct session *session = session_current();
    if (__builtin_expect(session != NULL, 1)) {
        *ret_session = session;
        return 0;
    }
    return publish(NULL, ret_session);
}

int session_renew(const struct session **ret_session)
{
    return publish(atomic_load(&current), ret_session);
}
