/* guild check --store: whether what is stored is what was stored, and mending what can be mended. */

#include "check_store.h"

#include <stdlib.h>
#include <string.h>

#include "guild/exec.h"

struct check {
	struct guild_ctx *ctx;
	const struct guild_args *args;
	struct guild_findings found;
	size_t n_runs, n_problems, n_mendable;
	struct guild_progress progress;
};

static void find(struct check *c)
{
	char *index = guild_store_index_path(&c->ctx->home, false, c->ctx->environ_);
	struct guild_verify_request req = {
		.home = &c->ctx->home,
		.index_path = index,
		.more = guild_exec_verify_inputs,
		.on_progress = guild_progress_report,
		.progress_arg = &c->progress,
	};

	guild_progress_start(&c->progress, c->ctx, "Checking runs", 0);
	guild_store_verify(&req, &c->found, &c->n_runs);
	guild_progress_end(&c->progress);
	for (size_t i = 0; i < c->found.n; i++) {
		c->n_problems += !c->found.v[i].is_note;
		c->n_mendable += c->found.v[i].repair != GUILD_REPAIR_NONE;
	}
	free(index);
}

/* What mending would do. */
static const char *repair_text(enum guild_repair repair)
{
	static const char *const texts[] = {
		[GUILD_REPAIR_NONE] = NULL,
		[GUILD_REPAIR_CUT] = "can be cut there; a copy is kept in .guild/damaged",
		[GUILD_REPAIR_ASIDE] = "can be moved to .guild/damaged",
		[GUILD_REPAIR_REMOVE] = "can be removed",
	};

	return texts[repair];
}

static void print_text(const struct check *c)
{
	for (size_t i = 0; i < c->found.n; i++) {
		const struct guild_finding *f = &c->found.v[i];
		char *path = guild_path_compress_user(f->path, c->ctx->user_home);
		const char *repair = repair_text(f->repair);

		printf("%s%s: %s %s%s%s%s\n", f->is_note ? "note: " : "", f->kind, path, f->text,
			repair ? " (" : "", repair ? repair : "", repair ? ")" : "");
		free(path);
	}
	printf("%zu run%s checked, %zu problem%s\n", c->n_runs, c->n_runs == 1 ? "" : "s",
		c->n_problems, c->n_problems == 1 ? "" : "s");
}

static void print_json(const struct check *c, const bool *mended)
{
	static const char *const repairs[] = {
		[GUILD_REPAIR_NONE] = NULL,
		[GUILD_REPAIR_CUT] = "cut",
		[GUILD_REPAIR_ASIDE] = "aside",
		[GUILD_REPAIR_REMOVE] = "remove",
	};
	struct guild_arena *a = c->ctx->arena;
	struct guild_value *out = guild_value_dict(a);
	struct guild_value *list = guild_value_list(a);

	for (size_t i = 0; i < c->found.n; i++) {
		const struct guild_finding *f = &c->found.v[i];
		struct guild_value *v = guild_value_dict(a);

		guild_value_set(a, v, "kind", guild_value_string(a, f->kind));
		guild_value_set(a, v, "path", guild_value_string(a, f->path));
		guild_value_set(a, v, "run",
			guild_value_string(a, f->run_dir ? guild_path_basename(f->run_dir) : NULL));
		guild_value_set(a, v, "text", guild_value_string(a, f->text));
		guild_value_set(a, v, "level",
			guild_value_string(a, f->is_note ? "note" : "problem"));
		guild_value_set(a, v, "repair", guild_value_string(a, repairs[f->repair]));
		guild_value_set(a, v, "repaired", guild_value_bool(a, mended[i]));
		guild_value_append(a, list, v);
	}
	guild_value_set(a, out, "runs", guild_value_int(a, (int64_t)c->n_runs));
	guild_value_set(a, out, "problems", guild_value_int(a, (int64_t)c->n_problems));
	guild_value_set(a, out, "findings", list);
	guild_cmd_print_json(out);
}

/* Asks, unless --yes was given; 0: go on. */
static int confirm(const struct check *c)
{
	char *question = guild_format("Repair %zu of %zu finding(s)?", c->n_mendable, c->found.n);
	int answer =
		guild_args_flag(c->args, "yes") ? 1 : guild_cmd_confirm(c->ctx, question, false);

	free(question);
	return answer == 1 ? GUILD_EXIT_OK : answer == 0 ? GUILD_EXIT_DECLINED : GUILD_EXIT_ERROR;
}

static void mend(struct check *c, bool *mended)
{
	size_t n = 0;

	for (size_t i = 0; i < c->found.n; i++) {
		const struct guild_finding *f = &c->found.v[i];
		struct guild_error err = {0};

		if (f->repair == GUILD_REPAIR_NONE) {
			continue;
		}
		mended[i] = guild_store_mend(f, &err) == 0;
		n += mended[i];
		c->n_problems -= mended[i] && !f->is_note;
		if (!mended[i]) {
			(void)guild_cmd_fail(c->ctx, &err);
		}
	}
	guild_log(&c->ctx->log, "note", "Repaired %zu finding(s)", n);
}

int guild_cmd_check_store(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct check c = {.ctx = ctx, .args = args};
	bool json = guild_args_flag(args, "json");
	int code = GUILD_EXIT_OK;

	find(&c);
	bool *mended = guild_alloc((c.found.n + 1) * sizeof(*mended));

	if (!json) {
		print_text(&c);
		fflush(stdout);
	}
	if (guild_args_flag(args, "repair") && c.n_mendable > 0) {
		code = confirm(&c);
		if (code == GUILD_EXIT_OK) {
			mend(&c, mended);
		}
	}
	if (json) {
		print_json(&c, mended);
	}
	code = code == GUILD_EXIT_OK && c.n_problems > 0 ? GUILD_EXIT_ERROR : code;
	free(mended);
	guild_findings_fini(&c.found);
	return code;
}
