/* Attributes of a run as text for people. */

#include <stdlib.h>
#include <string.h>

#include "cmd.h"

const char *const guild_run_info_attrs[] = {
	"id",
	"operation",
	"from",
	"status",
	"started",
	"stopped",
	"marked",
	"label",
	"sourcecode_digest",
	"vcs_commit",
	"run_dir",
	"command",
	"exit_status",
	"pid",
	NULL,
};

struct source {
	const struct guild_ctx *ctx;
	const struct guild_run *run;
	struct guild_arena *arena;
};

/* Plain text of a raw attribute; "" where there is none. */
static char *raw_text(const struct source *s, const char *name)
{
	const struct guild_value *v = guild_run_attr(s->run, s->arena, name);
	struct guild_buf out = {0};

	if (!guild_value_is_null(v)) {
		guild_value_py_str(&out, v);
	}
	return guild_buf_take(&out);
}

static char *time_text(const struct source *s, const char *name)
{
	int64_t us = guild_run_attr_i64(s->run, name, INT64_MIN);
	char text[GUILD_TIME_MAX] = "";

	if (us != INT64_MIN) {
		guild_time_format(us, false, text);
	}
	return guild_strdup(text);
}

static char *duration_text(const struct source *s)
{
	int64_t started = guild_run_attr_i64(s->run, "started", INT64_MIN);
	int64_t stopped = guild_run_attr_i64(s->run, "stopped", INT64_MIN);
	char text[GUILD_TIME_MAX] = "";

	if (stopped == INT64_MIN && guild_run_status(s->run, NULL) == GUILD_RUN_RUNNING) {
		stopped = s->ctx->now_us;
	}
	if (started != INT64_MIN && stopped != INT64_MIN) {
		guild_duration_format(stopped - started, text);
	}
	return guild_strdup(text);
}

static char *status_text(const struct source *s)
{
	char *remote = NULL;
	const char *name = guild_run_status_name(guild_run_status(s->run, &remote));
	char *text = remote ? guild_format("%s (%s)", name, remote) : guild_strdup(name);

	free(remote);
	return text;
}

static char *pid_text(const struct source *s)
{
	pid_t pid = guild_run_lock_pid(s->run);

	return pid > 0 && guild_run_status(s->run, NULL) == GUILD_RUN_RUNNING
		       ? guild_format("%ld", (long)pid)
		       : guild_strdup("");
}

static char *format(const struct source *s, const char *name)
{
	const struct guild_run *r = s->run;

	if (strcmp(name, "id") == 0) {
		return guild_strdup(r->id);
	}
	if (strcmp(name, "short_id") == 0) {
		return guild_format("%.*s", GUILD_RUN_SHORT_LEN, r->id);
	}
	if (strcmp(name, "index") == 0 || strcmp(name, "short_index") == 0) {
		return guild_format("[%.*s]", GUILD_RUN_SHORT_LEN, r->id);
	}
	if (strcmp(name, "operation") == 0) {
		return guild_run_display_name(r);
	}
	if (strcmp(name, "from") == 0) {
		return guild_run_from(r, s->ctx->user_home);
	}
	if (strcmp(name, "run_dir") == 0) {
		return guild_path_compress_user(r->dir, s->ctx->user_home);
	}
	if (strcmp(name, "status") == 0) {
		return guild_strdup(guild_run_status_name(guild_run_status(r, NULL)));
	}
	if (strcmp(name, "status_with_remote") == 0) {
		return status_text(s);
	}
	if (strcmp(name, "started") == 0 || strcmp(name, "stopped") == 0) {
		return time_text(s, name);
	}
	if (strcmp(name, "duration") == 0) {
		return duration_text(s);
	}
	if (strcmp(name, "marked") == 0) {
		return guild_strdup(guild_value_truthy(guild_run_attr(r, s->arena, name)) ? "yes"
											  : "no");
	}
	if (strcmp(name, "command") == 0) {
		return guild_run_command(r);
	}
	if (strcmp(name, "pid") == 0) {
		return pid_text(s);
	}
	if (strcmp(name, "op_name") == 0) {
		return guild_strdup(r->opref.op);
	}
	if (strcmp(name, "model") == 0) {
		return guild_strdup(r->opref.model);
	}
	if (strcmp(name, "pkg_name") == 0) {
		return guild_strdup(r->opref.pkg_name);
	}
	if (strcmp(name, "label") == 0 || strcmp(name, "sourcecode_digest") == 0 ||
		strcmp(name, "vcs_commit") == 0 || strcmp(name, "exit_status") == 0) {
		return raw_text(s, name);
	}
	return NULL;
}

char *guild_run_formatted_attr(const struct guild_ctx *ctx, const struct guild_run *r,
	const char *name)
{
	struct source s = {.ctx = ctx, .run = r, .arena = guild_arena_new()};
	char *text = format(&s, name);

	guild_arena_free(s.arena);
	return text;
}

/* ---- comments -------------------------------------------------------------------------------------- */

static const char *text_of(const struct guild_value *comment, const char *key)
{
	const char *text = guild_value_text(guild_value_get(comment, key));

	return text ? text : "";
}

static void print_body(const char *body, size_t indent, FILE *out)
{
	while (*body) {
		size_t n = strcspn(body, "\n");

		if (n > 0) {
			fprintf(out, "%*s%.*s", (int)indent, "", (int)n, body);
		}
		fputc('\n', out);
		body += n + (body[n] == '\n');
	}
}

void guild_run_comments_print(const struct guild_run *r, size_t indent, bool numbered, FILE *out)
{
	struct guild_arena *arena = guild_arena_new();
	const struct guild_value *comments = guild_run_attr(r, arena, "comments");
	size_t n = comments && comments->type == GUILD_LIST ? comments->n : 0;

	for (size_t i = 0; i < n; i++) {
		const struct guild_value *c = comments->items[i];
		const struct guild_value *time = guild_value_get(c, "time");
		const char *host = text_of(c, "host");
		char when[GUILD_TIME_MAX] = "";

		if (time && time->type == GUILD_INT) {
			guild_time_format(time->i, false, when);
		}
		fprintf(out, "%*s", (int)indent, "");
		if (numbered) {
			fprintf(out, "[%zu] ", i + 1);
		}
		fprintf(out, "%s%s%s %s\n\n", text_of(c, "user"), *host ? "@" : "", host, when);
		print_body(text_of(c, "body"), indent + 2, out);
		fputc('\n', out);
	}
	guild_arena_free(arena);
}
