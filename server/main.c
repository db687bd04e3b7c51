/* SPDX-License-Identifier: MIT */
/*
 * algofs-server: the Algorithmia Data API over a directory. See --help.
 *
 * main opens everything, starts the service and then only waits for signals: SIGHUP reads the fault
 * file again, SIGTERM and SIGINT end the server.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "core/base/cleanup.h"
#include "core/base/log.h"
#include "server/http.h"
#include "server/reqlog.h"
#include "server/server.h"

enum { LISTEN_BACKLOG = 1024, EXIT_USAGE = 2 };

static int main_complain(const char *what, const char *why)
{
    fprintf(stderr, "algofs-server: %s: %s\n", what, why);
    return EXIT_FAILURE;
}

/* Binds to the first address of `info` that lets us. */
static int main_bind(const struct addrinfo *info)
{
    int rc = -EADDRNOTAVAIL;
    for (; info != NULL; info = info->ai_next) {
        const int on = 1;
        CLEANUP_CLOSE int fd = socket(info->ai_family, info->ai_socktype | SOCK_CLOEXEC, 0);
        if (fd < 0) {
            rc = -errno;
            continue;
        }
        /* a server started again may take its port although old connections linger */
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, LISTEN_BACKLOG) == 0)
            return TAKE_FD(fd);
        rc = -errno;
    }
    return rc;
}

/* Listens on ADDR:PORT; a numeric IPv6 address is in brackets. A descriptor, or -1 after a line. */
static int main_listen(const char *text)
{
    const char *colon = strrchr(text, ':');
    size_t len = (size_t)(colon - text);
    if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    }
    CLEANUP_FREE char *host = strndup(text, len);
    if (host == NULL)
        return -1;
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
    struct addrinfo *info;
    int failed = getaddrinfo(len == 0 ? NULL : host, colon + 1, &hints, &info);
    if (failed != 0) {
        main_complain("--listen", gai_strerror(failed));
        return -1;
    }
    int fd = main_bind(info);
    freeaddrinfo(info);
    if (fd < 0) {
        main_complain("--listen", strerror(-fd));
        return -1;
    }
    return fd;
}

/* The line that tests and scripts wait for. */
static int main_announce(int listen_fd)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof(address);
    char host[INET6_ADDRSTRLEN];
    char port[8];
    if (getsockname(listen_fd, (struct sockaddr *)&address, &len) < 0)
        return -errno;
    if (getnameinfo((struct sockaddr *)&address, len, host, sizeof(host), port, sizeof(port),
            NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return -EINVAL;
    bool is_v6 = address.ss_family == AF_INET6;
    printf("listening on http://%s%s%s:%s\n", is_v6 ? "[" : "", host, is_v6 ? "]" : "", port);
    return fflush(stdout) == EOF ? -errno : 0;
}

/* A connection needs a socket, a file and, for an upload, two directories. */
static void main_raise_limits(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit); /* else: fewer connections, told by 503 */
    }
}

static void main_reload(struct server *server)
{
    char why[FAULT_WHY_MAX];
    if (faults_reload(&server->faults, why) < 0)
        log_error("fault", "%s", why);
}

/* Serves until a signal says otherwise. All threads have the signals of `set` blocked. */
static int main_serve(struct server *server, const sigset_t *set)
{
    CLEANUP_CLOSE int listen_fd = main_listen(server->options->listen);
    if (listen_fd < 0)
        return EXIT_FAILURE;
    struct MHD_Daemon *daemon = http_start(server, listen_fd);
    if (daemon == NULL)
        return main_complain("cannot start", "libmicrohttpd refuses");
    int announced = main_announce(listen_fd);
    (void)TAKE_FD(listen_fd); /* the daemon closes it */
    int number = 0;
    while (announced == 0 && number != SIGTERM && number != SIGINT) {
        (void)sigwait(set, &number); /* fails for a wrong set only */
        if (number == SIGHUP)
            main_reload(server);
    }
    (void)!write(server->stop_fd, &(uint64_t){ 1 }, sizeof(uint64_t)); /* wakes all that wait */
    http_stop(daemon);
    return announced == 0 ? EXIT_SUCCESS : main_complain("stdout", strerror(-announced));
}

/* An exit status. To be closed also after a failure. */
static int main_open_server(struct server *server, const struct options *options)
{
    char why[FAULT_WHY_MAX];
    *server = (struct server){ .options = options, .log_fd = -1, .stop_fd = -1 };
    snapshot_cache_init(&server->snapshots);
    int rc = etag_init(&server->etags);
    if (faults_init(&server->faults, options, why) < 0) {
        fprintf(stderr, "algofs-server: %s\n", why);
        return EXIT_USAGE;
    }
    if (rc == 0)
        server->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (rc < 0 || server->stop_fd < 0)
        return main_complain("cannot start", strerror(rc < 0 ? -rc : errno));
    rc = options->log_path == NULL ? 0 : reqlog_open(options->log_path, &server->log_fd);
    if (rc < 0)
        return main_complain(options->log_path, strerror(-rc));
    return space_open(&server->space, options) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static void main_close_server(struct server *server)
{
    space_close(&server->space);
    if (server->log_fd >= 0)
        (void)close(server->log_fd); /* every line was its own write */
    if (server->stop_fd >= 0)
        (void)close(server->stop_fd);
    etag_deinit(&server->etags);
    snapshot_cache_deinit(&server->snapshots);
    faults_deinit(&server->faults);
}

int main(int argc, char **argv)
{
    struct options options;
    enum options_outcome outcome = options_parse(&options, argc, argv);
    if (outcome != OPTIONS_RUN) {
        options_free(&options);
        return outcome == OPTIONS_DONE ? EXIT_SUCCESS : EXIT_USAGE;
    }
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL); /* before any thread is started */
    (void)signal(SIGPIPE, SIG_IGN);
    log_init(STDERR_FILENO, getenv("ALGOFS_DEBUG"));
    main_raise_limits();
    struct server server;
    int code = main_open_server(&server, &options);
    if (code == EXIT_SUCCESS)
        code = main_serve(&server, &set);
    main_close_server(&server);
    options_free(&options);
    return code;
}
