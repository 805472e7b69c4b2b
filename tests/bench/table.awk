# SPDX-License-Identifier: GPL-2.0
#
# Figures as measure writes them to a table: instructions added per call, multiples
# of F, instructions of all other tasks per call.

BEGIN { FS = "\t" }

function key() { return $2 FS $3 FS $4 }

$2 == "counters" { lost[$1] = $6; size[$1] = $7; next }
$1 == "untraced" {
	base[key()] = $6
	printf "%-22s %-16s %5s %8.0f\n", $1, $2, $3, $6
	next
}
{
	added[++lines] = $6 - base[key()]
	row[lines] = sprintf("%-22s %-16s %5s %8.0f", $1, $2, $3, added[lines])
	others[lines] = $7
	label[lines] = $1
}
$1 == "floor-kretprobe" && $2 == "writev-einval" { floor = added[lines] }

END {
	printf "\n%-22s %-16s %5s %8s %8s %9s %6s %5s\n", "traced by", "call", "iovs",
		"added", "x F", "consumer", "lost", "size"
	for (i = 1; i <= lines; i++)
		printf "%s %8.2f %9.0f %6s %5s\n", row[i], added[i] / floor, others[i],
			lost[label[i]], size[label[i]]
	printf "F = %.1f instructions (writev-einval, empty kretprobe)\n", floor
}
