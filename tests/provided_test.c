// SPDX-License-Identifier: GPL-2.0
/*
 * Calls whose memory is provided by user space: late, as a bad address, or never. Only
 * the kernel waits for it, as it does without the module, and not the tracer.
 */
#include <fcntl.h>

#include "patience.h"

#include "calls.h"
#include "child.h"
#include "crowd.h"
#include "kernel.h"
#include "ledger.h"
#include "provided.h"

/* More than an instance has room for. */
#define ENTRIES 20
#define HANGING 20
#define LOCAL_MARK(mark) (SVMTRACE_MARK_##mark)
#define REMOTE_MARK(mark) (SVMTRACE_MARK_##mark << SVMTRACE_MARK_REMOTE_SHIFT)
#define PREVIEW_MARK(mark) (SVMTRACE_MARK_##mark << SVMTRACE_MARK_PREVIEW_SHIFT)

/* What of the call is on the page. */
enum part { ARRAY, REMOTE_ARRAY, PAYLOAD };

/**
 * struct caller - a call, in a thread of its own
 * @p:	    the page
 * @part:   what of the call is on it
 * @pipe:   to vmsplice() into, or -1 for process_vm_writev()
 * @local:  array, if not on the page
 * @remote: array, if not on the page
 * @data:   what is to be moved, a byte per entry, if not on the page
 * @sink:   where it arrives
 * @ret:    result
 */
struct caller {
	struct provided p;
	enum part part;
	int pipe[2];
	struct iovec local[ENTRIES];
	struct iovec remote[ENTRIES];
	char data[ENTRIES];
	char sink[ENTRIES];
	long ret;
};

FIXTURE(provided) {
	struct trace t;
	struct svmtrace_stats stats;
	struct caller c;
};

FIXTURE_VARIANT(provided) {
	enum provided_kind kind;
	enum part part;
	bool vmsplice;
};

FIXTURE_VARIANT_ADD(provided, uffd_writev_array) { PROVIDED_UFFD, ARRAY, false };
FIXTURE_VARIANT_ADD(provided, uffd_writev_remote_array) { PROVIDED_UFFD, REMOTE_ARRAY, false };
FIXTURE_VARIANT_ADD(provided, uffd_writev_payload) { PROVIDED_UFFD, PAYLOAD, false };
FIXTURE_VARIANT_ADD(provided, uffd_vmsplice_array) { PROVIDED_UFFD, ARRAY, true };
FIXTURE_VARIANT_ADD(provided, uffd_vmsplice_payload) { PROVIDED_UFFD, PAYLOAD, true };
FIXTURE_VARIANT_ADD(provided, fuse_writev_array) { PROVIDED_FUSE, ARRAY, false };
FIXTURE_VARIANT_ADD(provided, fuse_writev_remote_array) { PROVIDED_FUSE, REMOTE_ARRAY, false };
FIXTURE_VARIANT_ADD(provided, fuse_writev_payload) { PROVIDED_FUSE, PAYLOAD, false };
FIXTURE_VARIANT_ADD(provided, fuse_vmsplice_array) { PROVIDED_FUSE, ARRAY, true };
FIXTURE_VARIANT_ADD(provided, fuse_vmsplice_payload) { PROVIDED_FUSE, PAYLOAD, true };

/* A call that is about to be made, with one part of it on a page that is not there. */
static const char *prepare(struct caller *c, const struct _fixture_variant_provided *how)
{
	const char *wrong = provided_start(&c->p, how->kind);
	const char *data = how->part == PAYLOAD ? c->p.page : c->data;
	unsigned int i;

	c->part = how->part;
	c->pipe[0] = -1;
	c->pipe[1] = -1;
	c->ret = 0;
	for (i = 0; i < ENTRIES; i++) {
		c->data[i] = 'a' + i;
		c->sink[i] = 0;
		c->local[i] = (struct iovec){ (char *)data + i, 1 };
		c->remote[i] = (struct iovec){ c->sink + i, 1 };
	}
	if (c->part == ARRAY)
		memcpy(c->p.content, c->local, sizeof(c->local));
	else if (c->part == REMOTE_ARRAY)
		memcpy(c->p.content, c->remote, sizeof(c->remote));
	else
		memcpy(c->p.content, c->data, sizeof(c->data));
	if (how->vmsplice && (pipe(c->pipe) ||
			      fcntl(c->pipe[1], F_SETPIPE_SZ, 2 * ENTRIES * PAGE) < 0))
		return "no pipe of that size";
	return wrong;
}

static void *call(void *arg)
{
	struct caller *c = arg;
	const void *local = c->part == ARRAY ? c->p.page : (void *)c->local;
	const void *remote = c->part == REMOTE_ARRAY ? c->p.page : (void *)c->remote;

	if (c->pipe[1] < 0)
		c->ret = do_writev(getpid(), local, ENTRIES, remote, ENTRIES, 0);
	else
		c->ret = do_vmsplice(c->pipe[1], local, ENTRIES, 0);
	return NULL;
}

/* The call has returned. Return: what is wrong with what it did, or NULL. */
static const char *finish(struct caller *c, bool given)
{
	const char *wrong = NULL;

	if (c->pipe[0] >= 0 && c->ret > 0 && read(c->pipe[0], c->sink, ENTRIES) != c->ret)
		wrong = "not all arrived in the pipe";
	if (c->ret != (given ? ENTRIES : -EFAULT))
		wrong = "result";
	if (given && memcmp(c->sink, c->data, ENTRIES))
		wrong = "what arrived is not what was sent";
	if (!given && c->sink[0])
		wrong = "something arrived";
	close(c->pipe[0]);
	close(c->pipe[1]);
	provided_end(&c->p);
	return wrong;
}

FIXTURE_SETUP(provided)
{
	self->t.fd = -1;
}

/* With entry records, payload, and arrays of any length. */
static int start(struct trace *t)
{
	struct svmtrace_config config;

	trace_config(&config);
	config.flags = SVMTRACE_CONFIG_ENTRIES;
	config.iovs_max = SVMTRACE_IOVS_MAX;
	config.preview_max = SVMTRACE_PREVIEW_MAX;
	return trace_start(t, &config);
}

FIXTURE_TEARDOWN(provided)
{
	if (self->t.fd < 0)
		return;
	EXPECT_EQ(0, trace_stats(&self->t, &self->stats));
	EXPECT_EQ(0, self->stats.in_flight);
	EXPECT_EQ(0, ledger_balance(&self->stats));
	trace_end(&self->t);
	EXPECT_EQ(NULL, kernel_left());
}

static __u32 expected_marks(enum part part, bool given)
{
	switch (part) {
	case ARRAY:
		return given ? LOCAL_MARK(AT_RETURN) | PREVIEW_MARK(AT_RETURN) :
			       LOCAL_MARK(UNREADABLE);
	case REMOTE_ARRAY:
		return given ? REMOTE_MARK(AT_RETURN) : REMOTE_MARK(UNREADABLE);
	default:
		return given ? PREVIEW_MARK(AT_RETURN) : PREVIEW_MARK(UNREADABLE);
	}
}

static bool has_array(const struct svmtrace_iovec *got, __u32 n, const struct iovec *want)
{
	return n == ENTRIES && memory_same(got, want, ENTRIES);
}

static bool has_payload(const struct record_view *v, const struct caller *c)
{
	return v->extra && v->extra->preview_len == ENTRIES &&
	       !memcmp(v->preview, c->data, ENTRIES) && !v->extra->preview_at_return_len;
}

/* What is wrong with the record of the call, or NULL. */
static const char *wrong_record(const struct caller *c, const struct record_view *v, bool given)
{
	bool array = given || c->part != ARRAY;

	if (v->record->kind != SVMTRACE_KIND_CALL || v->call->ret != c->ret)
		return "result";
	if (v->record->marks != expected_marks(c->part, given))
		return "marks";
	if (array ? !has_array(v->iov[0], v->call->iovs, c->local) : v->call->iovs)
		return "array";
	if (v->record->syscall == SVMTRACE_NR_vmsplice || (c->part == REMOTE_ARRAY && !given)) {
		if (v->call->remote_iovs)
			return "a remote array";
	} else if (!has_array(v->iov[1], v->call->remote_iovs, c->remote)) {
		return "remote array";
	}
	if (array && (given || c->part != PAYLOAD) ? !has_payload(v, c) : !!v->extra)
		return "payload";
	return NULL;
}

/* What the call does when nobody traces it: how often does it ask for the page? */
static void untraced(struct __test_metadata *_metadata, struct caller *c, bool give)
{
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, call, c));
	ASSERT_EQ(0, provided_wait(&c->p));
	provided_answer(&c->p, give);
	ASSERT_EQ(0, pthread_join(thread, NULL));
	ASSERT_EQ(NULL, finish(c, give));
}

/*
 * While the kernel waits for the page, the call has been seen to enter, and others are
 * seen as ever. Then all is as it is without a tracer.
 */
static void traced(struct __test_metadata *_metadata, struct _test_data_provided *self,
		   unsigned int times, bool give)
{
	const struct record_view *v;
	struct caller *c = &self->c;
	const char *wrong;
	pthread_t thread;

	ASSERT_EQ(0, start(&self->t));
	ASSERT_EQ(0, pthread_create(&thread, NULL, call, c));
	ASSERT_EQ(0, provided_wait(&c->p));
	ASSERT_EQ(1, trace_read(&self->t));
	v = &self->t.records[0];
	EXPECT_EQ(SVMTRACE_KIND_ENTRY, v->record->kind);
	EXPECT_EQ(expected_marks(c->part, false),
		  v->record->marks & expected_marks(c->part, false));
	EXPECT_EQ(CALL_BYTES, call_self());
	EXPECT_EQ(2, trace_read(&self->t));
	ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
	EXPECT_EQ(2, self->stats.entered);
	EXPECT_EQ(1, self->stats.in_flight);
	provided_answer(&c->p, give);
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(times, c->p.times);
	ASSERT_EQ(1, trace_read(&self->t));
	v = &self->t.records[3];
	wrong = wrong_record(c, v, give);
	EXPECT_EQ(NULL, wrong) {
		TH_LOG("%s: marks %x, result %lld", wrong, v->record->marks, v->call->ret);
	}
	EXPECT_EQ(NULL, finish(c, give));
}

static void with_and_without(struct __test_metadata *_metadata, struct _test_data_provided *self,
			     const struct _fixture_variant_provided *variant, bool give)
{
	const char *impossible = prepare(&self->c, variant);
	unsigned int times;

	if (impossible)
		SKIP(return, "%s", impossible);
	untraced(_metadata, &self->c, give);
	times = self->c.p.times;
	ASSERT_LT(0, times);
	ASSERT_EQ(NULL, prepare(&self->c, variant));
	traced(_metadata, self, times, give);
}

TEST_F(provided, late)
{
	with_and_without(_metadata, self, variant, true);
}

TEST_F(provided, refused)
{
	with_and_without(_metadata, self, variant, false);
}

struct hanging {
	const struct _fixture_variant_provided *how;
	int fd;
};

/* Many who wait for the same page, and whom only a signal can help. */
static int hang(void *arg)
{
	const struct hanging *h = arg;
	struct caller *c = calloc(1, sizeof(*c));
	pthread_t thread;
	unsigned int i;

	/* It must not hold the session that it is to be seen by. */
	close(h->fd);
	if (!c || prepare(c, h->how))
		return 1;
	for (i = 0; i < HANGING; i++)
		pthread_create(&thread, NULL, call, c);
	for (;;)
		pause();
}

TEST_F(provided, never)
{
	const char *impossible = prepare(&self->c, variant);
	struct hanging h = { variant };
	unsigned int i;
	pid_t pid;

	if (impossible)
		SKIP(return, "%s", impossible);
	provided_end(&self->c.p);
	ASSERT_EQ(0, start(&self->t));
	h.fd = self->t.fd;
	pid = child_start(0, hang, &h);
	ASSERT_LT(0, pid);
	ASSERT_EQ(0, crowd_wait(&self->t, HANGING));
	for (i = 0; i < 50; i++)
		EXPECT_EQ(CALL_BYTES, call_self());
	/* The last of them may still be on its way to where it hangs. */
	ASSERT_EQ(0, trace_wait(&self->t, HANGING + 2 * 50, 60000));
	EXPECT_EQ(HANGING + 2 * 50, self->t.n);
	ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
	EXPECT_EQ(HANGING, self->stats.in_flight);
	EXPECT_EQ(0, ledger_balance(&self->stats));
	trace_drop(&self->t);
	child_kill(pid);
	ASSERT_EQ(HANGING, trace_read(&self->t));
	for (i = 0; i < HANGING; i++) {
		const struct record_view *v = &self->t.records[i];

		/* The threads write to the process that they are of, and create each other. */
		EXPECT_EQ(expected_marks(variant->part, false),
			  v->record->marks & ~SVMTRACE_MARK_TARGET_BUSY);
		EXPECT_GT(0, v->call->ret);
	}
}

TEST_HARNESS_MAIN
