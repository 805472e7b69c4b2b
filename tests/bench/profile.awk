# SPDX-License-Identifier: GPL-2.0
#
# What functions execute for a call, as lines of label, calls, instructions and name,
# to a Markdown table of what is more than for one that is not traced.

BEGIN {
	FS = "\t"
	columns = split("floor-kretprobe caller-only full rejected-pid rejected-term " \
			"rejected-call-expr rejected-target-expr", label, " ")
	heads = "empty kretprobe | like for like | all groups | rejected by pid | by one term |" \
		" by ten terms | by ten with the target"
	# Other tasks and interrupts are counted, too, a little of each function.
	least = 5
}

{ executed[$1, $4] = $3 / $2; names[$4] }

function added(i, name) {
	return executed[label[i], name] - executed["untraced", name]
}

function matters(name,   i) {
	for (i = 1; i <= columns; i++)
		if (added(i, name) >= least)
			return 1
	return 0
}

function row(title, cells,   i, line) {
	line = "| " title " |"
	for (i = 1; i <= columns; i++)
		line = line " " (cells[i] >= 0.5 ? sprintf("%.0f", cells[i]) : "") " |"
	return line
}

END {
	print "| function | " heads " |"
	print "|---|--:|--:|--:|--:|--:|--:|--:|"
	for (name in names) {
		if (!matters(name))
			continue
		own = executed["floor-kretprobe", name] - executed["untraced", name] >= least
		for (i = 1; i <= columns; i++) {
			cells[i] = added(i, name)
			if (cells[i] < least)
				cells[i] = 0
			sum[i] += cells[i]
			if (own)
				kernel[i] += cells[i]
		}
		if (!own)
			rows = rows sprintf("%.1f\t%.1f\t%s\n", cells[3], cells[6],
				row(name, cells))
	}
	print row("**all of these**", sum)
	print row("kprobe, kretprobe, ftrace", kernel)
	fflush()
	printf "%s", rows | "sort -k 1,1nr -k 2,2nr | cut -f 3-"
}
