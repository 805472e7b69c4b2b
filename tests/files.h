/* SPDX-License-Identifier: GPL-2.0 */
/* Files, most of them the kernel's: what tests write to them, and know them by. */
#ifndef SVMTRACE_TESTS_FILES_H
#define SVMTRACE_TESTS_FILES_H

#include <linux/types.h>

/**
 * files_write() - writes a text to a file that there is
 * @path: its name
 * @text: all of it at once
 *
 * Return: 0 or an errno.
 */
int files_write(const char *path, const char *text);

/**
 * files_ino() - by what the kernel knows a file, or what it stands for
 * @path: its name
 *
 * Return: the inode, or 0 if there is no such file.
 */
__u64 files_ino(const char *path);

/**
 * files_copy_self() - writes the test program itself
 * @fd: file that it becomes the content of
 *
 * Return: 0, or -1.
 */
int files_copy_self(int fd);

/**
 * files_map_ids() - makes the caller root of the user namespace that it is in
 *
 * Return: 0 or an errno.
 */
int files_map_ids(void);

#endif /* SVMTRACE_TESTS_FILES_H */
