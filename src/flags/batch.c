/* Batch files, and the trials that list values make. */

#include "flags_private.h"

#include <stdint.h>
#include <string.h>

enum { BATCH_FILE_MAX = 64 << 20 };

static int decode_row(struct guild_arena *a, const struct guild_value *names,
	const struct guild_value *row, struct guild_value *trials, struct guild_error *err)
{
	struct guild_value *trial = guild_value_dict(a);
	for (size_t i = 0; i < row->n; i++) {
		const char *cell = row->items[i]->s.p;
		struct guild_value *v = NULL;
		if (i >= names->n) {
			if (*cell) {
				return guild_error_set(err, GUILD_EINVALID,
					"line %u, cell %zu: more cells than names", row->line,
					i + 1);
			}
			continue;
		}
		int rc = guild_flag_decode(a, cell, NULL, &v, NULL, err);
		if (rc < 0) {
			return guild_error_wrap(err, "line %u: %s", row->line,
				names->items[i]->s.p);
		}
		guild_value_set(a, trial, names->items[i]->s.p, v);
	}
	guild_value_append(a, trials, trial);
	return 0;
}

static int read_csv(struct guild_arena *a, struct guild_str text, struct guild_value *trials,
	struct guild_error *err)
{
	struct guild_value *rows = NULL;
	int rc = guild_csv_parse(a, text, &rows, err);
	for (size_t i = 1; rc == 0 && i < rows->n; i++) {
		rc = decode_row(a, rows->items[0], rows->items[i], trials, err);
	}
	return rc;
}

/* A list of mappings, or one mapping. */
static int take_trials(struct guild_arena *a, struct guild_value *data, struct guild_value *trials,
	struct guild_error *err)
{
	if (data->type == GUILD_DICT) {
		guild_value_append(a, trials, data);
		return 0;
	}
	if (data->type != GUILD_LIST) {
		return guild_error_set(err, GUILD_EINVALID, "expected a list of mappings, got %s",
			guild_type_name(data->type));
	}
	for (size_t i = 0; i < data->n; i++) {
		if (data->items[i]->type != GUILD_DICT) {
			return guild_error_set(err, GUILD_EINVALID,
				"trial %zu: expected a mapping, got %s", i + 1,
				guild_type_name(data->items[i]->type));
		}
		guild_value_append(a, trials, data->items[i]);
	}
	return 0;
}

static int read_data(struct guild_arena *a, const char *name, struct guild_str text,
	struct guild_value *trials, struct guild_error *err)
{
	const char *ext = guild_path_ext(name);
	struct guild_value *data = NULL;
	int rc = 0;
	if (!*ext || strcmp(ext, ".csv") == 0) {
		return read_csv(a, text, trials, err);
	}
	if (strcmp(ext, ".json") == 0) {
		rc = guild_json_parse(a, text, NULL, &data, err);
	} else if (strcmp(ext, ".yml") == 0 || strcmp(ext, ".yaml") == 0) {
		rc = guild_yaml_parse(a, text, NULL, GUILD_YAML_NUMBERS, &data, err);
	} else {
		(void)guild_error_set(err, GUILD_EUNSUPPORTED, "unknown kind of batch file '%s'",
			ext);
		guild_error_hint(err, "use .csv, .json, .yml or .yaml");
		return GUILD_EUNSUPPORTED;
	}
	return rc < 0 ? rc : take_trials(a, data, trials, err);
}

int guild_flag_batch_parse(struct guild_arena *a, const char *name, struct guild_str text,
	struct guild_value **trials, struct guild_error *err)
{
	struct guild_value *list = guild_value_list(a);
	int rc = read_data(a, name, text, list, err);
	if (rc < 0) {
		(void)guild_error_wrap(err, "batch file '%s'", name);
		return rc;
	}
	*trials = list;
	return 0;
}

int guild_flag_batch_read(struct guild_arena *a, const char *path, struct guild_value **trials,
	struct guild_error *err)
{
	struct guild_buf text = {0};
	if (!guild_file_exists(path)) {
		return guild_error_set(err, GUILD_ENOTFOUND, "batch file '%s' does not exist",
			path);
	}
	int rc = guild_file_read(path, BATCH_FILE_MAX, &text, err);
	if (rc == 0) {
		rc = guild_flag_batch_parse(a, path, guild_buf_str(&text), trials, err);
	}
	guild_buf_fini(&text);
	return rc;
}

int guild_flag_expand(struct guild_arena *a, const struct guild_value *flags, size_t max,
	struct guild_value **trials, struct guild_error *err)
{
	struct guild_value *sorted = guild_value_dict(a);
	for (size_t i = 0; i < flags->n; i++) {
		const char *name = guild_value_text(flags->pairs[i].key);
		guild_value_set(a, sorted, name ? name : "", flags->pairs[i].value);
	}
	guild_value_sort_keys(sorted);
	size_t count = 1;
	for (size_t i = 0; i < sorted->n; i++) {
		const struct guild_value *v = sorted->pairs[i].value;
		if (v->type == GUILD_LIST && __builtin_mul_overflow(count, v->n, &count)) {
			count = SIZE_MAX;
			break;
		}
	}
	if (count > max) {
		return guild_error_set(err, GUILD_ELIMIT,
			"the lists of values make more than %zu trials", max);
	}
	struct guild_value *list = guild_value_list(a);
	for (size_t t = 0; t < count; t++) {
		struct guild_value *trial = guild_value_dict(a);
		size_t rest = t;
		/* The last name varies fastest. */
		for (size_t i = sorted->n; i > 0; i--) {
			const struct guild_pair *pair = &sorted->pairs[i - 1];
			struct guild_value *v = pair->value;
			if (v->type == GUILD_LIST) {
				size_t n = v->n;
				v = v->items[rest % n];
				rest /= n;
			}
			guild_value_set(a, trial, pair->key->s.p, v);
		}
		guild_value_sort_keys(trial);
		guild_value_append(a, list, trial);
	}
	*trials = list;
	return 0;
}
