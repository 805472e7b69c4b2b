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
 * What has drained is visible to all others at once.
 *
 * A load may have been done earlier than it stands in the program: it sees what was
 * there when the process last loaded it, or what there is now. After a full barrier,
 * all is seen as it is then. A load with acquire keeps no more than its letter says:
 * what is seen of the record is not older than the head (C), nor the head older than
 * what is seen of pending (E). On a processor it keeps back all later loads, and would
 * hide that another barrier is missing.
 *
 * What release keeps earlier loads from, and acquire later stores, is modelled by an
 * exchange of steps.
 *
 * With -DWITHOUT_letter_function, the barrier that has the letter in that function is
 * left out, and with -DWITHOUT_second_look or _settle these are. Then an assertion must
 * fail. ring_model does all that, and compares the letters with those of the module.
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
#define load_early(w, to, seeing) to = w.mem
#else
#define see(w) w.seen = w.mem
#define load_early(w, to, seeing) atomic { if :: true :: seeing fi; to = w.seen }
#endif
#define load(w, to) load_early(w, to, see(w))

#define drain_if(x, w) atomic { w.dirty && (x) -> \
				w.mem = w.buf; w.buf = 0; w.dirty = false; w.release = false }
#define drain(w) drain_if(true, w)

/* What is before the head in the order of the program, and before pending = 0. */
#define record_drained(r) (!rings[r].time[0].dirty && !rings[r].number[0].dirty && \
			   !rings[r].time[1].dirty && !rings[r].number[1].dirty \
			   IF_FLIGHT(&& !rings[r].tail.dirty))
#define head_drained(r) (record_drained(r) && !rings[r].head.dirty)
#define producer_drained(r) (head_drained(r) && !rings[r].pending.dirty)

/* What a process sees of one variable is not older than what it sees of another. */
#define see_record(r) \
	see(rings[r].time[0]); see(rings[r].number[0]); \
	see(rings[r].time[1]); see(rings[r].number[1])
#ifdef WITHOUT_C_ring_head
#define see_head(r) see(rings[r].head)
#else
#define see_head(r) see(rings[r].head); see_record(r)		/* C: ring_head() */
#endif
#ifdef WITHOUT_E_ring_pending
#define see_pending(r) see(rings[r].pending)
#else
#define see_pending(r) see(rings[r].pending); see_head(r)	/* E: ring_pending() */
#endif
#define see_ring(r) see_record(r); see_head(r); see_pending(r)
#if RINGS == 2
#define reader_sees d_step { see_ring(0); see_ring(1) }
#else
#define reader_sees d_step { see_ring(0) }
#endif

#define load_head(r, to) load_early(rings[r].head, to, see_head(r))
#define load_pending(r, to) load_early(rings[r].pending, to, see_pending(r))

#define producer_barrier(r) atomic { producer_drained(r) -> see(rings[r].tail) }
#define reader_barrier atomic { reader_drained -> reader_sees }

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

/* Calls on a CPU: stream_enter(), stream_commit(), wait_notify(). */
proctype producer(byte r)
{
	byte i, now, head, tail;

	do
	:: i == RECORDS -> break
	:: else ->
		i++;
		in_handler[r] = true;
		store(rings[r].pending, 1);
#ifndef WITHOUT_A_ring_enter
		producer_barrier(r);				/* A: ring_enter() */
#endif
		d_step { now = clock; clock++ };
		/* ring_reserve() */
		if
		:: head - tail < SLOTS
		:: else ->
			/* ring_reserve_again() */
#ifdef WITHOUT_B_update_tail
			write_record();
#endif
			load(rings[r].tail, tail)		/* B: update_tail() */
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
#ifdef WITHOUT_C_ring_commit
			store(rings[r].head, head)
#else
			store_release(rings[r].head, head)	/* C: ring_commit() */
#endif
		:: else					/* lost */
		fi;
#ifdef WITHOUT_E_ring_leave
		store(rings[r].pending, 0);
#else
		store_release(rings[r].pending, 0);		/* E: ring_leave() */
#endif
#ifndef WITHOUT_D_ring_leave
		producer_barrier(r);				/* D: ring_leave() */
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
#ifndef WITHOUT_A_may_come_earlier
	reader_barrier;						/* A: may_come_earlier() */
#endif
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
#ifndef WITHOUT_second_look
		earliest();
#endif
#ifdef WITHOUT_B_ring_consume
		store(rings[first].tail, next[first] + 1);
		check_record();
#else
		check_record();
		store(rings[first].tail, next[first] + 1);	/* B: ring_consume() */
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
#ifndef WITHOUT_settle
	atomic { !in_handler[0] && producer_drained(0) -> reader_sees };
#endif
	next[0] = rings[0].tail.mem;
#endif
	do
	:: true ->
		read_records();
		store(waiting, 1);
#ifndef WITHOUT_D_wait_prepare
		reader_barrier;					/* D: wait_prepare() */
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
