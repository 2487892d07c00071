/* What is known of one run, as text. */

#include <guild/flags.h>
#include <string.h>

#include "run_info.h"

/* A block of lines, each further in by `indent` blanks. */
static void put_block(struct guild_buf *out, size_t indent, struct guild_str text)
{
	while (text.n > 0) {
		const char *end = memchr(text.p, '\n', text.n);
		size_t n = end ? (size_t)(end - text.p) : text.n;

		if (n > 0) {
			guild_buf_printf(out, "%*s%.*s", (int)indent, "", (int)n, text.p);
		}
		guild_buf_putc(out, '\n');
		text.p += n + (end != NULL);
		text.n -= n + (end != NULL);
	}
}

static void put_yaml(struct guild_buf *out, size_t indent, const struct guild_value *v)
{
	struct guild_buf yaml = {0};

	guild_yaml_dump(&yaml, v, true);
	put_block(out, indent, guild_buf_str(&yaml));
	guild_buf_fini(&yaml);
}

static void put_list(struct guild_buf *out, size_t indent, const struct guild_value *list)
{
	for (size_t i = 0; i < list->n; i++) {
		guild_buf_printf(out, "%*s- ", (int)indent, "");
		guild_flag_encode(out, list->items[i]);
		guild_buf_putc(out, '\n');
	}
}

/* "NAME: value" on one line, or what is inside below it: `depth` levels of mappings entry by entry, deeper ones as YAML. */
static void put_entry(struct guild_buf *out, size_t indent, const char *name,
	const struct guild_value *v, size_t depth)
{
	guild_buf_printf(out, "%*s%s:", (int)indent, "", name);
	if (v->type == GUILD_LIST) {
		guild_buf_putc(out, '\n');
		put_list(out, indent + 2, v);
	} else if (v->type != GUILD_DICT) {
		guild_buf_putc(out, ' ');
		guild_flag_encode(out, v);
		guild_buf_putc(out, '\n');
	} else {
		guild_buf_putc(out, '\n');
		if (depth == 0) {
			put_yaml(out, indent + 2, v);
		}
		for (size_t i = 0; depth > 0 && i < v->n; i++) {
			struct guild_buf key = {0};

			guild_value_py_str(&key, v->pairs[i].key);
			put_entry(out, indent + 2, guild_buf_cstr(&key), v->pairs[i].value,
				depth - 1);
			guild_buf_fini(&key);
		}
	}
}

/* Text of the user's stands as it is, over several lines indented. */
static void put_text(struct guild_buf *out, size_t indent, const char *name, const char *text)
{
	if (!strchr(text, '\n')) {
		guild_buf_printf(out, "%*s%s: %s\n", (int)indent, "", name, text);
		return;
	}
	guild_buf_printf(out, "%*s%s: |\n", (int)indent, "", name);
	put_block(out, indent + 2, guild_str(text));
}

static void put_attr(struct guild_buf *out, const char *name, const struct guild_value *v)
{
	if (v->type == GUILD_STRING) {
		put_text(out, 0, name, v->s.p);
	} else {
		put_entry(out, 0, name, v, 1);
	}
}

static void put_scalar(struct guild_buf *out, size_t indent, const char *name,
	const struct guild_value *pair, const char *what)
{
	guild_buf_printf(out, "%*s%s: %.6f (%s %lld)\n", (int)indent, "", name, pair->items[0]->f,
		what, (long long)pair->items[1]->i);
}

static void put_scalars(struct guild_buf *out, const struct guild_value *scalars)
{
	static const struct {
		const char *name, *what;
	} values[] = {{"avg", "count"}, {"first", "step"}, {"last", "step"}, {"max", "step"},
		{"min", "step"}, {"total", "count"}};

	guild_buf_puts(out, "scalars:\n");
	for (size_t i = 0; i < scalars->n; i++) {
		const char *key = guild_value_text(scalars->pairs[i].key);
		const struct guild_value *v = scalars->pairs[i].value;

		if (v->type == GUILD_LIST) {
			put_scalar(out, 2, key, v, "step");
			continue;
		}
		guild_buf_printf(out, "  %s:\n", key);
		for (size_t j = 0; j < GUILD_ARRAY_LEN(values); j++) {
			put_scalar(out, 4, values[j].name, guild_value_get(v, values[j].name),
				values[j].what);
		}
	}
}

static void put_comments(struct guild_buf *out, const struct guild_value *comments)
{
	static const char *const parts[] = {"body", "host", "time", "user"};

	guild_buf_puts(out, "comments:\n");
	for (size_t i = 0; i < comments->n; i++) {
		guild_buf_puts(out, "  -\n");
		for (size_t j = 0; j < GUILD_ARRAY_LEN(parts); j++) {
			put_text(out, 4, parts[j],
				guild_value_text(guild_value_get(comments->items[i], parts[j])));
		}
	}
}

/* Files the run was given, dependencies first. */
static void put_manifest(struct guild_buf *out, const struct guild_value *manifest)
{
	static const char *const kinds[] = {"dependencies", "internal", "sourcecode"};

	guild_buf_puts(out, "manifest:\n");
	for (size_t i = 0; i < GUILD_ARRAY_LEN(kinds); i++) {
		const struct guild_value *files = guild_value_get(manifest, kinds[i]);

		if (files) {
			put_entry(out, 2, kinds[i], files, 0);
		}
	}
}

void guild_run_info_text(struct guild_buf *out, const struct guild_value *info)
{
	static const struct {
		const char *name;
		size_t depth; /* levels of mappings shown entry by entry */
	} nested[] = {{"op", 1}, {"flags", 1}, {"proto-flags", 1}, {"environment", 1},
		{"dependencies", 2}};

	for (size_t i = 0; i < info->n; i++) {
		const char *name = guild_value_text(info->pairs[i].key);
		const struct guild_value *v = info->pairs[i].value;
		size_t depth = 0;

		for (size_t j = 0; j < GUILD_ARRAY_LEN(nested); j++) {
			depth = strcmp(name, nested[j].name) == 0 ? nested[j].depth : depth;
		}
		if (strcmp(name, "proto-run") == 0) {
			continue; /* for programs: people look at the trials */
		}
		if (strcmp(name, "scalars") == 0) {
			put_scalars(out, v);
		} else if (strcmp(name, "comments") == 0) {
			put_comments(out, v);
		} else if (strcmp(name, "manifest") == 0) {
			put_manifest(out, v);
		} else if (depth > 0) {
			put_entry(out, 0, name, v, depth);
		} else {
			put_attr(out, name, v);
		}
	}
}
