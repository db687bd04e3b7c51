/* SPDX-License-Identifier: MIT */
/* read-all DIR: reads every file in DIR in the order of its listing, and prints how many bytes there were. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char bytes[1 << 18];

int main(int argc, char **argv)
{
    DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
    long long total = 0;
    struct dirent *entry;
    if (dir == NULL || chdir(argv[1]) < 0) {
        perror("read-all");
        return 1;
    }
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        ssize_t n;
        int fd = open(entry->d_name, O_RDONLY | O_CLOEXEC);
        while (fd >= 0 && (n = read(fd, bytes, sizeof(bytes))) > 0)
            total += n;
        if (fd < 0 || n < 0) {
            perror(entry->d_name);
            return 1;
        }
        close(fd);
    }
    closedir(dir);
    printf("%lld\n", total);
    return 0;
}
