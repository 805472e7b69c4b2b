/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Steps: what a thread of the device's fuzzer does, to sessions and mappings that it
 * shares with others. A step is the same whenever it is repeated, but for what the
 * others have done.
 */
#ifndef SVMTRACE_TESTS_STEPS_H
#define SVMTRACE_TESTS_STEPS_H

#include <stdbool.h>
#include <linux/types.h>

/**
 * struct step - one of many things to do
 * @what:   and how often which of them is done
 * @where:  file or window
 * @random: the details
 */
struct step {
	__u32 what;
	__u32 where;
	__u64 random;
};

/**
 * steps_open() - makes the files and windows that are shared
 * @calls: may the steps make traced calls?
 */
void steps_open(bool calls);

/**
 * steps_thread() - prepares the calling thread
 *
 * All that will make steps, and whatever else needs memory, must have it before the
 * first step.
 */
void steps_thread(void);

/**
 * steps_wrong() - after all steps, before steps_close()
 *
 * Return: how often something was not what it must be.
 */
unsigned long steps_wrong(void);

/**
 * steps_close() - takes away what is left of them
 *
 * Return: how many traced calls have been made.
 */
unsigned long steps_close(void);

/**
 * step_make() - the next step
 * @step:   filled in
 * @random: state of random_next()
 */
void step_make(struct step *step, __u64 *random);

/**
 * step_do() - does it
 * @step: from step_make()
 *
 * May block until there is a signal.
 */
void step_do(const struct step *step);

#endif /* SVMTRACE_TESTS_STEPS_H */
