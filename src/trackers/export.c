/* Exporting to other tools: the table of targets, what a run says, and putting things into their place as a whole. */

#include "export.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 64, PART_BYTES = 64 << 10 };

static const struct export_target *const targets[] = {
	&guild_export_csv,
	&guild_export_mlflow,
	&guild_export_parquet,
	&guild_export_tensorboard,
};
const char *const guild_export_kinds[] = {"csv", "mlflow", "parquet", "tensorboard", NULL};

/* ---- a run ----------------------------------------------------------------------------------------------------- */

static const char *text_attr(struct export_run *x, const char *name)
{
	const char *text = guild_value_text(guild_run_attr(x->run, x->a, name));
	return text != NULL ? text : "";
}

static const struct guild_value *attr_of(struct export_run *x, const char *name,
	enum guild_type type)
{
	const struct guild_value *v = guild_run_attr(x->run, x->a, name);
	if (v != NULL && v->type == type) {
		return v;
	}
	return type == GUILD_DICT ? guild_value_dict(x->a) : guild_value_list(x->a);
}

static void on_seen(void *arg, char kind, const char *path)
{
	if (kind == 'f') {
		guild_strs_add(arg, path);
	}
}

void guild_export_run_read(struct export_run *x, const struct guild_run *run,
	const struct guild_log *log)
{
	struct guild_scalars scalars = {0};
	*x = (struct export_run){.run = run, .a = guild_arena_new()};
	char *op = guild_run_display_name(run);
	x->op = guild_arena_strdup(x->a, op);
	x->label = text_attr(x, "label");
	x->user = text_attr(x, "user");
	x->host = text_attr(x, "host");
	x->status = guild_run_status(run, NULL);
	x->flags = attr_of(x, "flags", GUILD_DICT);
	x->tags = attr_of(x, "tags", GUILD_LIST);
	x->comments = attr_of(x, "comments", GUILD_LIST);
	x->cmd = attr_of(x, "cmd", GUILD_LIST);
	x->imported = attr_of(x, "imported", GUILD_DICT);
	x->started_us = guild_run_attr_i64(run, "started", INT64_MIN);
	x->stopped_us = guild_run_attr_i64(run, "stopped", INT64_MIN);
	x->initialized_us = guild_run_attr_i64(run, "initialized", INT64_MIN);
	x->exit_status = guild_run_attr_i64(run, "exit_status", INT64_MIN);
	const char *commit = text_attr(x, "vcs_commit");
	x->commit = guild_starts(commit, "git:") ? commit + strlen("git:") : NULL;
	(void)guild_scalars_read_watched(run, x->a, &scalars, on_seen, &x->event_files, log, NULL);
	free(op);
}

void guild_export_run_fini(struct export_run *x)
{
	guild_strs_fini(&x->event_files);
	guild_arena_free(x->a);
}

struct values {
	guild_export_value_fn *fn;
	void *arg;
	const char *prefix;
	struct guild_buf key;
	uint64_t n;
};

static int on_scalar(void *arg, const struct guild_event_scalar *s)
{
	struct values *v = arg;
	guild_buf_reset(&v->key);
	if (*v->prefix != '\0' && strcmp(v->prefix, ".guild") != 0) {
		guild_buf_printf(&v->key, "%s/", v->prefix);
	}
	guild_buf_append(&v->key, s->tag.p, s->tag.n);
	v->n++;
	return v->fn(v->arg, guild_buf_cstr(&v->key), s);
}

uint64_t guild_export_each_value(const struct export_run *x, guild_export_value_fn *fn, void *arg,
	const struct guild_log *log)
{
	struct values v = {.fn = fn, .arg = arg};
	for (size_t i = 0; i < x->event_files.n; i++) {
		char *path = guild_path_join(x->run->dir, x->event_files.v[i]);
		char *prefix = guild_path_dirname(x->event_files.v[i]);
		enum guild_event_end end;
		struct guild_error why = {0};
		v.prefix = prefix;
		if (guild_event_file_read(path, on_scalar, &v, &end, &why) != 0) {
			guild_log(log, "warning", "%s", why.text);
		}
		free(prefix);
		free(path);
	}
	guild_buf_fini(&v.key);
	return v.n;
}

/* ---- places ------------------------------------------------------------------------------------------------------ */

char *guild_export_stage(struct export *exp, const char *name, struct guild_error *err)
{
	char *dir = guild_path_join(exp->staging, name);
	if (guild_mkdirs(dir, err) != 0) {
		free(dir);
		return NULL;
	}
	return dir;
}

int guild_export_write(const char *path, struct guild_str text, struct guild_error *err)
{
	char *parent = guild_path_dirname(path);
	FILE *f = NULL;
	int rc = guild_mkdirs(parent, err);
	if (rc == 0) {
		f = fopen(path, "wbe");
		bool good = f != NULL && fwrite(text.p, 1, text.n, f) == text.n;
		int failure = errno;
		if (f != NULL && fclose(f) != 0 && good) {
			good = false;
			failure = errno;
		}
		rc = good ? 0 : guild_error_errno(err, failure, "cannot write '%s'", path);
	}
	free(parent);
	return rc;
}

static bool is_same_file(const char *a, const char *b)
{
	struct stat x;
	struct stat y;
	if (stat(a, &x) != 0 || stat(b, &y) != 0 || !S_ISREG(x.st_mode) || !S_ISREG(y.st_mode) ||
		x.st_size != y.st_size) {
		return false;
	}
	FILE *f = fopen(a, "rbe");
	FILE *g = fopen(b, "rbe");
	char *parts = guild_alloc(2 * (size_t)PART_BYTES);
	bool same = f != NULL && g != NULL;
	while (same) {
		size_t n = fread(parts, 1, PART_BYTES, f);
		size_t m = fread(parts + PART_BYTES, 1, PART_BYTES, g);
		same = n == m && memcmp(parts, parts + PART_BYTES, n) == 0;
		if (n == 0) {
			break;
		}
	}
	free(parts);
	if (f != NULL) {
		fclose(f);
	}
	if (g != NULL) {
		fclose(g);
	}
	return same;
}

/* True when everything in `a` is in `b` and is the same. What the other tool put there besides is its own. */
static bool is_within(const char *a, const char *b, size_t depth)
{
	struct guild_strs names = {0};
	bool same = depth < DEPTH_MAX && guild_dir_list(a, &names, NULL) == 0;
	for (size_t i = 0; same && i < names.n; i++) {
		char *x = guild_path_join(a, names.v[i]);
		char *y = guild_path_join(b, names.v[i]);
		same = guild_is_dir(x) ? guild_is_dir(y) && is_within(x, y, depth + 1)
				       : is_same_file(x, y);
		free(y);
		free(x);
	}
	guild_strs_fini(&names);
	return same;
}

static int move_in(const char *staged, const char *target, bool is_there, struct guild_error *err)
{
	char *old = guild_format("%s.replaced", staged);
	char *parent = guild_path_dirname(target);
	int rc = guild_mkdirs(parent, err);
	if (rc == 0 && is_there && rename(target, old) != 0) {
		rc = guild_error_errno(err, errno, "cannot replace '%s'", target);
	}
	if (rc == 0 && rename(staged, target) != 0) {
		rc = guild_error_errno(err, errno, "cannot make '%s'", target);
		if (is_there) {
			(void)rename(old, target);
		}
	}
	if (rc == 0 && is_there) {
		(void)guild_rmtree(old, NULL);
	}
	free(parent);
	free(old);
	return rc;
}

int guild_export_report(struct export *exp, const struct guild_exported *what,
	struct guild_error *err)
{
	exp->sum.n_new += what->is_new;
	exp->sum.n_left_out += what->n_left_out;
	if (what->is_new) {
		exp->sum.n_values += what->n_values;
		exp->sum.n_files += what->n_files;
	}
	if (exp->req->on_run != NULL && exp->req->on_run(exp->req->arg, what) != 0) {
		return guild_error_set(err, GUILD_ECANCELLED, "the export was cancelled");
	}
	return 0;
}

int guild_export_place(struct export *exp, const struct export_run *x, const char *staged,
	const char *name, struct guild_exported *what, struct guild_error *err)
{
	char *target = guild_path_join(exp->root, name);
	bool is_there = guild_file_exists(target);
	int rc = 0;
	what->run = x->run;
	what->place = name;
	if (is_there && is_within(staged, target, 0)) {
		exp->sum.n_same++;
	} else if (is_there && exp->req->keep_differing) {
		exp->sum.n_kept++;
	} else if (is_there && !exp->req->replace) {
		rc = guild_error_set(err, GUILD_EEXISTS,
			"run %.8s is there already and differs (%s)", x->run->id, target);
		guild_error_hint(err, "--replace replaces it, --skip-differing leaves it");
	} else {
		what->is_new = true;
		rc = move_in(staged, target, is_there, err);
	}
	if (rc == 0) {
		rc = guild_export_report(exp, what, err);
	}
	free(target);
	return rc;
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

struct copying {
	const struct export_run *x;
	struct guild_exported *what;
	bool with_events;
	char *real; /* of the run */
};

static bool leads_out(const struct copying *c, const char *path)
{
	char *real = guild_path_real(path);
	size_t n = strlen(c->real);
	bool out = strncmp(real, c->real, n) != 0 || real[n] != '/';
	free(real);
	return out;
}

static int copy_one(struct copying *c, const char *from, const char *to, struct guild_error *err)
{
	struct stat st;
	char *parent = guild_path_dirname(to);
	int rc = 0;
	if (stat(from, &st) != 0 || !S_ISREG(st.st_mode)) {
		c->what->n_left_out++;
	} else if ((rc = guild_mkdirs(parent, err)) == 0 &&
		   (rc = guild_file_copy(from, to, err)) == 0) {
		struct timespec times[2] = {st.st_atim, st.st_mtim};
		(void)utimensat(AT_FDCWD, to, times, 0);
		c->what->n_files++;
	}
	free(parent);
	return rc;
}

static int copy_files(struct copying *c, const char *from, const char *to, size_t depth,
	struct guild_error *err)
{
	struct guild_strs names = {0};
	int rc = guild_dir_list(from, &names, err);
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		char *path = guild_path_join(from, names.v[i]);
		char *target = guild_path_join(to, names.v[i]);
		struct stat st;
		bool is_event = strstr(names.v[i], ".tfevents.") != NULL;
		if ((depth == 0 && strcmp(names.v[i], ".guild") == 0) || lstat(path, &st) != 0 ||
			(is_event && !c->with_events)) {
			/* its own, or gone, or written otherwise */
		} else if (S_ISDIR(st.st_mode)) {
			rc = depth < DEPTH_MAX ? copy_files(c, path, target, depth + 1, err)
					       : guild_error_set(err, GUILD_ELIMIT,
							 "folders are nested too deep (%s)", path);
		} else if (S_ISLNK(st.st_mode) && leads_out(c, path)) {
			c->what->n_left_out++;
		} else {
			rc = copy_one(c, path, target, err);
		}
		free(target);
		free(path);
	}
	guild_strs_fini(&names);
	return rc;
}

int guild_export_files(const struct export_run *x, const char *to, bool with_events,
	struct guild_exported *what, struct guild_error *err)
{
	struct copying c = {.x = x, .what = what, .with_events = with_events};
	c.real = guild_path_real(x->run->dir);
	int rc = copy_files(&c, x->run->dir, to, 0, err);
	free(c.real);
	return rc;
}

/* What killed exports left. */
static void clean_stale(const struct export *exp)
{
	static const char prefix[] = ".guild-export.";
	struct guild_strs names = {0};
	if (guild_dir_list(exp->root, &names, NULL) != 0) {
		names.n = 0;
	}
	for (size_t i = 0; i < names.n; i++) {
		const char *number = names.v[i] + strlen(prefix);
		int64_t pid;
		if (guild_starts(names.v[i], prefix) &&
			guild_parse_i64(number, strlen(number), &pid) &&
			!guild_pid_alive((pid_t)pid)) {
			char *path = guild_path_join(exp->root, names.v[i]);
			(void)guild_rmtree(path, NULL);
			free(path);
		}
	}
	guild_strs_fini(&names);
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

int guild_export(const struct guild_export_request *req, struct guild_export_summary *out,
	const struct guild_log *log, struct guild_error *err)
{
	const struct export_target *target = NULL;
	struct export exp = {.req = req, .log = log};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(targets); i++) {
		target = strcmp(targets[i]->kind, req->kind) == 0 ? targets[i] : target;
	}
	if (target == NULL) {
		guild_error_set(err, GUILD_EINVALID, "runs cannot be exported to '%s'", req->kind);
		guild_error_hint(err, "known are: csv, mlflow, parquet, tensorboard");
		return GUILD_EINVALID;
	}
	exp.root = guild_path_abs(req->path, NULL);
	exp.staging = guild_format("%s/.guild-export.%ld", exp.root, (long)getpid());
	clean_stale(&exp);
	int rc = target->export(&exp, err);
	if (guild_file_exists(exp.staging)) {
		guild_rmtree(exp.staging, NULL);
	}
	*out = exp.sum;
	free(exp.staging);
	free(exp.root);
	return rc;
}
