# SPDX-License-Identifier: GPL-2.0
#
# figures.csv, counters.csv and then tracers to the tables of the report. -v part= is
# one of the headings of tracers.

BEGIN { FS = "," }

FNR == 1 {
	file++
	if (file == 3)
		FS = "; "
	counters = $3 == "entered"
	if (file < 3)
		next
}

$1 ~ /^(wall|workloads)/ { next }

file < 3 && counters { delivered[$2] = $4; lost[$2] = $6; entered[$2] = $3; next }
file < 3 {
	if ($4 == 1) {
		added[$2, $3] = $8
		calls[$2] += $6 * 1.1
		others[$2, $3] = $9
		seen[$2] = 1
	}
	next
}

function head() {
	print "| | getppid | writev EINVAL | x F | writev self | writev child | x F |" \
		" vmsplice EINVAL | vmsplice in | vmsplice out | reader | lost | not recorded |"
	print "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|"
}

# Nothing has no sign.
function none(number) {
	return number + 0 ? number : "0"
}

function cell(tracer, call) {
	return (tracer, call) in added ? none(sprintf("%.0f", added[tracer, call])) : ""
}

function times(tracer, call) {
	return (tracer, call) in added ? none(sprintf("%.2f", added[tracer, call] / floor)) : ""
}

# By its own count, or what did not arrive of the calls that were made.
function losses(tracer,   n) {
	if (lost[tracer] ~ /^[0-9]/)
		n = lost[tracer] / (entered[tracer] ? entered[tracer] : 1)
	else if (delivered[tracer] ~ /^[0-9]/)
		n = 1 - delivered[tracer] / expected(tracer)
	else
		return "?"
	return n > 0 ? sprintf("%.1f%%", 100 * n) : "0"
}

# All calls but getppid, and vmsplice-read has only one, too.
function expected(tracer) {
	return calls[tracer] - ((tracer, "getppid") in added ? calls[tracer] / kinds(tracer) : 0)
}

function kinds(tracer,   key, part, n) {
	for (key in added) {
		split(key, part, SUBSEP)
		n += part[1] == tracer
	}
	return n
}

function reader(tracer,   call) {
	if (tracer == "strace" || part !~ /readers|peers/)
		return ""
	call = (tracer, "writev-child") in others ? "writev-child" : "writev-einval"
	return sprintf("%.0f", others[tracer, call])
}

/^#/ && file == 3 {
	floor = added["floor-kretprobe", "writev-einval"]
	here = $0 == "#" part
	if (here)
		head()
	next
}

file == 3 && here && NF == 3 {
	if (!($1 in seen)) {
		if (part == "readers" || part == "peers")
			printf "| %s | not measured: see the gaps | | | | | | | | | | | %s |\n", $2, $3
		next
	}
	printf "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", $2,
		cell($1, "getppid"), cell($1, "writev-einval"), times($1, "writev-einval"),
		cell($1, "writev-self"), cell($1, "writev-child"), times($1, "writev-child"),
		cell($1, "vmsplice-einval"), cell($1, "vmsplice-in"), cell($1, "vmsplice-out"),
		reader($1), $1 ~ /^(floor|idle)/ ? "" : losses($1), $3
}
