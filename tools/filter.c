// SPDX-License-Identifier: GPL-2.0
/* The filter of the command line: puts it together, compiles it, shows it. */
#include <ctype.h>
#include <err.h>
#include <locale.h>
#include <stdlib.h>
#include <wchar.h>

#include "expr_lex.h"
#include "filter.h"
#include "util.h"

/* See svmtrace(8) for what else these find, and what they do not. */
static const char *const presets[FILTER_PRESETS] = {
	[FILTER_INJECTION] =
		"has(target) && !(relation & (self | thread | mm))",
	[FILTER_ESCAPE] =
		"relation & (cross-pidns | cross-mntns | cross-userns)",
	/* The inode of the initial user namespace is a constant of the kernel. */
	[FILTER_SPLICE_LPE] =
		"pipe.direction == write && bytes <= 4096 && user_ns != 4026531837",
	[FILTER_RACED] =
		"marks & (changed | remote-changed | preview-changed | target-changed | target-at-return | no-result)",
};

static void append(char **text, const char *between, const char *word)
{
	char *old = *text;

	if (asprintf(text, "%s%s%s", old ? old : "", old ? between : "", word) < 0)
		err(EXIT_FAILURE, "the expression");
	free(old);
}

/**
 * filter_add_word() - adds an argument of the command line to the expression
 * @filter: it
 * @word:   the argument
 */
void filter_add_word(struct filter *filter, const char *word)
{
	append(&filter->text, " ", word);
}

/**
 * filter_require() - lets a condition be true as well
 * @filter:    the filter
 * @condition: such as "ret >= 0"
 */
void filter_require(struct filter *filter, const char *condition)
{
	append(&filter->also, " && ", condition);
}

/* What may be part of the expression must not do anything to the terminal. */
static void print_line(const char *text, FILE *file)
{
	for (; *text; text++)
		fputc(iscntrl((unsigned char)*text) ? ' ' : *text, file);
	fputc('\n', file);
}

/* A control character is a space in print_line(); not all bytes are characters. */
static int width_of(const char *text, size_t length, size_t *used)
{
	wchar_t character;
	int width;

	*used = mbrtowc(&character, text, length, &(mbstate_t){ 0 });
	if (*used > length) {
		*used = 1;
		return lex_is_within(*text) ? 0 : 1;
	}
	width = wcwidth(character);
	return width < 0 ? 1 : width;
}

/* How many columns of a terminal the beginning of a text takes. */
static int columns_of(const char *text, size_t length)
{
	locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL);
	locale_t before = uselocale(utf8);
	int columns = 0;
	size_t used;

	for (; length; text += used, length -= used)
		columns += width_of(text, length, &used);
	uselocale(before);
	if (utf8)
		freelocale(utf8);
	return columns;
}

/* The expression, in one line, and a caret below the character that it is about. */
static void tell(const struct filter *filter, const struct expr_error *error, FILE *errors,
		 const char *name, const char *kind)
{
	fprintf(errors, "%s: %s", name, kind);
	print_line(error->text, errors);
	fputs("  ", errors);
	print_line(filter->text, errors);
	fprintf(errors, "  %*s^\n", columns_of(filter->text, error->column), "");
}

/**
 * struct conditions - what must be true, all of it
 * @exprs: presets, what other options ask for, and the expression
 * @all:   the same, as expr_compile() takes them
 * @count: how many
 */
struct conditions {
	struct expr exprs[FILTER_PRESETS + 2];
	const struct expr *all[FILTER_PRESETS + 2];
	size_t count;
};

static bool add(struct conditions *c, const char *text)
{
	struct expr *e = &c->exprs[c->count];

	c->all[c->count++] = e;
	return expr_read(e, text);
}

/* These are right, but a list of -p can be too long. */
static bool add_options(struct conditions *c, const struct filter *filter)
{
	size_t i;

	for (i = 0; i < FILTER_PRESETS; i++) {
		if (filter->presets & 1U << i && !add(c, presets[i]))
			return false;
	}
	return !filter->also || add(c, filter->also);
}

static bool add_text(struct conditions *c, const struct filter *filter, FILE *errors,
		     const char *name)
{
	struct expr *e = &c->exprs[c->count];

	if (!filter->text)
		return true;
	if (!add(c, filter->text)) {
		tell(filter, &e->error, errors, name, "");
		return false;
	}
	if (filter->live)
		expr_note_late(e);
	if (*e->note.text)
		tell(filter, &e->note, errors, name, "note: ");
	return true;
}

static bool too_long(FILE *errors, const char *name)
{
	fprintf(errors,
		"%s: too long for %d instructions: some 200 to 800 comparisons fit, by kind, or 3000 pids in a set\n",
		name, SVMTRACE_PROGRAM_MAX);
	return false;
}

/**
 * filter_compile() - makes the program
 * @filter: presets, also and text; program is filled in
 * @errors: where to say what is wrong, or odd
 * @name:   of this program
 *
 * Return: whether that worked.
 */
bool filter_compile(struct filter *filter, FILE *errors, const char *name)
{
	struct conditions c;
	bool good;

	c.count = 0;
	filter->program.len = 0;
	good = add_options(&c, filter) ? add_text(&c, filter, errors, name) :
					 too_long(errors, name);
	if (good && c.count)
		good = expr_compile(&filter->program, c.all, c.count) ||
		       too_long(errors, name);
	while (c.count)
		expr_free(&c.exprs[--c.count]);
	return good;
}

/* What an instruction does, as tcpdump and bpfc write it. */
static const struct {
	unsigned short code;
	const char *name;
	const char *operand;
} insns[] = {
	{ BPF_LD | BPF_W | BPF_ABS, "ld", "[%u]" },
	{ BPF_LD | BPF_IMM, "ld", "#%#x" },
	{ BPF_MISC | BPF_TAX, "tax", "" },
	{ BPF_ALU | BPF_RSH | BPF_K, "rsh", "#%u" },
	{ BPF_ALU | BPF_AND | BPF_K, "and", "#%#x" },
	{ BPF_ALU | BPF_XOR | BPF_K, "xor", "#%#x" },
	{ BPF_JMP | BPF_JA, "ja", "" },
	{ BPF_JMP | BPF_JEQ | BPF_K, "jeq", "#%#x" },
	{ BPF_JMP | BPF_JEQ | BPF_X, "jeq", "x" },
	{ BPF_JMP | BPF_JGT | BPF_K, "jgt", "#%#x" },
	{ BPF_JMP | BPF_JGT | BPF_X, "jgt", "x" },
	{ BPF_JMP | BPF_JGE | BPF_K, "jge", "#%#x" },
	{ BPF_JMP | BPF_JGE | BPF_X, "jge", "x" },
	{ BPF_JMP | BPF_JSET | BPF_K, "jset", "#%#x" },
	{ BPF_RET | BPF_K, "ret", "#%u" },
};

static void print_note(const struct sock_filter *insn, unsigned int i, FILE *file)
{
	const struct expr_field *field;
	size_t args = offsetof(struct svmtrace_filter_data, args);

	if (insn->code == (BPF_JMP | BPF_JA)) {
		fprintf(file, " %u", i + 1 + insn->k);
	} else if (BPF_CLASS(insn->code) == BPF_JMP) {
		fprintf(file, "\tjt %u\tjf %u", i + 1 + insn->jt, i + 1 + insn->jf);
	} else if (insn->code == (BPF_LD | BPF_W | BPF_ABS)) {
		field = expr_field_at(insn->k);
		if (field)
			fprintf(file, "\t; %s", field->name);
		else if (insn->k == offsetof(struct svmtrace_filter_data, present))
			fputs("\t; present", file);
		else if (insn->k >= args && insn->k < args + 8 * SVMTRACE_ARGS_MAX)
			fprintf(file, "\t; argument %zu", (insn->k - args) / 8);
	}
}

/**
 * filter_print() - shows the program
 * @filter: after filter_compile()
 * @file:   where to
 */
void filter_print(const struct filter *filter, FILE *file)
{
	const struct sock_filter *insn;
	unsigned int i;
	size_t j;

	for (i = 0; i < filter->program.len; i++) {
		insn = &filter->program.insns[i];
		for (j = 0; j < ARRAY_SIZE(insns) && insns[j].code != insn->code; j++)
			;
		fprintf(file, "(%03u) ", i);
		if (j == ARRAY_SIZE(insns)) {
			fprintf(file, "%#x\n", insn->code);
			continue;
		}
		fprintf(file, *insns[j].operand || insn->code == (BPF_JMP | BPF_JA) ?
			"%-8s " : "%s", insns[j].name);
		fprintf(file, insns[j].operand, insn->k);
		print_note(insn, i, file);
		fputc('\n', file);
	}
}
