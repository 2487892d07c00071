/* What a run is called: operation as displayed, as given to `guild run`, and where it came from. */

#include <string.h>
#include <sys/stat.h>

#include "run_private.h"

enum { PROTO_DEPTH_MAX = 16 };

static bool is_type(const struct guild_run *r, const char *type)
{
	return strcmp(r->opref.pkg_type, type) == 0;
}

static void put_model_op(struct guild_buf *out, const struct guild_opref *ref)
{
	if (ref->model[0] != '\0') {
		guild_buf_printf(out, "%s:", ref->model);
	}
	guild_buf_puts(out, ref->op);
}

static void put_own_name(struct guild_buf *out, const struct guild_run *r)
{
	if (is_type(r, "func")) {
		guild_buf_printf(out, "%s()", r->opref.op);
	} else if (is_type(r, "pending")) {
		guild_buf_puts(out, r->opref.op);
	} else {
		if (is_type(r, "package")) {
			guild_buf_printf(out, "%s/", r->opref.pkg_name);
		}
		put_model_op(out, &r->opref);
	}
}

/* The chain of prototypes seen so far: links can make it a circle. */
struct seen {
	struct {
		dev_t dev;
		ino_t ino;
	} dirs[PROTO_DEPTH_MAX];
	size_t n;
};

static bool is_new(struct seen *seen, const char *dir)
{
	struct stat st;
	if (seen->n == PROTO_DEPTH_MAX || stat(dir, &st) != 0) {
		return false;
	}
	for (size_t i = 0; i < seen->n; i++) {
		if (seen->dirs[i].dev == st.st_dev && seen->dirs[i].ino == st.st_ino) {
			return false;
		}
	}
	seen->dirs[seen->n].dev = st.st_dev;
	seen->dirs[seen->n].ino = st.st_ino;
	seen->n++;
	return true;
}

static void put_display_name(struct guild_buf *out, const struct guild_run *r, struct seen *seen)
{
	struct guild_buf own = {0};
	put_own_name(&own, r);
	char *proto_dir = guild_run_file(r, "proto");
	struct guild_run proto = {0};
	if (is_new(seen, r->dir) && guild_run_open(proto_dir, &proto, NULL) == 0) {
		put_display_name(out, &proto, seen);
		if (!guild_starts(guild_buf_cstr(&own), "+")) {
			guild_buf_putc(out, '+');
		}
	}
	guild_buf_append(out, own.p, own.n);
	guild_run_fini(&proto);
	free(proto_dir);
	guild_buf_fini(&own);
}

char *guild_run_display_name(const struct guild_run *r)
{
	struct guild_buf out = {0};
	struct seen seen = {0};
	put_display_name(&out, r, &seen);
	return guild_buf_take(&out);
}

char *guild_run_opspec(const struct guild_run *r, const char *cwd)
{
	struct guild_buf out = {0};
	if (is_type(r, "script")) {
		char *path = guild_path_join(r->opref.pkg_name, r->opref.op);
		if (cwd != NULL && guild_path_is_abs(path)) {
			char *relative = guild_path_rel(path, cwd);
			free(path);
			path = relative;
		}
		guild_buf_puts(&out, path);
		free(path);
	} else if (is_type(r, "func")) {
		guild_buf_puts(&out, r->opref.op);
	} else {
		put_own_name(&out, r);
	}
	return guild_buf_take(&out);
}

char *guild_run_from(const struct guild_run *r, const char *home)
{
	const struct guild_opref *ref = &r->opref;
	if (is_type(r, "guildfile") || is_type(r, "script")) {
		return guild_path_compress_user(ref->pkg_name, home);
	}
	if (is_type(r, "package")) {
		return guild_format("%s==%s", ref->pkg_name, ref->version);
	}
	return guild_strdup(ref->pkg_name);
}

static char *own_project_dir(const struct guild_run *r)
{
	if (is_type(r, "guildfile")) {
		return guild_path_dirname(r->opref.pkg_name);
	}
	if (is_type(r, "script")) {
		return guild_strdup(r->opref.pkg_name);
	}
	return NULL;
}

char *guild_run_project_dir(const struct guild_run *r)
{
	/* A batch belongs to the project of what it runs. */
	char *proto_dir = guild_run_file(r, "proto");
	struct guild_run proto = {0};
	char *dir = guild_run_open(proto_dir, &proto, NULL) == 0 ? own_project_dir(&proto) : NULL;
	guild_run_fini(&proto);
	free(proto_dir);
	return dir != NULL ? dir : own_project_dir(r);
}

bool guild_run_is_batch(const struct guild_run *r)
{
	char *proto = guild_run_file(r, "proto");
	bool is_batch = guild_is_dir(proto);
	free(proto);
	return is_batch;
}

char *guild_run_command(const struct guild_run *r)
{
	struct guild_arena *a = guild_arena_new();
	const struct guild_value *cmd = guild_run_attr(r, a, "cmd");
	struct guild_buf out = {0};

	for (size_t i = 0; cmd && cmd->type == GUILD_LIST && i < cmd->n; i++) {
		struct guild_buf word = {0};

		guild_value_py_str(&word, cmd->items[i]);
		bool quote = word.n == 0 || strpbrk(guild_buf_cstr(&word), " \t\n");

		guild_buf_printf(&out, quote ? "%s\"%s\"" : "%s%s", i > 0 ? " " : "",
			guild_buf_cstr(&word));
		guild_buf_fini(&word);
	}
	guild_arena_free(a);
	return guild_buf_take(&out);
}

char *guild_run_sourcecode_root(const struct guild_run *r)
{
	struct guild_arena *a = guild_arena_new();
	const struct guild_value *op = guild_run_attr(r, a, "op");
	const char *dest =
		guild_value_text(guild_value_get(guild_value_get(op, "sourcecode"), "dest"));
	char *old = guild_path_join(r->guild_dir, "sourcecode");
	char *root = guild_path_normalize(dest                ? dest
					  : guild_is_dir(old) ? ".guild/sourcecode"
							      : ".");

	free(old);
	guild_arena_free(a);
	return root;
}
