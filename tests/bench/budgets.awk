# SPDX-License-Identifier: GPL-2.0
#
# The figures of figures.csv and counters.csv against the budgets: a line each, "ok"
# or "FAIL", what was measured and what is allowed. The exit status is 1 if one
# failed. A figure that is not there fails, unless -v partial=1.

BEGIN { FS = ","; failed = 0 }

FNR == 1 { counters = $3 == "entered"; next }

# Of wall time, the least of all rounds counts.
$1 ~ /^wall/ {
	if (!counters && (!($2 in wall) || $7 < wall[$2]))
		wall[$2] = $7
	next
}

counters { lost[$2] = $6; size[$2] = $7; missing_calls[$2] = $3 - $4 - $5; next }
{ added[$2, $3, $4] = $8; rows[++n] = $2 FS $3 FS $4; tracers[$2] = 1 }

function say(good, budget, measured, allowed, unit) {
	printf "%-4s %s: %.1f, allowed %.1f %s\n", good ? "ok" : "FAIL", budget, measured,
		allowed, unit
	if (!good)
		failed = 1
}

function missing(budget, what) {
	printf "%-4s %s: %s was not measured\n", partial ? "--" : "FAIL", budget, what
	failed = failed || !partial
}

# at_most() - what a tracer adds to a call
function at_most(budget, tracer, call, allowed) {
	if (!((tracer, call, 1) in added))
		missing(budget, tracer " " call)
	else
		say(added[tracer, call, 1] <= allowed, budget ", " call,
			added[tracer, call, 1], allowed, "instructions")
}

# Peers that record these calls with their results, and are not the leanest one.
function is_peer(tracer) {
	return tracer ~ /^(bpf-(fentry|kprobe)|trace-cmd|perf|bpftrace|lttng-syscall|strace|audit)/
}

function like_for_like(   call, i, calls) {
	split("writev-einval writev-self writev-child", calls, " ")
	for (i = 1; i in calls; i++) {
		call = calls[i]
		at_most("like for like, 2.0 F", "caller-only", call, 2.0 * floor)
		if (("bpf-fexit-poll", call, 1) in added)
			at_most("like for like, 0.9 of libbpf fexit", "caller-only", call,
				0.9 * added["bpf-fexit-poll", call, 1])
		else
			missing("like for like, 0.9 of libbpf fexit", "bpf-fexit-poll " call)
	}
}

function full_record(   tracer, least, cost) {
	at_most("full record, 2.7 F", "full-child", "writev-child", 2.7 * floor)
	for (tracer in tracers) {
		if (!is_peer(tracer) || !((tracer, "writev-child", 1) in added))
			continue
		cost = added[tracer, "writev-child", 1]
		if (!least || cost < least) {
			least = cost
			peer = tracer
		}
	}
	if (least)
		at_most("full record, 0.9 of the next peer (" peer ")", "full-child",
			"writev-child", 0.9 * least)
	else
		missing("full record, 0.9 of any other peer", "one")
}

function rejected(   i, calls) {
	split("writev-einval writev-child vmsplice-einval", calls, " ")
	for (i = 1; i in calls; i++) {
		at_most("rejected by pid, 0.6 F", "rejected-pid", calls[i], 0.6 * floor)
		at_most("rejected by ten terms, 0.6 F", "rejected-call-expr", calls[i],
			0.6 * floor)
	}
	at_most("rejected by ten terms with target, 1.0 F", "rejected-target-expr",
		"writev-child", floor)
}

# The clock of a thread is a few instructions off, for 20000 calls at once.
function nothing(   i, part, cost, worst, worst_idle) {
	for (i = 1; i <= n; i++) {
		split(rows[i], part, FS)
		cost = added[part[1], part[2], part[3]]
		cost = cost < 0 ? -cost : cost
		if (part[1] == "idle" && cost > worst_idle)
			worst_idle = cost
		if (part[1] ~ /^(no-groups|caller-only|full|rejected-pid)$/ &&
		    part[2] == "getppid" && cost > worst)
			worst = cost
	}
	if (!("idle" in tracers))
		missing("idle", "it")
	say(worst_idle <= 3, "idle module: nothing", worst_idle, 0, "instructions (clock: 3)")
	say(worst <= 3, "unrelated call: nothing", worst, 0, "instructions (clock: 3)")
}

function growth(budget, more, call, iovecs, less, by, allowed) {
	if (!((more, call, iovecs) in added) || !((less, call, 1) in added))
		missing(budget, more " or " less)
	else
		say((added[more, call, iovecs] - added[less, call, 1]) / by <= allowed, budget,
			(added[more, call, iovecs] - added[less, call, 1]) / by, allowed,
			"instructions")
}

# flat() - labels that end in one of several numbers all cost what the first one does
function flat(budget, before, numbers, after, call, allowed,   n, i, number, one, more, worst) {
	n = split(numbers, number, " ")
	for (i = 1; i <= n; i++) {
		if (!((before number[i] after, call, 1) in added))
			return missing(budget, before number[i] after)
		more = added[before number[i] after, call, 1]
		if (i == 1)
			one = more
		if (more - one > worst)
			worst = more - one
	}
	say(worst <= allowed, budget, worst, allowed, "instructions")
}

# A term among many costs what one among few does.
function terms(   few, many) {
	if (!(("by-terms-100", "writev-child", 1) in added))
		return missing("longer filters", "by-terms-100")
	few = (added["by-terms-16", "writev-child", 1] - added["by-terms-1", "writev-child", 1]) / 15
	many = (added["by-terms-100", "writev-child", 1] - added["by-terms-64", "writev-child", 1]) / 36
	say(few <= 4, "each further term of 16, at most", few, 4, "instructions")
	say(many - few <= 0.5, "each further term of 100, more than of 16", many - few, 0.5,
		"instructions")
}

# What a call costs more than with the floor, on so many CPUs, all of which make calls.
function ratio(cpus,   base, floor) {
	base = wall["untraced-" cpus]
	floor = wall["floor-kretprobe-" cpus] - base
	return base && floor > 0 ? (wall["full-" cpus] - base) / floor : 0
}

# Wall time of a host that may be busy: half as much again would be a lock, or worse.
function cpus(   n, one) {
	one = ratio(1)
	for (n = 2; n <= 8; n *= 2) {
		if (one && ratio(n))
			say(ratio(n) <= 1.5 * one, "full record on " n " CPUs, x floor there",
				ratio(n), 1.5 * one, "(half more than on 1)")
		else
			missing("full record on " n " CPUs", "it")
	}
}

function growths() {
	growth("each further iovec (8 + 8)", "full-8-iovecs", "writev-child", 8, "full-child",
		14, 40)
	growth("each further iovec (64 + 64)", "full-64-iovecs", "writev-child", 64,
		"full-child", 126, 40)
	growth("second session, 0.5 F", "sessions-2", "writev-child", 1, "full-child", 1,
		0.5 * floor)
	growth("third session, 0.5 F", "sessions-3", "writev-child", 1, "sessions-2", 1,
		0.5 * floor)
	flat("10 to 10000 pids in a set instead of 1", "rejected-", "1 10 100 1000 10000",
		"-pids", "writev-einval", 10)
	flat("rings of 4 to 64 MiB instead of 1", "by-ring-", "1 4 16 64", "", "writev-child", 10)
	flat("100 and 1000 processes instead of 10", "by-processes-", "10 100 1000", "",
		"writev-child-einval", 10)
	flat("200000 calls in a session instead of 20000", "by-calls-", "20000 200000", "",
		"writev-einval", 10)
	terms()
	cpus()
}

function sizes() {
	if (size["full-child"] > 0)
		say(size["full-child"] <= 320, "full record, 1 + 1 iovecs", size["full-child"],
			320, "bytes")
	else
		missing("record size", "it")
}

# Who does not read loses the newest calls, each of them counted, and slows nobody.
function stuck(   i, calls) {
	split("writev-einval writev-child vmsplice-in", calls, " ")
	for (i = 1; i in calls; i++)
		at_most("stuck reader, as one that reads", "mmap-stuck", calls[i],
			added["mmap-poll", calls[i], 1] + 20)
	if ("mmap-stuck" in lost)
		say(lost["mmap-stuck"] > 0 && lost["mmap-stuck"] == missing_calls["mmap-stuck"],
			"stuck reader, calls lost and counted", lost["mmap-stuck"],
			missing_calls["mmap-stuck"], "exactly")
	else
		missing("stuck reader", "what it lost")
}

# Most of a line is the digits of its numbers: see the report. What was measured, and a
# tenth more.
function line(what, allowed,   label, copy) {
	label = "formatted-" what
	copy = added["copied-" what, "writev-child", 1]
	if (!copy || !((label, "writev-child", 1) in added))
		missing("a line of " what, label)
	else
		say(added[label, "writev-child", 1] <= allowed * copy,
			"a line of " what ", formatted", added[label, "writev-child", 1] / copy,
			allowed, "times its copy")
}

function losses(   tracer, all) {
	for (tracer in lost)
		if (tracer !~ /^(bpf|cat|mmap-stuck|tool-(json|text|summary))/)
			all += lost[tracer]
	if (!("tool-record" in lost))
		missing("records lost by svmtrace record", "it")
	say(!all, "records lost by svmtrace, all sessions", all, 0, "")
}

# An untraced call costs the same before and after, or nothing here means anything.
function steady(   i, part, worst, cost) {
	for (i = 1; i <= n; i++) {
		split(rows[i], part, FS)
		if (part[1] != "untraced-after")
			continue
		cost = added[part[1], part[2], part[3]]
		cost = cost < 0 ? -cost : cost
		if (cost > worst)
			worst = cost
	}
	say(worst <= 5, "untraced calls, before and after", worst, 5, "instructions")
}

END {
	floor = added["floor-kretprobe", "writev-einval", 1]
	if (!floor) {
		print "FAIL the floor was not measured"
		exit 1
	}
	printf "# F, the empty kretprobe: %.1f instructions\n", floor
	steady()
	like_for_like()
	full_record()
	rejected()
	nothing()
	growths()
	sizes()
	line("text", 7)
	line("json", 2.9)
	stuck()
	losses()
	exit failed
}
