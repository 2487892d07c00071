/* Writes the records of a new run (runs.md 3). Nobody sees the run before its opref is there, so files are written plainly. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stage.h"

/* Names of the core: neither a Guild file nor --attr sets them. */
static const char *const reserved[] = {
	"alerts",
	"cmd",
	"comments",
	"deps",
	"dvc-stage",
	"env",
	"exit_status",
	"flags",
	"host",
	"id",
	"initialized",
	"label",
	"max_trials",
	"objective",
	"op",
	"pip_freeze",
	"platform",
	"plugins",
	"r_packages_loaded",
	"r_sys_info",
	"random_seed",
	"run_params",
	"sourcecode_digest",
	"_pruned",
	"_removed",
	"_resolved",
	"_sourcecode_left_out",
	"stage_trials",
	"started",
	"steps",
	"stopped",
	"tags",
	"trials",
	"user",
	"user_flags",
	"vcs_commit",
	NULL,
};

bool guild_exec_attr_is_reserved(const char *name)
{
	for (size_t i = 0; reserved[i]; i++) {
		if (strcmp(reserved[i], name) == 0) {
			return true;
		}
	}
	return false;
}

int guild_new_file(const struct guild_run *run, const char *name, const void *p, size_t n,
	mode_t mode, struct guild_error *err)
{
	char *path = guild_path_join(run->guild_dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	int rc = fd < 0 ? -errno : guild_fd_write_all(fd, p, n);
	if (fd >= 0 && close(fd) != 0 && rc == 0) {
		rc = -errno;
	}
	rc = rc ? guild_error_errno(err, -rc, "cannot write '%s'", path) : 0;
	free(path);
	return rc;
}

int guild_new_attr(const struct guild_run *run, const char *name, const struct guild_value *v,
	struct guild_error *err)
{
	struct guild_buf text = {0};
	char *file = guild_path_join("attrs", name);
	guild_yaml_dump(&text, v, true);
	guild_buf_putc(&text, '\n');
	int rc = guild_new_file(run, file, text.p, text.n, 0666, err);
	free(file);
	guild_buf_fini(&text);
	return rc;
}

/* ---- who and where -------------------------------------------------------------------------------------- */

static struct guild_value *host_value(struct guild_arena *a, char *const *env)
{
	const char *host = guild_env_get(env, "HOST");
	char *name = host && *host ? guild_strdup(host) : guild_hostname();
	struct guild_value *v = guild_value_string(a, name ? name : "");
	free(name);
	return v;
}

static struct guild_value *user_value(struct guild_arena *a, char *const *env)
{
	const char *user = guild_env_get(env, "USER");
	return guild_value_string(a, user ? user : "");
}

static struct guild_value *first_comment(struct guild_arena *a, const char *body, char *const *env)
{
	struct guild_value *list = guild_value_list(a);
	struct guild_value *c = guild_value_dict(a);
	guild_value_set(a, c, "body", guild_value_string(a, body));
	guild_value_set(a, c, "host", host_value(a, env));
	guild_value_set(a, c, "time", guild_value_int(a, guild_run_timestamp()));
	guild_value_set(a, c, "user", user_value(a, env));
	guild_value_append(a, list, c);
	return list;
}

/* ---- attributes -------------------------------------------------------------------------------------------- */

/* A list of attributes to write, in order; the first failure ends it. */
struct writer {
	const struct guild_run *run;
	struct guild_error *err;
	int rc;
};

static void put(struct writer *w, const char *name, const struct guild_value *v)
{
	if (w->rc == 0 && v) {
		w->rc = guild_new_attr(w->run, name, v, w->err);
	}
}

static const struct guild_value *masked_command(struct guild_arena *a,
	const struct guild_strs *argv)
{
	struct guild_strs masked = {0};
	guild_secret_mask_command(argv, &masked);
	const struct guild_value *v = guild_value_strs(a, &masked);
	guild_strs_fini(&masked);
	return v;
}

int guild_write_command(const struct guild_run *run, const struct guild_strs *argv, bool is_new,
	bool durable, struct guild_error *err)
{
	struct guild_arena *a = guild_arena_new();
	const struct guild_value *v = masked_command(a, argv);
	int rc = is_new ? guild_new_attr(run, "cmd", v, err)
			: guild_run_attr_write(run, "cmd", v, durable, err);
	guild_arena_free(a);
	return rc;
}

/* `run-attrs` of the Guild file, and --attr. */
static void put_custom(struct writer *w, const struct guild_value *attrs,
	const struct guild_log *log)
{
	for (size_t i = 0; attrs && attrs->type == GUILD_DICT && i < attrs->n; i++) {
		const char *name = guild_value_text(attrs->pairs[i].key);
		if (!name || strchr(name, '/') || name[0] == '.' || !*name) {
			guild_log(log, "warning", "a run attribute cannot be named '%s': ignored",
				name ? name : "");
		} else if (guild_exec_attr_is_reserved(name)) {
			guild_log(log, "warning", "run attribute '%s' is reserved: ignored", name);
		} else {
			put(w, name, attrs->pairs[i].value);
		}
	}
}

int guild_new_run_write(const struct guild_new_run *n, const struct guild_run *run,
	struct guild_arena *a, struct guild_error *err)
{
	const struct guild_exec_world *world = n->world;
	struct writer w = {.run = run, .err = err};
	if (guild_run_attr_i64(run, "initialized", -1) < 0) {
		put(&w, "id", guild_value_string(a, n->id ? n->id : run->id));
		put(&w, "initialized", guild_value_int(a, guild_run_timestamp()));
	}
	put(&w, "cmd", masked_command(a, n->argv));
	put(&w, "label", n->label && *n->label ? guild_value_string(a, n->label) : NULL);
	put(&w, "tags", n->tags && n->tags->n > 0 ? n->tags : NULL);
	put(&w, "comments",
		n->comment && *n->comment ? first_comment(a, n->comment, world->env) : NULL);
	put(&w, "trials", n->trials);
	put(&w, "flags", n->flags);
	put(&w, "user_flags", n->user_flags);
	put(&w, "run_params", n->run_params ? n->run_params : guild_value_dict(a));
	put(&w, "random_seed", guild_value_int(a, n->random_seed));
	put(&w, "max_trials", n->max_trials > 0 ? guild_value_int(a, n->max_trials) : NULL);
	put(&w, "objective", n->objective ? guild_value_string(a, n->objective) : NULL);
	put(&w, "stage_trials", n->stage_trials ? guild_value_bool(a, true) : NULL);
	put(&w, "op", n->record);
	put(&w, "steps", n->steps);
	if (n->copied_from) {
		put(&w, "vcs_commit", guild_run_attr(n->copied_from, a, "vcs_commit"));
	}
	if (n->copied_from && !n->platform) {
		static const char *const names[] = {
			"host", "user", "platform", "plugins", "pip_freeze"};
		for (size_t i = 0; i < GUILD_ARRAY_LEN(names); i++) {
			put(&w, names[i], guild_run_attr(n->copied_from, a, names[i]));
		}
	} else {
		put(&w, "host", host_value(a, world->env));
		put(&w, "user", user_value(a, world->env));
		put(&w, "platform", n->platform);
		put(&w, "plugins", n->plugins);
	}
	put_custom(&w, n->run_attrs, world->log);
	put_custom(&w, n->extra_attrs, world->log);
	return w.rc;
}
