/* SPDX-License-Identifier: MIT */
#include "wrappers/local-server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "wrappers/beside.h"
#include "wrappers/say.h"

static int make_key(char key[LOCAL_KEY_SIZE])
{
    unsigned char bytes[14]; /* 28 characters with "sim", like the hosted service's */
    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
        return -1;
    memcpy(key, "sim", 4);
    for (size_t i = 0; i < sizeof(bytes); i++)
        (void)snprintf(key + 3 + 2 * i, 3, "%02x", bytes[i]);
    return 0;
}

/* The key would show in the process list as an argument: it goes by a file that only we can read. */
static int write_key(const char *scratch, const char *key, char out[PATH_MAX])
{
    if (snprintf(out, PATH_MAX, "%s/key", scratch) >= PATH_MAX)
        return -1;
    CLEANUP_CLOSE int fd = open(out, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    size_t len = strlen(key);
    return fd >= 0 && write(fd, key, len) == (ssize_t)len ? 0 : -1;
}

static void run_server(
    const char *program, const char *dir, const char *key_file, int out, pid_t parent)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(1); /* it died before we could ask to be told */
    (void)setpgid(0, 0); /* Ctrl-C is for the command */
    (void)dup2(out, STDOUT_FILENO);
    char home[PATH_MAX + 8];
    char key[PATH_MAX + 8];
    (void)snprintf(home, sizeof(home), "local=%s", dir);
    (void)snprintf(key, sizeof(key), "@%s", key_file);
    (void)execl(program, program, "--listen", "127.0.0.1:0", "--key", key, "--user", "local", "--home",
        home, (char *)NULL);
    _exit(127);
}

/* "listening on http://ADDR:PORT" */
static int read_address(int fd, char url[LOCAL_URL_SIZE])
{
    CLEANUP_FCLOSE FILE *stream = fdopen(fd, "r");
    char line[LOCAL_URL_SIZE + 32];
    static const char head[] = "listening on ";
    if (stream == NULL || fgets(line, sizeof(line), stream) == NULL ||
        strncmp(line, head, sizeof(head) - 1) != 0)
        return -1;
    line[strcspn(line, "\n")] = '\0';
    int len = snprintf(url, LOCAL_URL_SIZE, "%s", line + sizeof(head) - 1);
    return len < LOCAL_URL_SIZE ? 0 : -1;
}

int local_server_start(struct local_server *server, const char *dir, const char *scratch)
{
    char program[PATH_MAX];
    char absolute[PATH_MAX];
    char key_file[PATH_MAX];
    int ends[2];
    struct stat st;
    if (realpath(dir, absolute) == NULL || stat(absolute, &st) < 0) {
        say("--local %s: %s", dir, strerror(errno));
        return -1;
    }
    if (!S_ISDIR(st.st_mode)) {
        say("--local %s: not a folder", dir);
        return -1;
    }
    if (beside_find(BESIDE_SERVER, program) < 0) {
        say("--local: algofs-server is not beside algofs-run: install it there (make install)");
        return -1;
    }
    if (make_key(server->key) < 0 || write_key(scratch, server->key, key_file) < 0 ||
        pipe2(ends, O_CLOEXEC) < 0) {
        say("--local: cannot prepare the server in \"%s\": %s", scratch, strerror(errno));
        return -1;
    }
    pid_t parent = getpid();
    server->pid = fork();
    if (server->pid == 0)
        run_server(program, absolute, key_file, ends[1], parent);
    (void)close(ends[1]);
    if (server->pid < 0 || read_address(ends[0], server->url) < 0) {
        say("--local: algofs-server did not start (its own message stands above)");
        local_server_stop(server);
        return -1;
    }
    return 0;
}

void local_server_stop(struct local_server *server)
{
    if (server->pid <= 0)
        return;
    (void)kill(server->pid, SIGTERM); /* it may have died: then there is only the status to take */
    while (waitpid(server->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    server->pid = 0;
}
