/* SPDX-License-Identifier: MIT */
/* stdio-write WHAT: writes by libc's streams into the folder $DIR and prints what each call says. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char path_buffer[PATH_MAX];

static const char *place(const char *name)
{
    snprintf(path_buffer, sizeof(path_buffer), "%s/%s", getenv("DIR"), name);
    return path_buffer;
}

static void say(const char *what, long result)
{
    printf("%s: %ld %s\n", what, result, result < 0 ? strerrorname_np(errno) : "");
}

static void show(const char *path)
{
    char text[200];
    int fd = open(path, O_RDONLY);
    ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text));
    printf("  content: %ld '%.*s'\n", (long)got, got < 0 ? 0 : (int)got, text);
    if (fd >= 0)
        close(fd);
}

static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0)
        printf("put: %s\n", strerrorname_np(errno));
}

static void one_mode(const char *mode, const char *name, const char *old)
{
    char label[100], line[100];
    const char *path = place(name);
    if (old != NULL)
        put(path, old);
    FILE *file = fopen(path, mode);
    snprintf(label, sizeof(label), "fopen %s %s", mode, old != NULL ? "old" : "new");
    say(label, file == NULL ? -1 : 0);
    if (file == NULL)
        return;
    say("  ftell", ftell(file));
    say("  fputs", fputs("AB", file) < 0 ? -1 : 0);
    say("  fflush", fflush(file));
    say("  ftell", ftell(file));
    say("  fseek", fseek(file, 1, SEEK_SET));
    say("  fgets", fgets(line, sizeof(line), file) == NULL ? -1 : (long)strlen(line));
    clearerr(file);
    say("  fseek", fseek(file, 0, SEEK_CUR));
    say("  fputc", fputc('C', file));
    say("  fclose", fclose(file));
    show(path);
}

static int modes(void)
{
    static const char *all[] = { "w", "w+", "a", "a+", "r+", "wx", "w+x", "ax", "rb+", "we", "wb", "ab", "a+b" };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        char name[50];
        snprintf(name, sizeof(name), "mode%zu-old", i);
        one_mode(all[i], name, "0123456789\nsecond\n");
        snprintf(name, sizeof(name), "mode%zu-new", i);
        one_mode(all[i], name, NULL);
    }
    one_mode("w", "none/new", NULL);
    mkdir(place("folder"), 0755);
    one_mode("w", "folder", NULL);
    one_mode("a", "folder", NULL);
    return 0;
}

/* Standard output goes to a file of the folder, then to another, then appends to the first. */
static int reopen_stdout(void)
{
    int before = dup(1);
    FILE *report = fdopen(before, "w");
    FILE *again = freopen(place("stdout"), "w", stdout);
    printf("to the first file\n");
    fprintf(report, "freopen: %s, %s\n", again == stdout ? "ok" : strerrorname_np(errno), fileno(stdout) == 1 ? "fd 1" : "other");
    again = freopen(place("stdout2"), "w", stdout);
    printf("to the second file\n");
    fprintf(report, "freopen: %s\n", again == stdout ? "ok" : strerrorname_np(errno));
    again = freopen(place("stdout"), "a", stdout);
    printf("and the first again\n");
    fprintf(report, "freopen: %s, fclose %d\n", again == stdout ? "ok" : strerrorname_np(errno), fclose(stdout));
    fclose(report);
    return 0;
}

static int reopened(void)
{
    FILE *file = fopen(place("one"), "w");
    fputs("first", file);
    file = freopen(place("two"), "w+", file);
    say("freopen", file == NULL ? -1 : 0);
    if (file == NULL)
        return 1;
    fputs("second", file);
    rewind(file);
    char text[20] = "";
    say("fread", (long)fread(text, 1, sizeof(text) - 1, file));
    say("fclose", fclose(file));
    file = fopen(place("one"), "r");
    file = freopen(place("one"), "r+", file);
    say("freopen r+", file == NULL ? -1 : fputs("F", file));
    say("fclose", file == NULL ? -1 : fclose(file));
    file = fopen(place("one"), "r");
    file = freopen(place("none/none"), "w", file);
    say("freopen below nothing", file == NULL ? -1 : 0);
    show(place("one"));
    show(place("two"));
    int fd = open(place("three"), O_RDWR | O_CREAT, 0644);
    file = fdopen(fd, "r+");
    fputs("by fdopen", file);
    say("fclose", fclose(file));
    fd = open(place("three"), O_WRONLY | O_APPEND);
    say("dprintf", dprintf(fd, " and %s", "dprintf"));
    say("close", close(fd));
    show(place("three"));
    return 0;
}

static void one_temporary(const char *what, char *path, int suffix, int fd)
{
    struct stat st;
    size_t len = strlen(path);
    say(what, fd < 0 ? -1 : 0);
    if (fd < 0)
        return;
    printf("  filled %d, mode %o\n", memcmp(path + len - suffix - 6, "XXXXXX", 6) != 0, fstat(fd, &st) < 0 ? 0 : (unsigned)st.st_mode);
    say("  write", write(fd, what, strlen(what)));
    say("  close", close(fd));
    char target[PATH_MAX];
    snprintf(target, sizeof(target), "%s/was-%s", getenv("DIR"), what);
    say("  rename", rename(path, target));
}

static int temporary(void)
{
    char path[PATH_MAX];
    struct stat st;
    snprintf(path, sizeof(path), "%s/tXXXXXX", getenv("DIR"));
    one_temporary("mkstemp", path, 0, mkstemp(path));
    snprintf(path, sizeof(path), "%s/tXXXXXX", getenv("DIR"));
    one_temporary("mkostemp", path, 0, mkostemp(path, O_APPEND | O_CLOEXEC));
    snprintf(path, sizeof(path), "%s/tXXXXXX.txt", getenv("DIR"));
    one_temporary("mkstemps", path, 4, mkstemps(path, 4));
    snprintf(path, sizeof(path), "%s/none/tXXXXXX", getenv("DIR"));
    one_temporary("mkstemp-below-nothing", path, 0, mkstemp(path));
    snprintf(path, sizeof(path), "%s/tXXXXX", getenv("DIR"));
    one_temporary("mkstemp-short", path, 0, mkstemp(path));
    snprintf(path, sizeof(path), "%s/dXXXXXX", getenv("DIR"));
    say("mkdtemp", mkdtemp(path) == NULL ? -1 : 0);
    printf("  mode %o\n", stat(path, &st) < 0 ? 0 : (unsigned)st.st_mode);
    say("  rmdir", rmdir(path));
    return 0;
}

static int buffers(void)
{
    static char big[100000];
    static const int kinds[] = { _IONBF, _IOLBF, _IOFBF };
    memset(big, 'b', sizeof(big));
    for (int i = 0; i < 3; i++) {
        char name[20];
        snprintf(name, sizeof(name), "buffer%d", i);
        FILE *file = fopen(place(name), "w");
        say("setvbuf", setvbuf(file, i == 2 ? big : NULL, kinds[i], i == 2 ? sizeof(big) : 0));
        for (int n = 0; n < 1000; n++)
            fprintf(file, "line %d of %d\n", n, i);
        say("fflush and fsync", fflush(file) == 0 ? fsync(fileno(file)) : -1);
        fputs("after fsync\n", file);
        say("fclose", fclose(file));
    }
    return 0;
}

static int large(void)
{
    FILE *file = fopen(place("large"), "w+");
    for (unsigned n = 0; n < 1500000; n++)
        fwrite(&n, sizeof(n), 1, file);
    fseek(file, 3000000, SEEK_SET);
    fputs("in the middle", file);
    say("fclose", fclose(file));
    return 0;
}

static int unclosed(void)
{
    FILE *file = fopen(place("unclosed"), "w");
    if (file == NULL)
        return 1;
    fputs("written by exit\n", file);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*call)(void);
    } all[] = { { "modes", modes }, { "freopen", reopen_stdout }, { "reopened", reopened }, { "temporary", temporary },
        { "buffers", buffers }, { "large", large }, { "unclosed", unclosed } };
    for (size_t i = 0; argc == 2 && i < sizeof(all) / sizeof(all[0]); i++)
        if (strcmp(argv[1], all[i].name) == 0)
            return all[i].call();
    fprintf(stderr, "usage: stdio-write WHAT\n");
    return 2;
}
