/* guild run --print-cmd, --print-env, --print-trials, --save-trials: what would be run, and nothing is. */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "run_cmd.h"

/* Words of a command as a shell would read them. */
static void print_command(const struct guild_strs *argv)
{
	struct guild_buf b = {0};
	for (size_t i = 0; i < argv->n; i++) {
		if (i) {
			guild_buf_putc(&b, ' ');
		}
		guild_shlex_quote(&b, argv->v[i]);
	}
	puts(guild_buf_cstr(&b));
	guild_buf_fini(&b);
}

static int print_cmd(struct guild_run_cmd *c, struct guild_error *err)
{
	size_t n = c->is_batch ? c->trials->n : 1;
	for (size_t i = 0; i < n; i++) {
		struct guild_exec_op x;
		struct guild_strs argv = {0};
		guild_run_cmd_exec_op(c, &x);
		if (c->is_batch) {
			x.flags = c->trials->items[i];
		}
		int rc = guild_exec_command(&x, &argv, NULL, err);
		if (rc == 0) {
			print_command(&argv);
		}
		guild_strs_fini(&argv);
		if (rc != 0) {
			return rc;
		}
	}
	return 0;
}

static int print_env(struct guild_run_cmd *c, struct guild_error *err)
{
	struct guild_exec_op x;
	struct guild_strs env = {0};
	guild_run_cmd_exec_op(c, &x);
	int rc = guild_exec_command(&x, NULL, &env, err);
	for (size_t i = 0; i < env.n; i++) {
		struct guild_buf b = {0};
		size_t n = strcspn(env.v[i], "=");
		guild_buf_append(&b, env.v[i], n + 1);
		if (env.v[i][n + 1]) {
			guild_shlex_quote(&b, env.v[i] + n + 1);
		}
		puts(guild_buf_cstr(&b));
		guild_buf_fini(&b);
	}
	guild_strs_fini(&env);
	return rc;
}

/* ---- trials -------------------------------------------------------------------------------------------------- */

/* Every flag of any trial, sorted. */
static void flag_names(const struct guild_value *trials, struct guild_strs *out)
{
	struct guild_map seen = {0};
	for (size_t i = 0; i < trials->n; i++) {
		for (size_t k = 0; k < trials->items[i]->n; k++) {
			const char *name = guild_value_text(trials->items[i]->pairs[k].key);
			if (name && !guild_map_has(&seen, name)) {
				guild_map_put(&seen, name, &seen);
				guild_strs_add(out, name);
			}
		}
	}
	guild_map_fini(&seen);
	guild_strs_sort(out);
}

static char *cell(const struct guild_value *trial, const char *name)
{
	struct guild_buf b = {0};
	const struct guild_value *v = guild_value_get(trial, name);
	if (v) {
		guild_flag_encode(&b, v);
	}
	return guild_buf_take(&b);
}

static void print_trials(const struct guild_run_cmd *c)
{
	struct guild_strs names = {0};
	struct guild_table table;
	flag_names(c->trials, &names);
	const char **cells = guild_alloc((names.n + 1) * sizeof(*cells));
	guild_table_init(&table, names.n + 1, 0);
	cells[0] = "#";
	for (size_t k = 0; k < names.n; k++) {
		cells[k + 1] = names.v[k];
	}
	guild_table_add(&table, cells);
	for (size_t i = 0; i < c->trials->n; i++) {
		struct guild_strs row = {0};
		guild_strs_addf(&row, "%zu", i + 1);
		for (size_t k = 0; k < names.n; k++) {
			guild_strs_take(&row, cell(c->trials->items[i], names.v[k]));
		}
		guild_table_add(&table, (const char *const *)row.v);
		guild_strs_fini(&row);
	}
	guild_table_print(&table, stdout, c->ctx->columns);
	guild_table_fini(&table);
	guild_strs_fini(&names);
	free(cells);
}

static void trials_csv(const struct guild_value *trials, struct guild_buf *out)
{
	struct guild_strs names = {0};
	flag_names(trials, &names);
	for (size_t k = 0; k < names.n; k++) {
		guild_buf_puts(out, k ? "," : "");
		guild_csv_field(out, guild_str(names.v[k]));
	}
	guild_buf_putc(out, '\n');
	for (size_t i = 0; i < trials->n; i++) {
		for (size_t k = 0; k < names.n; k++) {
			char *text = cell(trials->items[i], names.v[k]);
			guild_buf_puts(out, k ? "," : "");
			guild_csv_field(out, guild_str(text));
			free(text);
		}
		guild_buf_putc(out, '\n');
	}
	guild_strs_fini(&names);
}

static int save_trials(struct guild_run_cmd *c, const char *path, struct guild_error *err)
{
	struct guild_buf text = {0};
	const char *ext = guild_path_ext(path);
	char *full = guild_path_abs(path, c->ctx->cwd);
	int rc = 0;
	if (strcasecmp(ext, ".json") == 0) {
		guild_json_dump(&text, c->trials, GUILD_JSON_SORT);
		guild_buf_putc(&text, '\n');
	} else if (*ext == 0 || strcasecmp(ext, ".csv") == 0) {
		trials_csv(c->trials, &text);
	} else {
		rc = guild_error_set(err, GUILD_EINVALID,
			"cannot save trials to '%s': unsupported extension '%s'", path, ext);
		guild_error_hint(err, "use .csv or .json");
	}
	if (rc == 0) {
		printf("Saving trials to %s\n", path);
		rc = guild_file_write(full, text.p, text.n, false, err);
	}
	free(full);
	guild_buf_fini(&text);
	return rc;
}

bool guild_run_cmd_print(struct guild_run_cmd *c, int *code)
{
	const char *save_path = guild_args_text(c->args, "save-trials");
	bool wants_trials = guild_args_flag(c->args, "print-trials");
	struct guild_error err = {0};
	int rc;
	if (guild_args_flag(c->args, "print-cmd")) {
		rc = print_cmd(c, &err);
	} else if (guild_args_flag(c->args, "print-env")) {
		rc = print_env(c, &err);
	} else if ((wants_trials || save_path) && !c->is_batch) {
		rc = guild_error_set(&err, GUILD_EINVALID,
			"cannot %s trials for a non-batch operation",
			wants_trials ? "print" : "save");
	} else if (wants_trials) {
		print_trials(c);
		rc = 0;
	} else if (save_path) {
		rc = save_trials(c, save_path, &err);
	} else {
		return false;
	}
	*code = rc == 0 ? GUILD_EXIT_OK : guild_cmd_fail(c->ctx, &err);
	return true;
}
