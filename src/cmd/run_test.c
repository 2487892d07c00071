/* guild run --test-flags, --test-output-scalars, and who does --test-sourcecode (cli.md 1.1). */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run_cmd.h"

enum { TEXT_MAX = 1 << 30 };

/* ---- output scalars -------------------------------------------------------------------------------------- */

static int read_stdin(struct guild_buf *out, struct guild_error *err)
{
	char chunk[1 << 16];
	ssize_t n;
	while ((n = read(STDIN_FILENO, chunk, sizeof(chunk))) > 0) {
		if (guild_buf_try_append(out, chunk, (size_t)n) != 0) {
			return guild_error_set(err, GUILD_ELIMIT, "standard input is too long");
		}
	}
	return n < 0 ? guild_error_set(err, GUILD_EIO, "cannot read standard input") : 0;
}

static int test_output_scalars(struct guild_run_cmd *c, const char *path, struct guild_error *err)
{
	struct guild_buf text = {.max = TEXT_MAX};
	struct guild_buf out = {0};
	char *full = guild_path_abs(path, c->ctx->cwd);
	int rc = strcmp(path, "-") == 0 ? read_stdin(&text, err)
					: guild_file_read(full, TEXT_MAX, &text, err);
	rc = rc ? rc
		: guild_output_scalars_test(c->op ? c->op->output_scalars : NULL,
			  guild_buf_str(&text), &out, err);
	if (rc == 0) {
		fwrite(out.p, 1, out.n, stdout);
	}
	free(full);
	guild_buf_fini(&text);
	guild_buf_fini(&out);
	return rc;
}

/* ---- flags ----------------------------------------------------------------------------------------------------- */

static void print_text(const char *key, const char *text)
{
	printf("    %s:%s%s\n", key, text && *text ? " " : "", text ? text : "");
}

static void print_value(const char *key, const struct guild_value *v)
{
	struct guild_buf b = {0};
	if (!guild_value_is_null(v)) {
		guild_flag_encode(&b, v);
	}
	print_text(key, guild_buf_cstr(&b));
	guild_buf_fini(&b);
}

static void print_bool(struct guild_arena *a, const char *key, bool on, bool given)
{
	print_value(key, on || given ? guild_value_bool(a, on) : NULL);
}

static void print_choices(struct guild_arena *a, const struct guild_flag_def *def)
{
	struct guild_value *list = guild_value_list(a);
	for (size_t i = 0; i < def->n_choices; i++) {
		struct guild_buf text = {0};
		guild_flag_encode(&text, def->choices[i].value);
		guild_value_append(a, list, guild_value_string_n(a, text.p, text.n));
		guild_buf_fini(&text);
	}
	print_value("choices", list);
}

static void print_flag(struct guild_arena *a, const struct guild_flag_def *def)
{
	printf("  %s:\n", def->name);
	print_value("default", def->def);
	print_text("type", def->type);
	print_bool(a, "required", def->required, true);
	print_text("arg-name", def->arg_name);
	/* What the operation says of all its flags is not shown at each. */
	print_bool(a, "arg-skip", def->arg_skip && def->has_arg_skip, def->has_arg_skip);
	print_value("arg-switch", def->arg_switch);
	print_value("arg-split", def->arg_split);
	print_value("arg-encoding", def->arg_encoding);
	print_text("env-name", def->env_name);
	print_value("env-encoding", def->env_encoding);
	print_choices(a, def);
	print_bool(a, "allow-other", def->allow_other, true);
	print_text("distribution", def->distribution);
	print_value("max", def->max);
	print_value("min", def->min);
	print_text("null-label", def->null_label);
}

static int test_flags(struct guild_run_cmd *c, struct guild_error *err)
{
	const struct guild_value *import = c->op->flags_import;
	int rc = guild_run_cmd_import_flags(c, true, err);
	if (rc != 0) {
		return rc;
	}
	struct guild_buf b = {0};
	/* A bare script imports all its flags without saying so. */
	if (c->op_project->path && !guild_value_is_null(import)) {
		bool is_none = import->type == GUILD_BOOL && !import->b;
		guild_flag_encode(&b, is_none ? guild_value_list(c->ctx->arena) : import);
	}
	printf("flags-dest:%s%s\n", c->op->flags_dest ? " " : "",
		c->op->flags_dest ? c->op->flags_dest : "");
	printf("flags-import:%s%s\n", b.n ? " " : "", guild_buf_cstr(&b));
	printf("flags:\n");
	for (size_t i = 0; i < c->op->flags.n; i++) {
		print_flag(c->ctx->arena, &c->op->flags.v[i]);
	}
	guild_buf_fini(&b);
	return 0;
}

bool guild_run_cmd_test(struct guild_run_cmd *c, int *code)
{
	struct guild_error err = {0};
	const char *file = guild_args_text(c->args, "test-output-scalars");
	bool wants_source = guild_args_flag(c->args, "test-sourcecode");
	bool wants_flags = guild_args_flag(c->args, "test-flags");
	int rc;
	if (!file && !wants_source && !wants_flags) {
		return false;
	}
	if (file) {
		rc = test_output_scalars(c, file, &err);
	} else if (!c->op) {
		rc = guild_error_set(&err, GUILD_ENOTFOUND,
			"cannot find the definition of operation '%s'", c->op_name);
	} else {
		rc = wants_source ? guild_run_cmd_test_source(c, &err) : test_flags(c, &err);
	}
	*code = rc == 0 ? GUILD_EXIT_OK : guild_cmd_fail(c->ctx, &err);
	return true;
}
