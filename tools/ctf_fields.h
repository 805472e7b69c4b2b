/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The header of a packet of a recording: a row for each member, in memory order,
 * without holes. No include guard: it is included once for every use of the rows, with
 * CTF_HEADER() for what CTF calls the packet's header, and CTF_CONTEXT() for what it
 * calls its context. Without them, the rows become the members of the structure.
 *
 * @type: u32, u64 or uuid
 * @show: DEC, HEX or CLOCK
 */
#ifndef CTF_TYPE_uuid
#define CTF_TYPE_u32 __u32
#define CTF_TYPE_u64 __u64
#define CTF_TYPE_uuid __typeof__(__u8 [CTF_UUID_LEN])
#endif
#ifndef CTF_HEADER
#define CTF_HEADER(type, name, show) CTF_TYPE_##type name;
#define CTF_CONTEXT(type, name, show) CTF_TYPE_##type name;
#endif

CTF_HEADER(u32, magic, HEX)
CTF_HEADER(uuid, uuid, HEX)
CTF_HEADER(u32, stream_id, DEC)
CTF_CONTEXT(u64, timestamp_begin, CLOCK)
CTF_CONTEXT(u64, timestamp_end, CLOCK)
/* In bits, as is packet_size. */
CTF_CONTEXT(u64, content_size, DEC)
CTF_CONTEXT(u64, packet_size, DEC)
CTF_CONTEXT(u64, packet_seq_num, DEC)
/* Since the beginning of the file. */
CTF_CONTEXT(u64, events_discarded, DEC)
CTF_CONTEXT(u64, cpu_id, DEC)

#undef CTF_HEADER
#undef CTF_CONTEXT
