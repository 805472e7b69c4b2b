// SPDX-License-Identifier: GPL-2.0
/*
 * peer WAY poll|woken OBJECT FILE - the eBPF peer: loads the programs of OBJECT whose
 * name begins with WAY (fexit, fentry, ...) and writes what they record to FILE,
 * looking every ms, or woken by the kernel. Prints "ready", and when it is told to
 * end (SIGTERM) counters as drain does: the number and the size of its records.
 */
#include <err.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "event.h"

static bool ended;
static unsigned long records;

static void end(int signal)
{
	(void)signal;
	__atomic_store_n(&ended, true, __ATOMIC_RELAXED);
}

static int write_event(void *file, void *data, size_t size)
{
	records++;
	return fwrite(data, size, 1, file) == 1 ? 0 : -1;
}

static void set_submit_flags(struct bpf_object *object, __u64 flags)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, ".rodata");

	/* The only constant. */
	if (!map || bpf_map__set_initial_value(map, &flags, sizeof(flags)))
		errx(EXIT_FAILURE, "the object has other constants");
}

static void choose(struct bpf_object *object, const char *way)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object) {
		if (!strncmp(bpf_program__name(program), way, strlen(way)))
			bpf_program__set_autoload(program, true);
	}
}

static void attach_chosen(struct bpf_object *object)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object) {
		if (bpf_program__autoload(program) && !bpf_program__attach(program))
			err(EXIT_FAILURE, "attach %s", bpf_program__name(program));
	}
}

static void consume(struct ring_buffer *buffer, bool polling)
{
	if (!polling) {
		ring_buffer__poll(buffer, 100);
		return;
	}
	usleep(1000);
	ring_buffer__consume(buffer);
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = end };
	struct ring_buffer *buffer;
	struct bpf_object *object;
	bool polling;
	FILE *file;

	if (argc != 5)
		errx(EXIT_FAILURE, "usage: peer WAY poll|woken OBJECT FILE");
	polling = !strcmp(argv[2], "poll");
	file = fopen(argv[4], "w");
	object = bpf_object__open_file(argv[3], NULL);
	if (!file || !object)
		err(EXIT_FAILURE, "open");
	set_submit_flags(object, polling ? BPF_RB_NO_WAKEUP : 0);
	choose(object, argv[1]);
	if (bpf_object__load(object))
		err(EXIT_FAILURE, "load");
	buffer = ring_buffer__new(bpf_object__find_map_fd_by_name(object, "events"),
				  write_event, file, NULL);
	if (!buffer)
		err(EXIT_FAILURE, "ring buffer");
	sigaction(SIGTERM, &action, NULL);
	attach_chosen(object);
	puts("ready");
	fflush(stdout);
	while (!__atomic_load_n(&ended, __ATOMIC_RELAXED))
		consume(buffer, polling);
	ring_buffer__consume(buffer);
	printf("-\t%lu\t-\t-\t%zu\n", records, sizeof(struct event));
	return 0;
}
