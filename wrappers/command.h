/* SPDX-License-Identifier: MIT */
/* The subcommands of `algofs`, one file each. argv[0] is the subcommand's name; the result is the exit status. */
#ifndef ALGOFS_WRAPPERS_COMMAND_H
#define ALGOFS_WRAPPERS_COMMAND_H

int command_status(int argc, char **argv);
int command_config(int argc, char **argv);
int command_keygen(int argc, char **argv);
int command_flush(int argc, char **argv);
int command_mount(int argc, char **argv);
int command_umount(int argc, char **argv);
int command_stop(int argc, char **argv);
int command_version(int argc, char **argv);

#endif
