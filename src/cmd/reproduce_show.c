/* The verdict of a reproduction, as text and as JSON. */

#include "reproduce_cmd.h"

#include <stdlib.h>
#include <string.h>

enum { SHOWN_FINDINGS = 12, SHOWN_HASH = 8, HASH_MIN = 32 };

static const char *const colors[] = {
	[GUILD_REPRODUCE_SKIPPED] = "33",
	[GUILD_REPRODUCE_SAME] = "32",
	[GUILD_REPRODUCE_DIFFERS] = "31",
	[GUILD_REPRODUCE_UNKNOWN] = "33",
	[GUILD_REPRODUCE_NOTED] = "36",
};

const char *guild_reproduce_report_verdict(const struct guild_reproduce_report *r)
{
	if (r->result->is_stopped) {
		return "stopped";
	}
	if (r->is_preview) {
		return "not run";
	}
	return guild_reproduction_holds(r->result, r->deciding, r->is_strict) ? "reproduced"
									      : "not reproduced";
}

/* ---- text ---------------------------------------------------------------------------------------------------------- */

/* Long hashes are told apart by their beginning. */
static void put_value(struct guild_buf *out, const char *text)
{
	size_t n = strlen(text);
	bool is_hash = n >= HASH_MIN && strspn(text, "0123456789abcdef") == n;
	char *shown = guild_strndup(text, is_hash ? SHOWN_HASH : n);
	guild_cmd_put_visible(out, shown);
	free(shown);
}

static void print_finding(const struct guild_reproduce_finding *f)
{
	struct guild_buf line = {0};
	guild_buf_puts(&line, "      ");
	guild_cmd_put_visible(&line, f->name);
	guild_buf_putc(&line, ' ');
	guild_cmd_put_visible(&line, f->what);
	if (f->before || f->after) {
		guild_buf_puts(&line, ": ");
		put_value(&line, f->before ? f->before : f->after);
	}
	if (f->before && f->after && strcmp(f->before, f->after) != 0) {
		guild_buf_puts(&line, " -> ");
		put_value(&line, f->after);
	}
	puts(guild_buf_cstr(&line));
	guild_buf_fini(&line);
}

static void print_findings(const struct guild_reproduce_check *c)
{
	size_t shown = 0;
	/* What differs comes first: notes must not crowd it out. */
	for (int notes = 0; notes < 2; notes++) {
		for (size_t i = 0; i < c->n; i++) {
			if (c->v[i].is_note == (notes == 1) && shown++ < SHOWN_FINDINGS) {
				print_finding(&c->v[i]);
			}
		}
	}
	if (shown > SHOWN_FINDINGS) {
		printf("      %zu more (--json lists all)\n", shown - SHOWN_FINDINGS);
	}
}

static void print_level(const struct guild_ctx *ctx, const struct guild_reproduce_report *r,
	enum guild_reproduce_level l)
{
	const struct guild_reproduce_check *c = &r->result->levels[l];
	bool is_planned = r->is_preview && c->verdict == GUILD_REPRODUCE_SKIPPED;
	const char *verdict = is_planned ? "to do" : guild_reproduce_verdict_name(c->verdict);
	struct guild_buf line = {0};
	guild_cmd_put_visible(&line, c->summary ? c->summary : "");
	printf("  %-12s%s%s%*s%s%s\n", guild_reproduce_level_name(l),
		ctx->color_out ? guild_arena_format(ctx->arena, "\033[%sm", colors[c->verdict])
			       : "",
		verdict, line.n > 0 ? 9 - (int)strlen(verdict) : 0, "",
		ctx->color_out ? "\033[0m" : "", guild_buf_cstr(&line));
	print_findings(c);
	if (c->hint) {
		printf("      hint: %s\n", c->hint);
	}
	guild_buf_fini(&line);
}

/* ": environment, metrics" after a verdict that is not good. */
static void print_failed(const struct guild_reproduce_report *r)
{
	const char *sep = ": ";
	for (int l = 0; l < GUILD_REPRODUCE_LEVELS; l++) {
		enum guild_reproduce_verdict v = r->result->levels[l].verdict;
		bool is_bad = v == GUILD_REPRODUCE_DIFFERS ||
			      (r->is_strict && v == GUILD_REPRODUCE_UNKNOWN);
		if (is_bad && (r->deciding & 1U << l)) {
			printf("%s%s", sep,
				guild_reproduce_level_name((enum guild_reproduce_level)l));
			sep = ", ";
		}
	}
}

void guild_reproduce_print(const struct guild_ctx *ctx, const struct guild_reproduce_report *r)
{
	char *name = guild_run_display_name(r->run);
	printf("%.8s (%s)\n", r->run->id, name);
	for (int l = 0; l < GUILD_REPRODUCE_LEVELS; l++) {
		print_level(ctx, r, (enum guild_reproduce_level)l);
	}
	if (!r->is_preview) {
		printf("%s", guild_reproduce_report_verdict(r));
		print_failed(r);
		if (r->result->run_id) {
			printf(r->is_discarded ? ", by run %.8s (removed)" : ", by run %.8s",
				r->result->run_id);
		}
		putchar('\n');
	}
	free(name);
}

/* ---- JSON ---------------------------------------------------------------------------------------------------------- */

static struct guild_value *text(struct guild_arena *a, const char *z)
{
	return z ? guild_value_string(a, z) : guild_value_null(a);
}

static struct guild_value *finding_value(struct guild_arena *a,
	const struct guild_reproduce_finding *f)
{
	struct guild_value *v = guild_value_dict(a);
	guild_value_set(a, v, "name", text(a, f->name));
	guild_value_set(a, v, "what", text(a, f->what));
	guild_value_set(a, v, "before", text(a, f->before));
	guild_value_set(a, v, "after", text(a, f->after));
	guild_value_set(a, v, "differs", guild_value_bool(a, !f->is_note));
	return v;
}

static struct guild_value *level_value(struct guild_arena *a,
	const struct guild_reproduce_report *r, int l)
{
	const struct guild_reproduce_check *c = &r->result->levels[l];
	struct guild_value *v = guild_value_dict(a);
	struct guild_value *findings = guild_value_list(a);
	for (size_t i = 0; i < c->n; i++) {
		guild_value_append(a, findings, finding_value(a, &c->v[i]));
	}
	guild_value_set(a, v, "verdict", text(a, guild_reproduce_verdict_name(c->verdict)));
	guild_value_set(a, v, "decides", guild_value_bool(a, (r->deciding & 1U << l) != 0));
	guild_value_set(a, v, "summary", text(a, c->summary));
	guild_value_set(a, v, "hint", text(a, c->hint));
	guild_value_set(a, v, "findings", findings);
	return v;
}

struct guild_value *guild_reproduce_json(struct guild_arena *a,
	const struct guild_reproduce_report *r)
{
	struct guild_value *v = guild_value_dict(a);
	struct guild_value *levels = guild_value_dict(a);
	char *name = guild_run_display_name(r->run);
	for (int l = 0; l < GUILD_REPRODUCE_LEVELS; l++) {
		guild_value_set(a, levels,
			guild_reproduce_level_name((enum guild_reproduce_level)l),
			level_value(a, r, l));
	}
	guild_value_set(a, v, "run", text(a, r->run->id));
	guild_value_set(a, v, "operation", text(a, name));
	guild_value_set(a, v, "verdict", text(a, guild_reproduce_report_verdict(r)));
	guild_value_set(a, v, "reproduction", text(a, r->is_discarded ? NULL : r->result->run_id));
	guild_value_set(a, v, "levels", levels);
	free(name);
	return v;
}
