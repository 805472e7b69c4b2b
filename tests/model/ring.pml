// SPDX-License-Identifier: GPL-2.0
/*
 * The ring's memory ordering, for the model checker spin: every order in which the
 * steps of producers and of a reader can mix, and in which what they have stored can
 * become visible to the others. The letters are those of module/ring.h.
 *
 *	-DRINGS=1 -DRECORDS=5	one ring of two slots: reuse, whole records, wake-ups
 *	-DRINGS=2 -DRECORDS=1	two rings, which the reader merges in the order of time
 *	-DFLIGHT		one ring, overwritten until it is frozen, then read
 *	-DLOADS_IN_ORDER	fewer orders, so that more records can be tried
 *
 * What a process stores stays in a buffer of its own, one entry per variable, until
 * it drains: at any time and in any order. So a later store may be seen before an
 * earlier one, and a load may be done before an earlier store is seen. A full barrier
 * waits until all has drained; a store with release drains after the earlier ones.
 *
 * A load may have been done earlier than it stands in the program: it sees what was
 * there when the process last loaded it, or has now come. But not before a load with
 * acquire, or a full barrier, that it follows: after these, all is seen as it is
 * then. What has drained is visible to all others at once. So two things add nothing
 * here: the full barrier A of the reader, which follows a load with acquire, and is
 * for machines where that is not so; and acquire of E, because in this reader a load
 * of a head with acquire comes between. Readers of a mapped ring, who follow
 * uapi/linux/svmtrace.h, may have nothing in between.
 *
 * What release keeps earlier loads from, and acquire later stores, is modelled by an
 * exchange of steps, where -DWITHOUT_B and -DWITHOUT_B_ACQUIRE say so.
 *
 * With -DWITHOUT_A, _B, _B_ACQUIRE, _C, _C_ACQUIRE, _D, _D_READER, _E, _SECOND_LOOK or
 * _SETTLE, that is left out, and an assertion must fail.
 */
#ifndef RINGS
#define RINGS 1
#endif
#ifndef RECORDS
#define RECORDS 5
#endif
#define SLOTS 2

/*
 * A variable in memory; what its one reader may see of it; and what its one writer has
 * stored and not drained, whether earlier stores have to drain before.
 */
typedef word {
	byte mem;
	byte seen;
	byte buf;
	bool dirty;
	bool release
};

typedef ring {
	word pending;		/* the producer's page */
	word head;
	word time[SLOTS];	/* a record: two words, to see one that is torn */
	word number[SLOTS];
	word tail		/* the consumer's page */
};

ring rings[RINGS];
word waiting;			/* set by the reader, cleared where it is woken up */
bool woken;
byte ended;
byte clock = 1;

/* Of a flight recorder. */
#ifdef FLIGHT
#define IF_FLIGHT(x) x
bool overwrite = true;
#else
#define IF_FLIGHT(x)
bool overwrite = false;
#endif
bool in_handler[RINGS];		/* with preemption off: synchronize_rcu() waits for it */

inline store(w, value)
{
	atomic { !w.dirty -> w.buf = value; w.dirty = true }
}

inline store_release(w, value)
{
	atomic { !w.dirty -> w.buf = value; w.dirty = true; w.release = true }
}

#ifdef LOADS_IN_ORDER
#define see(w) skip
inline load(w, to) { to = w.mem }
#else
#define see(w) w.seen = w.mem
inline load(w, to)
{
	atomic {
		if
		:: true
		:: see(w)
		fi;
		to = w.seen
	}
}
#endif

#define drain_if(x, w) atomic { w.dirty && (x) -> \
				w.mem = w.buf; w.buf = 0; w.dirty = false; w.release = false }
#define drain(w) drain_if(true, w)

/* What is before the head in the order of the program, and before pending = 0. */
#define record_drained(r) (!rings[r].time[0].dirty && !rings[r].number[0].dirty && \
			   !rings[r].time[1].dirty && !rings[r].number[1].dirty \
			   IF_FLIGHT(&& !rings[r].tail.dirty))
#define head_drained(r) (record_drained(r) && !rings[r].head.dirty)
#define producer_drained(r) (head_drained(r) && !rings[r].pending.dirty)
/* All that a producer loads, and all that the reader does. */
#define producer_sees(r) see(rings[r].tail)
#define see_ring(r) \
	see(rings[r].pending); see(rings[r].head); \
	see(rings[r].time[0]); see(rings[r].number[0]); \
	see(rings[r].time[1]); see(rings[r].number[1])
#if RINGS == 2
#define reader_sees d_step { see_ring(0); see_ring(1) }
#else
#define reader_sees d_step { see_ring(0) }
#endif

#define producer_barrier(r) atomic { producer_drained(r) -> producer_sees(r) }
#define reader_barrier atomic { reader_drained -> reader_sees }

/* Of the reader. */
inline load_acquire(w, to)
{
	atomic { load(w, to); reader_sees }
}

#if RINGS == 2
#define reader_drained (!waiting.dirty && !rings[0].tail.dirty && !rings[1].tail.dirty)
#define all_empty (rings[0].head.mem == rings[0].tail.mem && \
		   rings[1].head.mem == rings[1].tail.mem)
#else
#define reader_drained (!waiting.dirty && !rings[0].tail.dirty)
#define all_empty (rings[0].head.mem == rings[0].tail.mem)
#endif

/* Buffers drain whenever they like. */
active [RINGS] proctype memory()
{
	byte r = _pid;

	do
	:: drain_if(!rings[r].pending.release || head_drained(r), rings[r].pending)
	:: drain_if(!rings[r].head.release || record_drained(r), rings[r].head)
	:: drain(rings[r].tail)
	:: drain(rings[r].time[0])
	:: drain(rings[r].time[1])
	:: drain(rings[r].number[0])
	:: drain(rings[r].number[1])
	:: drain_if(r == 0, waiting)
	od
}

inline write_record()
{
	store(rings[r].time[head % SLOTS], now);
	store(rings[r].number[head % SLOTS], head)
}

/* Calls on a CPU: stream_begin(), stream_commit(), wait_notify(). */
proctype producer(byte r)
{
	byte i, now, head, tail;

	do
	:: i == RECORDS -> break
	:: else ->
		i++;
		in_handler[r] = true;
		/* ring_enter() */
		store(rings[r].pending, 1);
#ifndef WITHOUT_A
		producer_barrier(r);			/* A */
#endif
		d_step { now = clock; clock++ };
		/* ring_reserve() */
		if
		:: head - tail < SLOTS
		:: else ->
			/* ring_reserve_again(), update_tail() */
#ifdef WITHOUT_B_ACQUIRE
			write_record();
#endif
			load(rings[r].tail, tail)	/* B: acquire */
		fi;
#ifdef FLIGHT
		/* overwrite(), ring_drop() */
		if
		:: head - tail == SLOTS && overwrite ->
			tail++;
			store(rings[r].tail, tail)
		:: else
		fi;
#endif
		if
		:: head - tail < SLOTS ->
			write_record();
			head++;
			/* ring_commit() */
#ifdef WITHOUT_C
			store(rings[r].head, head)
#else
			store_release(rings[r].head, head)	/* C */
#endif
		:: else					/* lost */
		fi;
		/* ring_leave() */
#ifdef WITHOUT_E
		store(rings[r].pending, 0);
#else
		store_release(rings[r].pending, 0);	/* E */
#endif
#ifndef WITHOUT_D
		producer_barrier(r);			/* D */
#endif
		/* wait_notify(); what wakes up, takes locks, and so is no matter of order */
		if
		:: atomic { waiting.mem -> waiting.mem = 0; woken = true }
		:: else
		fi;
		in_handler[r] = false
	od;
	ended++
}

/* ring_head() */
#ifdef WITHOUT_C_ACQUIRE
#define load_head(r, to) load(rings[r].head, to)
#else
#define load_head(r, to) load_acquire(rings[r].head, to)	/* C: acquire */
#endif

/* ring_pending() */
#define load_pending(r, to) load_acquire(rings[r].pending, to)	/* E: acquire */

/* The ring whose next record has the lowest time; NONE if all are empty. */
#define NONE RINGS
inline earliest()
{
	first = NONE;
	r = 0;
	do
	:: r == RINGS -> break
	:: else ->
		load_head(r, got);
		if
		:: got == next[r]
		:: else ->
			load(rings[r].time[next[r] % SLOTS], got);
			if
			:: first == NONE || got < first_time -> first = r; first_time = got
			:: else
			fi
		fi;
		r++
	od;
	atomic { first_time = 0; got = 0 }
}

/* Is a ring that was found empty being written to? */
inline may_come_earlier()
{
	reader_barrier;					/* A */
	busy = false;
	r = 0;
	do
	:: r == RINGS -> break
	:: else ->
		load_head(r, got);
		if
		:: got == next[r] -> load_pending(r, got); busy = busy || got
		:: else
		fi;
		r++
	od;
	got = 0
}

inline check_record()
{
	load(rings[first].number[next[first] % SLOTS], got);
	assert(got == next[first]);
	load(rings[first].time[next[first] % SLOTS], got);
	assert(got > last);
	d_step { last = got; got = 0 }
}

/* peek(), consume() */
inline read_records()
{
	do
	:: true ->
		earliest();
		if
		:: first == NONE -> break
		:: else
		fi;
		may_come_earlier();
		do
		:: busy -> earliest(); may_come_earlier()
		:: else -> break
		od;
#ifndef WITHOUT_SECOND_LOOK
		earliest();
#endif
#ifdef WITHOUT_B
		store(rings[first].tail, next[first] + 1);
		check_record();
#else
		check_record();
		store(rings[first].tail, next[first] + 1);	/* B: release */
#endif
		next[first] = next[first] + 1
	od
}

proctype reader()
{
	byte next[RINGS], r, first, first_time, got, last;
	bool busy;

#ifdef FLIGHT
	/* session_freeze(), session_settle(): a full barrier here and on each CPU */
	overwrite = false;
#ifndef WITHOUT_SETTLE
	atomic { !in_handler[0] && producer_drained(0) -> reader_sees };
#endif
	next[0] = rings[0].tail.mem;
#endif
	do
	:: true ->
		read_records();
		/* wait_prepare() */
		store(waiting, 1);
#ifndef WITHOUT_D_READER
		reader_barrier;				/* D */
#endif
		earliest();
		if
		:: first != NONE -> woken = false
		:: else ->
			atomic { woken -> woken = false }
		fi
	od
}

/* Nothing moves any more: is somebody stuck, or asleep who should not be? */
proctype watch()
{
	timeout -> assert(all_empty && ended == RINGS)
}

init {
	atomic {
		run producer(0);
#if RINGS == 2
		run producer(1);
#endif
		run reader();
		run watch()
	}
}
