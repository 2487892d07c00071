/* The environment of a run's process (runs.md 6), and what of it is saved. */

#include <stdlib.h>
#include <string.h>

#include "exec_private.h"

static const char default_log_level[] = "20";

/* ---- lists of NAME=VALUE ------------------------------------------------------------------------------ */

static size_t find(const struct guild_strs *env, const char *name)
{
	size_t n = strlen(name);
	for (size_t i = 0; i < env->n; i++) {
		if (strncmp(env->v[i], name, n) == 0 && env->v[i][n] == '=') {
			return i;
		}
	}
	return env->n;
}

void guild_env_set(struct guild_strs *env, const char *name, const char *value)
{
	char *pair = guild_format("%s=%s", name, value);
	size_t i = find(env, name);
	if (i < env->n) {
		free(env->v[i]);
		env->v[i] = pair;
	} else {
		guild_strs_take(env, pair);
	}
}

void guild_env_unset(struct guild_strs *env, const char *name)
{
	size_t i = find(env, name);
	if (i < env->n) {
		free(env->v[i]);
		memmove(&env->v[i], &env->v[i + 1], (env->n - i) * sizeof(*env->v));
		env->n--;
	}
}

static void set_pair(struct guild_strs *env, const char *pair)
{
	char *name = guild_strndup(pair, strcspn(pair, "="));
	guild_env_set(env, name, pair[strlen(name)] ? pair + strlen(name) + 1 : "");
	free(name);
}

/* ---- the operation's own variables ----------------------------------------------------------------------- */

/* Within a text 0.9.0 spells values as YAML: "run-1.0e-05", "x-true", "y-null". */
static bool look_up(void *arg, const char *name, struct guild_buf *out)
{
	const struct guild_value *value = guild_value_get(arg, name);
	if (value && value->type == GUILD_STRING) {
		guild_buf_append(out, value->s.p, value->s.n);
	} else if (value) {
		guild_yaml_dump_flow(out, value);
	}
	return value != NULL;
}

/* A variable that is one reference and nothing else has the value of the flag's own variable (0.9.0: an error, unless it is text). */
static bool look_up_whole(void *arg, const char *name, struct guild_buf *out)
{
	const struct guild_value *value = guild_value_get(arg, name);
	if (value && value->type != GUILD_STRING) {
		guild_flag_env_value(out, value, NULL);
		return true;
	}
	return look_up(arg, name, out);
}

static bool is_one_reference(const char *text)
{
	size_t n = strlen(text);
	return n > 3 && guild_starts(text, "${") && strchr(text, '}') == text + n - 1;
}

int guild_env_of_op(const struct guild_value *op, const struct guild_value *flags,
	struct guild_strs *out, struct guild_error *err)
{
	const struct guild_value *op_cmd = guild_value_get(op, "op-cmd");
	const struct guild_value *vars = guild_value_get(op_cmd, "cmd-env");
	for (size_t i = 0; vars && vars->type == GUILD_DICT && i < vars->n; i++) {
		const char *name = guild_value_text(vars->pairs[i].key);
		struct guild_buf text = {0};
		struct guild_buf value = {0};
		guild_flag_env_value(&text, vars->pairs[i].value, NULL);
		bool is_whole = is_one_reference(guild_buf_cstr(&text));
		int rc = guild_refs_resolve(guild_buf_cstr(&text),
			is_whole ? look_up_whole : look_up, (void *)flags, &value, err);
		if (rc == 0 && name && (!*name || strchr(name, '='))) {
			rc = guild_error_set(err, GUILD_EINVALID,
				"this cannot be the name of a variable");
		}
		if (rc == 0 && name) {
			guild_env_set(out, name, guild_buf_cstr(&value));
		} else if (rc != 0) {
			guild_error_wrap(err, "cannot set environment variable '%s'",
				name ? name : "");
		}
		guild_buf_fini(&text);
		guild_buf_fini(&value);
		if (rc != 0) {
			return rc;
		}
	}
	struct guild_strs pairs = {0};
	guild_flag_env(&pairs, flags, guild_value_get(op_cmd, "cmd-flags"));
	for (size_t i = 0; i < pairs.n; i++) {
		set_pair(out, pairs.v[i]);
	}
	guild_strs_fini(&pairs);
	return 0;
}

/* ---- the whole environment ----------------------------------------------------------------------------------- */

/* Parts joined by ':' without repeats. */
char *guild_path_list_join(const char *const *lists, size_t n)
{
	struct guild_strs all = {0};
	for (size_t i = 0; i < n; i++) {
		struct guild_strs parts = {0};
		if (lists[i] && *lists[i]) {
			guild_strs_split(&parts, lists[i], ':');
		}
		for (size_t k = 0; k < parts.n; k++) {
			if (parts.v[k][0] && !guild_strs_has(&all, parts.v[k])) {
				guild_strs_add(&all, parts.v[k]);
			}
		}
		guild_strs_fini(&parts);
	}
	char *joined = guild_strs_join(&all, ":");
	guild_strs_fini(&all);
	return joined;
}

static void add_python_path(struct guild_strs *env, const struct guild_env_request *req)
{
	if (req->python_path) {
		const char *lists[] = {req->python_path, guild_env_get(env->v, "PYTHONPATH")};
		char *joined = guild_path_list_join(lists, GUILD_ARRAY_LEN(lists));
		guild_env_set(env, "PYTHONPATH", joined);
		free(joined);
	}
}

/* The kernel starts no program with a longer one, and the program can read the value elsewhere: it is in the run's flags. */
static void drop_long(struct guild_strs *env, const struct guild_log *log)
{
	enum { LONGEST = 131071 };
	size_t kept = 0;
	for (size_t i = 0; i < env->n; i++) {
		if (strlen(env->v[i]) <= LONGEST) {
			env->v[kept++] = env->v[i];
			continue;
		}
		guild_log(log, "warning",
			"variable '%.*s' is not set: its value is longer than the system allows",
			(int)strcspn(env->v[i], "="), env->v[i]);
		free(env->v[i]);
	}
	if (kept < env->n) {
		env->v[kept] = NULL;
		env->n = kept;
	}
}

int guild_env_make(const struct guild_env_request *req, struct guild_strs *out,
	struct guild_error *err)
{
	for (size_t i = 0; req->base && req->base[i]; i++) {
		if (!guild_starts(req->base[i], "_=")) {
			guild_strs_add(out, req->base[i]);
		}
	}
	int rc = guild_env_of_op(req->op, req->flags, out, err);
	if (rc != 0) {
		return rc;
	}
	drop_long(out, req->log);
	add_python_path(out, req);
	if (req->no_gpus || (req->gpus && *req->gpus)) {
		guild_env_set(out, "CUDA_VISIBLE_DEVICES", req->no_gpus ? "" : req->gpus);
	}
	const char *log_level =
		req->log_level ? req->log_level : guild_env_get(req->base, "LOG_LEVEL");
	guild_env_set(out, "GUILD_OP", req->op_name);
	guild_env_set(out, "GUILD_HOME", req->home);
	guild_env_set(out, "GUILD_SOURCECODE", req->source_dest);
	guild_env_set(out, "LOG_LEVEL", log_level && *log_level ? log_level : default_log_level);
	guild_env_set(out, "CMD_DIR", req->cmd_dir);
	guild_env_set(out, "RUN_DIR", req->run->dir);
	guild_env_set(out, "RUN_ID", req->run->id);
	for (size_t i = 0; i < req->more.n; i++) {
		set_pair(out, req->more.v[i]);
	}
	return 0;
}

/* ---- saving ---------------------------------------------------------------------------------------------------- */

static bool names_variable(const struct guild_value *secrets, const char *name)
{
	for (size_t i = 0; secrets && i < secrets->n; i++) {
		const struct guild_value *item = secrets->type == GUILD_DICT ? secrets->pairs[i].key
						 : secrets->type == GUILD_LIST ? secrets->items[i]
									       : NULL;
		if (guild_streq(guild_value_text(item), name)) {
			return true;
		}
	}
	return guild_streq(guild_value_text(secrets), name);
}

/* YAML holds text only: bytes that are none become U+FFFD. */
static void put_text(struct guild_buf *out, const char *p)
{
	size_t left = strlen(p);
	while (left > 0) {
		uint32_t cp;
		size_t n = guild_utf8_decode(p, left, &cp);
		if (n > 0) {
			guild_buf_append(out, p, n);
		} else {
			guild_buf_puts(out, "\xEF\xBF\xBD");
			n = 1;
		}
		p += n;
		left -= n;
	}
}

struct guild_value *guild_env_record(struct guild_arena *a, const struct guild_strs *env,
	const struct guild_value *secrets)
{
	struct guild_value *record = guild_value_dict(a);
	struct guild_buf masked = {0};
	struct guild_buf text = {0};
	for (size_t i = 0; i < env->n; i++) {
		size_t n = strcspn(env->v[i], "=");
		const char *name = guild_arena_strndup(a, env->v[i], n);
		if (guild_secret_is_dropped(name) || names_variable(secrets, name)) {
			continue;
		}
		guild_buf_reset(&masked);
		guild_secret_mask_env(&masked, name, env->v[i] + n + (env->v[i][n] == '='));
		if (!guild_utf8_valid(name, n)) {
			continue;
		}
		guild_buf_reset(&text);
		put_text(&text, guild_buf_cstr(&masked));
		guild_value_set(a, record, name,
			guild_value_string_n(a, text.p ? text.p : "", text.n));
	}
	guild_buf_fini(&masked);
	guild_buf_fini(&text);
	return record;
}

/* What a shell takes for a name; others it would execute or refuse (functions that bash exports). */
static bool is_shell_name(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool is_letter =
			(p[i] >= 'a' && p[i] <= 'z') || (p[i] >= 'A' && p[i] <= 'Z') || p[i] == '_';
		if (!is_letter && (i == 0 || p[i] < '0' || p[i] > '9')) {
			return false;
		}
	}
	return n > 0;
}

void guild_env_shell(const struct guild_strs *env, struct guild_buf *out)
{
	struct guild_strs sorted = {0};
	for (size_t i = 0; i < env->n; i++) {
		guild_strs_add(&sorted, env->v[i]);
	}
	guild_strs_sort(&sorted);
	for (size_t i = 0; i < sorted.n; i++) {
		const char *pair = sorted.v[i];
		size_t n = strcspn(pair, "=");
		if (guild_starts(pair, "PWD=") || guild_starts(pair, "_=") || pair[n] == 0 ||
			!is_shell_name(pair, n)) {
			continue;
		}
		guild_buf_printf(out, "export %.*s=", (int)n, pair);
		if (pair[n + 1]) {
			guild_shlex_quote(out, pair + n + 1);
		}
		guild_buf_putc(out, '\n');
	}
	guild_strs_fini(&sorted);
}
