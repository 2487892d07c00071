/*
 * Detects the flags of scripts and prints one JSON object a script, for the tests and benchmarks.
 *
 * usage: detect_flags [--python PROGRAM] [--ask] [--cache DIR] [--dest DEST] [--module NAME] [--cwd DIR]
 * [--base WORD]... SCRIPT...
 *
 * --ask takes the answer of the script's own parser, whatever the source says.
 */

#include <string.h>

#include "guild/flags.h"

struct messages {
	struct guild_arena *arena;
	struct guild_value *list;
};

static void collect(void *arg, const char *level, const char *text)
{
	struct messages *m = arg;
	if (strcmp(level, "warning") == 0) {
		guild_value_append(m->arena, m->list, guild_value_string(m->arena, text));
	}
}

static void set(struct guild_arena *a, struct guild_value *dict, const char *key, const struct guild_value *v)
{
	if (v) {
		guild_value_set(a, dict, key, guild_value_copy(a, v));
	}
}

static void set_text(struct guild_arena *a, struct guild_value *dict, const char *key, const char *text)
{
	if (text) {
		guild_value_set(a, dict, key, guild_value_string(a, text));
	}
}

static struct guild_value *flag_value(struct guild_arena *a, const struct guild_flag_def *f)
{
	struct guild_value *v = guild_value_dict(a);
	set_text(a, v, "description", f->description);
	set(a, v, "default", f->def);
	set_text(a, v, "type", f->type);
	if (f->required) {
		guild_value_set(a, v, "required", guild_value_bool(a, true));
	}
	set_text(a, v, "arg-name", f->arg_name);
	set(a, v, "arg-switch", f->arg_switch);
	set(a, v, "arg-split", f->arg_split);
	if (f->arg_encoding) {
		struct guild_buf text = {0};
		guild_yaml_dump_flow(&text, f->arg_encoding);
		set_text(a, v, "arg-encoding", guild_buf_cstr(&text));
		guild_buf_fini(&text);
	}
	if (f->n_choices > 0) {
		struct guild_value *list = guild_value_list(a);
		for (size_t i = 0; i < f->n_choices; i++) {
			guild_value_append(a, list, guild_value_copy(a, f->choices[i].value));
		}
		guild_value_set(a, v, "choices", list);
	}
	return v;
}

static void detect(const struct guild_detect_request *req)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_error err = {0};
	struct guild_detected found;
	struct messages messages = {a, guild_value_list(a)};
	struct guild_log log = {collect, &messages};
	struct guild_value *out = guild_value_dict(a);
	set_text(a, out, "script", req->script);
	int64_t start = guild_monotonic_us();
	int rc = guild_flags_detect(a, req, &found, &log, &err);
	guild_value_set(a, out, "us", guild_value_int(a, guild_monotonic_us() - start));
	if (rc != 0) {
		set_text(a, out, "error", err.text);
	} else {
		struct guild_value *flags = guild_value_dict(a);
		for (size_t i = 0; i < found.flags.n; i++) {
			guild_value_set(
				a, flags, found.flags.v[i].name, flag_value(a, &found.flags.v[i]));
		}
		set_text(a, out, "flags-dest", found.flags_dest);
		set_text(a, out, "library", found.library);
		guild_value_set(a, out, "asked", guild_value_bool(a, found.asked));
		guild_value_set(a, out, "from-cache", guild_value_bool(a, found.from_cache));
		guild_value_set(a, out, "flags", flags);
	}
	guild_value_set(a, out, "warnings", messages.list);
	struct guild_buf text = {0};
	guild_json_dump(&text, out, GUILD_JSON_COMPACT);
	printf("%s\n", guild_buf_cstr(&text));
	guild_buf_fini(&text);
	guild_arena_free(a);
}

int main(int argc, char **argv)
{
	struct guild_detect_request req = {0};
	struct guild_strs base = {0};
	for (int i = 1; i < argc; i++) {
		const char *word = argv[i];
		if (strcmp(word, "--ask") == 0) {
			req.always_ask = true;
		} else if (word[0] == '-' && i + 1 < argc) {
			const char *value = argv[++i];
			if (strcmp(word, "--python") == 0) {
				req.python = value;
			} else if (strcmp(word, "--cache") == 0) {
				req.cache_dir = value;
			} else if (strcmp(word, "--dest") == 0) {
				req.flags_dest = value;
			} else if (strcmp(word, "--module") == 0) {
				req.module = value;
			} else if (strcmp(word, "--cwd") == 0) {
				req.cwd = value;
			} else if (strcmp(word, "--base") == 0) {
				guild_strs_add(&base, value);
			} else {
				fprintf(stderr, "detect_flags: unknown option %s\n", word);
				return 2;
			}
		} else {
			req.script = word;
			req.base_args = base.v;
			req.n_base_args = base.n;
			detect(&req);
		}
	}
	guild_strs_fini(&base);
	return 0;
}
