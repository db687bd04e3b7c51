/* SPDX-License-Identifier: MIT */
/*
 * What each wrapped call does: plain functions with libc's types, one for each row of calls.def that is
 * not another row's twin. The shells (shells.c) only forward here. Contract of all: as the manual page
 * of the call says; outside the prefix exactly the next function's behaviour; errno untouched on success.
 */
#ifndef ALGOFS_PRELOAD_FS_H
#define ALGOFS_PRELOAD_FS_H

#include "preload/real.h"

#define CALL(name, ret, params, args) ret fs_##name params;
#define TWIN(name, policy, ret, params, args)
#define VCALL(name, ret, params)
#define LEGACY(name, policy, ret, params, args)
#include "preload/calls.def"
#undef CALL
#undef TWIN
#undef VCALL
#undef LEGACY

/* Policies whose row is a variadic, a twin of another type, or a fortified form. */
int fs_open(const char *path, int flags, mode_t mode);
int fs_openat(int dirfd, const char *path, int flags, mode_t mode);
int fs_open_2(const char *path, int flags);
int fs_openat_2(int dirfd, const char *path, int flags);
int fs_pidfd_getfd(int pidfd, int wanted, unsigned flags);
int fs_io_submit(aio_context_t context, long count, struct iocb **list);
int fs_io_uring_setup(unsigned entries, void *parameters);
int fs_io_uring_queue_init(unsigned entries, void *ring, unsigned flags);
int fs_io_uring_queue_init_params(unsigned entries, void *ring, void *parameters);
int fs_io_uring_queue_init_mem(
    unsigned entries, void *ring, void *parameters, void *memory, size_t size);
void *fs_mremap(void *at, size_t len, size_t new_len, int flags, void *new_at);
int fs_fcntl(int fd, int command, long argument);
int fs_ioctl(int fd, unsigned long request, long argument);
int fs_close_range(unsigned first, unsigned last, int flags);
void fs_closefrom(int first);
int fs_stat64(const char *path, struct stat64 *st);
int fs_lstat64(const char *path, struct stat64 *st);
int fs_fstat64(int fd, struct stat64 *st);
int fs_fstatat64(int dirfd, const char *path, struct stat64 *st, int flags);
int fs_xstat(int version, const char *path, struct stat *st);
int fs_lxstat(int version, const char *path, struct stat *st);
int fs_fxstat(int version, int fd, struct stat *st);
int fs_fxstatat(int version, int dirfd, const char *path, struct stat *st, int flags);
int fs_statfs64(const char *path, struct statfs64 *fs);
int fs_statvfs64(const char *path, struct statvfs64 *fs);
ssize_t fs_read_chk(int fd, void *buffer, size_t size, size_t room);
ssize_t fs_pread_chk(int fd, void *buffer, size_t size, off_t offset, size_t room);
int fs_scandir64(const char *path, struct dirent64 ***list, scandir64_filter *filter,
    scandir64_compare *compare);
int fs_scandirat64(int dirfd, const char *path, struct dirent64 ***list, scandir64_filter *filter,
    scandir64_compare *compare);
char *fs_getcwd_chk(char *buffer, size_t size, size_t room);
char *fs_getwd_chk(char *buffer, size_t room);
ssize_t fs_readlink_chk(const char *path, char *buffer, size_t size, size_t room);
ssize_t fs_readlinkat_chk(int dirfd, const char *path, char *buffer, size_t size, size_t room);
char *fs_realpath_chk(const char *path, char *resolved, size_t room);
int fs_glob64(const char *pattern, int flags, glob_error *error, glob64_t *result);
int fs_ftw64(const char *path, __ftw64_func_t visit, int descriptors);
int fs_nftw64(const char *path, __nftw64_func_t visit, int descriptors, int flags);
FTS64 *fs_fts64_open(char *const *paths, int options, fts64_compare *compare);
FTSENT64 *fs_fts64_read(FTS64 *fts);
FTSENT64 *fs_fts64_children(FTS64 *fts, int instruction);
int fs_fts64_set(FTS64 *fts, FTSENT64 *entry, int instruction);
int fs_fts64_close(FTS64 *fts);
int fs_execveat(
    int dirfd, const char *path, char *const argv[], char *const envp[], int flags);
int fs_pidfd_spawn(int *pidfd, const char *path, const posix_spawn_file_actions_t *actions,
    const posix_spawnattr_t *attributes, char *const argv[], char *const envp[]);
int fs_pidfd_spawnp(int *pidfd, const char *file, const posix_spawn_file_actions_t *actions,
    const posix_spawnattr_t *attributes, char *const argv[], char *const envp[]);
int fs_aio_read64(struct aiocb64 *job);
int fs_aio_fsync64(int operation, struct aiocb64 *job);
int fs_lio_listio64(
    int mode, struct aiocb64 *const list[], int count, struct sigevent *event);
int fs_xmknod(int version, const char *path, mode_t mode, dev_t *device);
int fs_xmknodat(int version, int dirfd, const char *path, mode_t mode, dev_t *device);
void fs_exit_now(int status) __attribute__((noreturn));
long fs_syscall(long number, const long argument[6]);

#endif
