/* What guild compare --fail-if says as JUnit XML: the elements and attributes that Jenkins' junit-10.xsd knows. */

#include <stdlib.h>

#include "gate_report.h"

enum { US_PER_S = 1000000 };

static void put_attr(struct guild_buf *out, const char *name, const char *text)
{
	guild_buf_printf(out, " %s=\"", name);
	guild_html_text(out, guild_str(text));
	guild_buf_putc(out, '"');
}

static void put_counts(struct guild_buf *out, size_t tests, size_t failures)
{
	guild_buf_printf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\"", tests, failures);
}

static size_t count_failures(const struct guild_gate *g, const struct guild_gate_run *r)
{
	size_t n = 0;

	for (size_t i = 0; i < g->n_conditions; i++) {
		n += r->checks[i].verdict != GUILD_QUERY_NO;
	}
	return n;
}

static void put_property(struct guild_buf *out, const char *name, const char *value)
{
	guild_buf_puts(out, "      <property");
	put_attr(out, "name", name);
	put_attr(out, "value", value);
	guild_buf_puts(out, "/>\n");
}

/* "2026-11-30T19:22:12", in UTC, and the seconds it ran. */
static void put_times(struct guild_buf *out, const struct guild_run *r)
{
	int64_t started = guild_run_attr_i64(r, "started", INT64_MIN);
	int64_t stopped = guild_run_attr_i64(r, "stopped", INT64_MIN);
	char text[GUILD_TIME_MAX];

	if (started == INT64_MIN) {
		return;
	}
	guild_time_format(started, true, text);
	guild_buf_printf(out, " timestamp=\"%.10sT%.8s\"", text, text + 11);
	if (stopped != INT64_MIN && stopped >= started) {
		guild_buf_printf(out, " time=\"%.3f\"", (double)(stopped - started) / US_PER_S);
	}
}

static void put_case(struct guild_buf *out, const struct guild_gate *g,
	const struct guild_gate_run *r, size_t condition, const char *suite)
{
	const struct guild_gate_check *check = &r->checks[condition];
	struct guild_buf reason = {0};

	guild_buf_puts(out, "    <testcase");
	put_attr(out, "classname", suite);
	put_attr(out, "name", g->conditions[condition]);
	guild_gate_put_reason(&reason, check);
	if (check->verdict == GUILD_QUERY_NO) {
		guild_buf_puts(out, "/>\n");
	} else {
		guild_buf_puts(out, ">\n      <failure");
		put_attr(out, "message", guild_buf_cstr(&reason));
		put_attr(out, "type",
			check->verdict == GUILD_QUERY_MISSING ? "missing" : "fail-if");
		guild_buf_putc(out, '>');
		guild_html_text(out, guild_buf_str(&reason));
		guild_buf_puts(out, "</failure>\n    </testcase>\n");
	}
	guild_buf_fini(&reason);
}

static void put_suite(struct guild_buf *out, const struct guild_gate *g,
	const struct guild_gate_run *r)
{
	char *operation = guild_run_display_name(r->run);
	char *suite = guild_format("%s %.*s", operation, GUILD_RUN_SHORT_LEN, r->run->id);
	struct guild_arena *a = guild_arena_new();
	struct guild_buf label = {0};

	guild_buf_puts(out, "  <testsuite");
	put_attr(out, "name", suite);
	put_counts(out, g->n_conditions, count_failures(g, r));
	put_times(out, r->run);
	guild_buf_puts(out, ">\n    <properties>\n");
	put_property(out, "run", r->run->id);
	guild_cell_text(&label, guild_run_attr(r->run, a, "label"));
	if (label.n > 0) {
		put_property(out, "label", guild_buf_cstr(&label));
	}
	if (g->baseline) {
		put_property(out, "baseline", g->baseline->id);
	}
	guild_buf_puts(out, "    </properties>\n");
	for (size_t i = 0; i < g->n_conditions; i++) {
		put_case(out, g, r, i, suite);
	}
	guild_buf_puts(out, "  </testsuite>\n");
	guild_buf_fini(&label);
	guild_arena_free(a);
	free(suite);
	free(operation);
}

void guild_gate_put_junit(struct guild_buf *out, const struct guild_gate *g)
{
	size_t failures = 0;

	for (size_t i = 0; i < g->n_runs; i++) {
		failures += count_failures(g, &g->runs[i]);
	}
	guild_buf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
	put_attr(out, "name", "guild compare");
	put_counts(out, g->n_runs * g->n_conditions, failures);
	guild_buf_puts(out, ">\n");
	for (size_t i = 0; i < g->n_runs; i++) {
		put_suite(out, g, &g->runs[i]);
	}
	guild_buf_puts(out, "</testsuites>\n");
}
