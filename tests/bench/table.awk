# SPDX-License-Identifier: GPL-2.0
#
# Figures as measure(1) writes them to a table: added instructions per call, and
# multiples of F.

BEGIN { FS = "\t" }

function key() { return $2 FS $3 FS $4 }

$2 == "counters" { lost[$1] = $6; size[$1] = $7; next }
$1 == "untraced" { base[key()] = $6; printf "%-22s %-16s %5s %8.0f\n", $1, $2, $3, $6; next }
$1 == "floor-kretprobe" && $2 == "writev-einval" { floor = $6 - base[key()] }
{
	line[++lines] = sprintf("%-22s %-16s %5s %8.0f %8.2f %9.0f", $1, $2, $3,
		$6 - base[key()], ($6 - base[key()]) / floor, $7)
	label[lines] = $1
}

END {
	printf "\n%-22s %-16s %5s %8s %8s %9s %6s %5s\n", "traced by", "call", "iovs",
		"added", "x F", "consumer", "lost", "size"
	for (i = 1; i <= lines; i++)
		printf "%s %6s %5s\n", line[i], lost[label[i]], size[label[i]]
	printf "F = %.1f instructions (writev-einval, empty kretprobe)\n", floor
}
