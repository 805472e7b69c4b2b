# SPDX-License-Identifier: GPL-2.0
#
# Files with the figures of guests, NAME.tsv each, to one CSV. What a call costs
# more than the same call in the same guest without a tracer is worked out here.
#
# With -v counters=1 the counters of the consumers instead.

BEGIN {
	FS = "\t"
	OFS = ","
	if (counters)
		print "guest", "tracer", "entered", "delivered", "filtered", "lost", "record_bytes"
	else
		print "guest", "tracer", "call", "iovecs", "bytes", "calls", "time",
			"added", "others"
}

FNR == 1 {
	guest = FILENAME
	sub(".*/", "", guest)
	sub("[.]tsv$", "", guest)
	delete base
}

$2 == "counters" {
	if (counters)
		print guest, $1, $3, $4, $5, $6, $7
	next
}

counters || NF != 7 { next }

{ call = $2 FS $3 FS $4 }

$1 == "untraced" { base[call] = $6 }

{ print guest, $1, $2, $3, $4, $5, $6, sprintf("%.1f", $6 - base[call]), $7 }
