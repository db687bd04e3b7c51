/* SPDX-License-Identifier: MIT */
/* libstatic DIR read: name, size and sum of every file below DIR but in DIR/c, sorted by name.
 * libstatic DIR write: writes, appends, reads back, renames and removes in DIR. */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char lines[4096][1024];
static size_t count;
static size_t top;

static int see(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)ftw;
    if (type != FTW_F || strncmp(path + top, "/c/", 3) == 0 || count == 4096)
        return 0;
    FILE *file = fopen(path, "r");
    unsigned long sum = 5381, size = 0;
    int c;
    while (file != NULL && (c = getc(file)) != EOF) {
        sum = sum * 33 + (unsigned)c;
        size++;
    }
    if (file == NULL || fclose(file) != 0 || size != (unsigned long)st->st_size)
        return 1;
    snprintf(lines[count++], sizeof(lines[0]), "%lu %016lx %s", size, sum, path + top);
    return 0;
}

static int compare(const void *a, const void *b)
{
    return strcmp(strrchr(a, ' '), strrchr(b, ' ')) != 0 ? strcmp(strrchr(a, ' '), strrchr(b, ' ')) : strcmp(a, b);
}

static int fail(const char *what)
{
    perror(what);
    return 1;
}

static int write_all(const char *dir)
{
    if (chdir(dir) < 0 || mkdir("folder", 0755) < 0)
        return fail("mkdir");
    FILE *file = fopen("new", "w");
    if (file == NULL || fputs("written by ", file) < 0 || fclose(file) != 0)
        return fail("new");
    file = fopen("new", "a+");
    if (file == NULL || fputs("a static program\n", file) < 0 || fclose(file) != 0)
        return fail("append");
    char line[64] = "";
    file = fopen("new", "r");
    if (file == NULL || fgets(line, sizeof(line), file) == NULL ||
        strcmp(line, "written by a static program\n") != 0 || fclose(file) != 0)
        return fail("read back");
    if (rename("new", "folder/renamed") < 0)
        return fail("rename");
    file = fopen("gone", "w");
    if (file == NULL || fclose(file) != 0 || unlink("gone") < 0 || access("gone", F_OK) == 0)
        return fail("unlink");
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    if (strcmp(argv[2], "write") == 0)
        return write_all(argv[1]);
    top = strlen(argv[1]);
    if (nftw(argv[1], see, 16, FTW_PHYS) != 0)
        return fail("walk");
    qsort(lines, count, sizeof(lines[0]), compare);
    for (size_t i = 0; i < count; i++)
        puts(lines[i]);
    return 0;
}
