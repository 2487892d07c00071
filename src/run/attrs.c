/* Attributes: one YAML document a file, replaced by rename. */

#include <string.h>

#include "run_private.h"

enum { ATTR_MAX_BYTES = GUILD_YAML_MAX_BYTES };

/* An attribute is one file name: nothing that leads elsewhere, nothing that looks like a temporary file. */
static bool is_attr_name(const char *name)
{
	return name[0] != '\0' && name[0] != '.' && strchr(name, '/') == NULL;
}

static char *attr_path(const struct guild_run *r, const char *name)
{
	return guild_format("%s/attrs/%s", r->guild_dir, name);
}

static int read_file(const struct guild_run *r, const char *name, const char *path,
	struct guild_buf *text, struct guild_error *err)
{
	if (!is_attr_name(name)) {
		return guild_error_set(err, GUILD_ENOTFOUND,
			"'%s' cannot be the name of an attribute", name);
	}
	int rc = guild_file_read(path, ATTR_MAX_BYTES, text, err);
	if (rc != 0 && rc != GUILD_ENOTFOUND) {
		guild_error_wrap(err, "cannot read attribute '%s' of run %.8s", name, r->id);
	}
	return rc;
}

static int parse(const struct guild_run *r, struct guild_arena *a, const char *name,
	const char *path, struct guild_str text, struct guild_value **out, struct guild_error *err)
{
	int rc = guild_yaml_parse(a, text, path, GUILD_YAML_NUMBERS, out, err);
	if (rc != 0) {
		guild_error_wrap(err, "attribute '%s' of run %.8s is damaged", name, r->id);
		return rc;
	}
	return 1;
}

int guild_run_attr_read(const struct guild_run *r, struct guild_arena *a, const char *name,
	struct guild_value **out, struct guild_error *err)
{
	char *path = attr_path(r, name);
	struct guild_buf text = {0};
	int rc = read_file(r, name, path, &text, err);
	if (rc == GUILD_ENOTFOUND) {
		rc = 0;
	} else if (rc == 0) {
		rc = parse(r, a, name, path, guild_buf_str(&text), out, err);
	}
	guild_buf_fini(&text);
	free(path);
	return rc;
}

struct guild_value *guild_run_attr(const struct guild_run *r, struct guild_arena *a,
	const char *name)
{
	struct guild_value *value = NULL;
	return guild_run_attr_read(r, a, name, &value, NULL) == 1 ? value : NULL;
}

int64_t guild_run_attr_i64(const struct guild_run *r, const char *name, int64_t missing)
{
	char *path = attr_path(r, name);
	struct guild_buf text = {0};
	int64_t result = missing;
	if (read_file(r, name, path, &text, NULL) == 0) {
		/* Nearly every integer is plain decimal; listings read thousands and need no YAML for them. */
		struct guild_str s = guild_str_trim(guild_buf_str(&text));
		bool is_plain =
			s.n > 0 && (s.p[0] == '-' || (s.p[0] >= '1' && s.p[0] <= '9') || s.n == 1);
		if (!is_plain || !guild_parse_i64(s.p, s.n, &result)) {
			struct guild_arena *a = guild_arena_new();
			struct guild_value *value = NULL;
			if (parse(r, a, name, path, s, &value, NULL) == 1 &&
				value->type == GUILD_INT && value->s.n == 0) {
				result = value->i;
			} else {
				result = missing;
			}
			guild_arena_free(a);
		}
	}
	guild_buf_fini(&text);
	free(path);
	return result;
}

int guild_run_attr_write(const struct guild_run *r, const char *name, const struct guild_value *v,
	bool durable, struct guild_error *err)
{
	if (!is_attr_name(name)) {
		return guild_error_set(err, GUILD_EINVALID,
			"'%s' cannot be the name of an attribute", name);
	}
	struct guild_buf text = {0};
	guild_yaml_dump(&text, v, true);
	guild_buf_putc(&text, '\n');
	char *path = attr_path(r, name);
	/* The temporary file lives outside attrs/, where other programs take every file for an attribute. */
	int rc = guild_file_write_via(path, r->guild_dir, text.p, text.n, durable, err);
	if (rc != 0) {
		guild_error_wrap(err, "cannot write attribute '%s' of run %.8s", name, r->id);
	}
	free(path);
	guild_buf_fini(&text);
	return rc;
}

int guild_run_attr_remove(const struct guild_run *r, const char *name, struct guild_error *err)
{
	if (!is_attr_name(name)) {
		return 0;
	}
	char *path = attr_path(r, name);
	int rc = guild_file_remove(path, err);
	free(path);
	return rc;
}

int guild_run_attr_names(const struct guild_run *r, struct guild_strs *out, struct guild_error *err)
{
	char *dir = guild_run_file(r, "attrs");
	struct guild_strs names = {0};
	int rc = guild_dir_list(dir, &names, err);
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		if (is_attr_name(names.v[i])) {
			guild_strs_add(out, names.v[i]);
		}
	}
	guild_strs_fini(&names);
	free(dir);
	return rc == GUILD_ENOTFOUND ? 0 : rc;
}

/* What is recorded by guild, of 0.9.0 and ours. */
bool guild_run_attr_is_custom(const char *name)
{
	static const char *const known[] = {"cmd", "comments", "compare", "deps", "env",
		"exit_status", "flags", "host", "id", "initialized", "label", "marked", "objective",
		"op", "pip_freeze", "platform", "plugins", "r_packages_loaded", "r_sys_info",
		"random_seed", "run_params", "sourcecode_digest", "started", "stopped", "tags",
		"user", "user_flags", "vcs_commit"};

	for (size_t i = 0; i < GUILD_ARRAY_LEN(known); i++) {
		if (strcmp(name, known[i]) == 0) {
			return false;
		}
	}
	return name[0] != '_';
}
