/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SVMTRACE_DEVICE_H
#define SVMTRACE_DEVICE_H

int chardev_register(void);
void chardev_unregister(void);

#endif /* SVMTRACE_DEVICE_H */
