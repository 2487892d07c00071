/* `--test-output-scalars`: what each pattern finds in each line. */
#include "collect_private.h"

#include <stdlib.h>
#include <string.h>

static void show_values(struct found *found, struct guild_buf *out)
{
	guild_buf_puts(out, " (");
	/* The step is a value here like any other. */
	struct guild_buf step = {0};
	if (found->has_step) {
		char value[GUILD_F64_MAX];
		guild_f64_repr(found->step_value, value);
		guild_buf_puts(&step, value);
	}
	guild_found_sort(found);
	bool first = true;
	for (size_t i = 0; i <= found->n; i++) {
		bool step_now = step.n > 0 &&
				(i == found->n || strcmp("step", guild_found_key(found, i)) < 0);
		if (step_now) {
			guild_buf_printf(out, "%sstep=%s", first ? "" : ", ", step.p);
			guild_buf_reset(&step);
			first = false;
		}
		if (i < found->n) {
			char value[GUILD_F64_MAX];
			guild_f64_repr(found->v[i].value, value);
			guild_buf_printf(out, "%s%s=%s", first ? "" : ", ",
				guild_found_key(found, i), value);
			first = false;
		}
	}
	guild_buf_fini(&step);
	guild_buf_putc(out, ')');
}

static void show_source(const char *source, struct guild_buf *out)
{
	struct guild_arena *a = guild_arena_new();
	guild_buf_puts(out, "  ");
	guild_value_py_repr(out, guild_value_string(a, source));
	guild_buf_puts(out, ": ");
	guild_arena_free(a);
}

static void try_line(const struct scalar_config *config, struct guild_str line,
	struct guild_buf *out)
{
	guild_buf_append(out, line.p, line.n);
	guild_buf_putc(out, '\n');
	struct found found = {0};
	struct guild_buf tuples = {0};
	for (size_t i = 0; i < config->n; i++) {
		guild_found_reset(&found);
		guild_buf_reset(&tuples);
		bool finished = guild_pattern_find(config->patterns[i], line, &found, &tuples);
		show_source(guild_pattern_source(config->patterns[i]), out);
		if (!finished) {
			guild_buf_puts(out, "<gave up: this takes too long>");
		} else if (tuples.n == 0) {
			guild_buf_puts(out, "<no matches>");
		} else {
			guild_buf_printf(out, "[%s]", tuples.p);
			show_values(&found, out);
		}
		guild_buf_putc(out, '\n');
	}
	guild_found_fini(&found);
	guild_buf_fini(&tuples);
}

static void collect_warning(void *arg, const char *level, const char *text)
{
	guild_buf_printf(arg, "%s: %s\n", level, text);
}

int guild_output_scalars_test(const struct guild_value *value, struct guild_str text,
	struct guild_buf *out, struct guild_error *err)
{
	(void)err;
	struct guild_str all = text;
	struct guild_buf warnings = {0};
	struct guild_log log = {collect_warning, &warnings};
	struct scalar_config config;
	guild_scalar_config_read(value, true, &config, &log);
	if (config.has_default) {
		guild_scalar_config_add(&config, NULL, guild_default_step_pattern, &log);
		guild_scalar_config_add(&config, NULL, guild_default_value_pattern, &log);
	}
	if (config.n == 0 && !config.has_automatic && warnings.n == 0) {
		guild_buf_puts(out, "Output scalars are disabled, there is nothing to test\n");
	} else {
		struct guild_buf clean = {0};
		while (text.n > 0) {
			const char *end = memchr(text.p, '\n', text.n);
			struct guild_str line = {text.p, end ? (size_t)(end - text.p) : text.n};
			guild_line_clean(line, &clean);
			try_line(&config, guild_buf_str(&clean), out);
			text.n -= line.n + (end != NULL);
			text.p += line.n + (end != NULL);
		}
		guild_buf_fini(&clean);
	}
	if (config.has_automatic) {
		guild_propose_patterns(all, out);
	}
	guild_buf_append(out, warnings.p, warnings.n);
	guild_buf_fini(&warnings);
	guild_scalar_config_fini(&config);
	return 0;
}
