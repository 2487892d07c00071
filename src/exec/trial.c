/* Makes the trials of a batch from its prototype. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "batch.h"

enum { KEPT_FILE_MAX = 1 << 20, KEPT_TOTAL_MAX = 64 << 20, DEPTH_MAX = 64 };

/* Written anew for each trial, or not at all. */
static const char *const own_files[] = {".guild/opref", ".guild/PENDING", ".guild/attrs/id",
	".guild/attrs/flags", ".guild/attrs/label", ".guild/attrs/trials", NULL};

static bool is_own(const char *path)
{
	for (size_t i = 0; own_files[i]; i++) {
		if (strcmp(own_files[i], path) == 0) {
			return true;
		}
	}
	return false;
}

static int load_file(struct guild_trial_maker *m, const char *full, const char *path,
	const struct stat *st, size_t *total, struct guild_error *err)
{
	struct guild_trial_file f = {.mode = st->st_mode};
	int rc = 0;
	if (st->st_size <= KEPT_FILE_MAX && *total + (size_t)st->st_size <= KEPT_TOTAL_MAX &&
		S_ISREG(st->st_mode)) {
		rc = guild_file_read(full, 0, &f.text, err);
		*total += f.text.n;
	} else {
		f.source = guild_strdup(full);
	}
	if (rc != 0) {
		return rc;
	}
	f.path = guild_strdup(path);
	m->files = guild_grow_array(m->files, &m->cap, m->n_files + 1, sizeof(*m->files));
	m->files[m->n_files++] = f;
	return 0;
}

static int load_dir(struct guild_trial_maker *m, const char *path, size_t *total, int depth,
	struct guild_error *err)
{
	struct guild_strs names = {0};
	char *dir = *path ? guild_path_join(m->proto.dir, path) : guild_strdup(m->proto.dir);
	int rc = depth > DEPTH_MAX
			 ? guild_error_set(err, GUILD_ELIMIT, "'%s' is nested too deeply", dir)
			 : guild_dir_list(dir, &names, err);
	for (size_t i = 0; i < names.n && rc == 0; i++) {
		char *below = *path ? guild_path_join(path, names.v[i]) : guild_strdup(names.v[i]);
		char *full = guild_path_join(dir, names.v[i]);
		struct stat st;
		if (is_own(below) || lstat(full, &st) != 0) {
			/* nothing to copy */
		} else if (S_ISDIR(st.st_mode)) {
			guild_strs_add(&m->dirs, below);
			rc = load_dir(m, below, total, depth + 1, err);
		} else {
			rc = load_file(m, full, below, &st, total, err);
		}
		free(below);
		free(full);
	}
	guild_strs_fini(&names);
	free(dir);
	return rc;
}

static bool has_config(const struct guild_value *deps)
{
	for (size_t i = 0; deps && deps->type == GUILD_LIST && i < deps->n; i++) {
		if (guild_value_get(deps->items[i], "config")) {
			return true;
		}
	}
	return false;
}

/* Flags that choose dependencies are in attribute op, too, which then is each trial's own. */
static void take_op(struct guild_trial_maker *m, const struct guild_value *op)
{
	for (size_t i = 0; i < m->n_files; i++) {
		if (strcmp(m->files[i].path, ".guild/attrs/op") == 0) {
			free(m->files[i].path);
			free(m->files[i].source);
			guild_buf_fini(&m->files[i].text);
			m->files[i] = m->files[--m->n_files];
			m->op = op;
			return;
		}
	}
}

/* An attribute that every trial gets and the prototype has not. */
static void add_attr(struct guild_trial_maker *m, const char *name, const struct guild_value *v)
{
	struct guild_trial_file f = {.path = guild_format(".guild/attrs/%s", name), .mode = 0666};
	guild_yaml_dump(&f.text, v, true);
	guild_buf_putc(&f.text, '\n');
	m->files = guild_grow_array(m->files, &m->cap, m->n_files + 1, sizeof(*m->files));
	m->files[m->n_files++] = f;
}

/* What does not depend on the trial is written with it, and not found out again at its start. */
static int add_common(struct guild_trial_maker *m, const struct guild_value *op,
	struct guild_error *err)
{
	const struct guild_exec_world *world = m->start->world;
	const struct guild_value *deps = guild_value_get(op, "deps");
	const struct guild_value *words =
		guild_value_get(guild_value_get(op, "op-cmd"), "cmd-args");
	const char *program = words && words->n > 0 ? guild_value_text(words->items[0]) : NULL;
	if (!deps || deps->n == 0) {
		add_attr(m, "deps", guild_value_dict(m->arena));
	}
	if (!guild_streq(program, "${python_exe}") || !guild_packages_wanted(op, world)) {
		return 0;
	}
	struct guild_strs packages = {0};
	char *cache = guild_path_join(world->home->path, "cache");
	int rc = guild_python_packages(world->python, cache, &packages, err);
	if (rc == 0) {
		add_attr(m, "pip_freeze", guild_value_strs(m->arena, &packages));
	}
	guild_strs_fini(&packages);
	free(cache);
	return rc;
}

int guild_trial_maker_init(struct guild_trial_maker *m, const struct guild_run *batch,
	const struct guild_exec_start *start, struct guild_error *err)
{
	char *dir = guild_path_join(batch->guild_dir, "proto");
	size_t total = 0;
	*m = (struct guild_trial_maker){.arena = guild_arena_new(), .start = start, .batch = batch};
	int rc = guild_run_open(dir, &m->proto, err);
	rc = rc ? rc : load_dir(m, "", &total, 0, err);
	if (rc == 0) {
		const struct guild_value *op = guild_run_attr(&m->proto, m->arena, "op");
		const char *text = guild_value_text(guild_value_get(op, "label-template"));
		m->label_template = text ? text : "${default_label}";
		if (has_config(guild_value_get(op, "deps"))) {
			take_op(m, op);
		}
		rc = add_common(m, op, err);
	} else {
		guild_error_wrap(err, "cannot read the prototype of batch %.8s", batch->id);
	}
	free(dir);
	return rc;
}

void guild_trial_maker_fini(struct guild_trial_maker *m)
{
	for (size_t i = 0; i < m->n_files; i++) {
		free(m->files[i].path);
		free(m->files[i].source);
		guild_buf_fini(&m->files[i].text);
	}
	free(m->files);
	guild_strs_fini(&m->dirs);
	guild_run_fini(&m->proto);
	guild_arena_free(m->arena);
	memset(m, 0, sizeof(*m));
}

static int write_file(const struct guild_trial_file *f, const char *dir, struct guild_error *err)
{
	char *path = guild_path_join(dir, f->path);
	int rc;
	if (f->source) {
		rc = guild_tree_copy(f->source, path, err);
	} else {
		int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, f->mode & 0777);
		rc = fd < 0 ? -errno : guild_fd_write_all(fd, f->text.p, f->text.n);
		if (fd >= 0 && close(fd) != 0 && rc == 0) {
			rc = -errno;
		}
		rc = rc ? guild_error_errno(err, -rc, "cannot write '%s'", path) : 0;
	}
	free(path);
	return rc;
}

/* What makes this trial differ from the others. */
static int write_own(struct guild_trial_maker *m, const struct guild_value *flags,
	struct guild_run *run, struct guild_error *err)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_buf b = {0};
	guild_flag_render_label(&b, m->label_template, flags, NULL, m->start->world->log);
	struct guild_str label = guild_str_trim(guild_buf_str(&b));
	int rc = guild_new_attr(run, "id", guild_value_string(a, run->id), err);
	rc = rc ? rc : guild_new_attr(run, "flags", flags, err);
	if (rc == 0 && m->op) {
		struct guild_value *op = guild_value_copy(a, m->op);
		guild_deps_follow_flags(a, guild_value_get(op, "deps"), flags);
		rc = guild_new_attr(run, "op", op, err);
	}
	if (rc == 0 && label.n > 0) {
		rc = guild_new_attr(run, "label", guild_value_string_n(a, label.p, label.n), err);
	}
	rc = rc ? rc
		: guild_new_attr(run, "started", guild_value_int(a, guild_run_timestamp()), err);
	rc = rc ? rc : guild_run_set_marker(run, "PENDING", true, err);
	guild_buf_fini(&b);
	guild_arena_free(a);
	return rc;
}

static int link_trial(const struct guild_run *batch, const char *dir, const char *id,
	struct guild_error *err)
{
	char *path = guild_path_join(batch->dir, id);
	char *target = guild_path_rel(dir, batch->dir);
	int rc =
		symlink(target, path) ? guild_error_errno(err, errno, "cannot link '%s'", path) : 0;
	free(path);
	free(target);
	return rc;
}

int guild_trial_make(struct guild_trial_maker *m, const struct guild_value *flags,
	struct guild_run *out, struct guild_error *err)
{
	char id[GUILD_RUN_ID_LEN + 1];
	/* A batch by --run-dir lies anywhere; its trials are runs like others. */
	char *runs = m->start->options->run_dir ? guild_home_runs_dir(m->start->world->home, false)
						: guild_path_dirname(m->batch->dir);
	guild_run_new_id(id);
	char *dir = guild_path_join(runs, id);
	/* The link first: a trial that can be seen is one of its batch, and one that is left half made is found by it. */
	int rc = link_trial(m->batch, dir, id, err);
	rc = rc ? rc : guild_run_create(dir, out, err);
	for (size_t i = 0; i < m->dirs.n && rc == 0; i++) {
		char *path = guild_path_join(dir, m->dirs.v[i]);
		if (mkdir(path, 0777) != 0 && errno != EEXIST) {
			rc = guild_error_errno(err, errno, "cannot create directory '%s'", path);
		}
		free(path);
	}
	for (size_t i = 0; i < m->n_files && rc == 0; i++) {
		rc = write_file(&m->files[i], dir, err);
	}
	rc = rc ? rc : write_own(m, flags, out, err);
	rc = rc ? rc : guild_run_write_opref(out, &m->proto.opref, false, err);
	if (rc != 0) {
		char *link = guild_path_join(m->batch->dir, id);
		(void)guild_rmtree(dir, NULL);
		(void)unlink(link);
		guild_run_fini(out);
		free(link);
	}
	free(dir);
	free(runs);
	return rc;
}

int guild_trial_stage(struct guild_run *trial, const struct guild_value *flags,
	const struct guild_exec_start *start, struct guild_arena *a, struct guild_error *err)
{
	const struct guild_value *record = guild_run_attr(trial, a, "op");
	struct guild_exec_op x = {.opref = trial->opref,
		.flags = flags,
		.options = start->options,
		.world = start->world};
	int rc = guild_stage_write_env(&x, &trial->opref, record, trial, err);
	rc = rc ? rc : guild_run_set_marker(trial, "STAGED", true, err);
	rc = rc ? rc : guild_run_set_marker(trial, "PENDING", false, err);
	return rc;
}

int guild_batch_add_trial(const struct guild_run *batch, const struct guild_exec_start *start,
	const struct guild_value *flags, struct guild_run *out, struct guild_error *err)
{
	struct guild_trial_maker m;
	if (!guild_run_is_batch(batch)) {
		return guild_error_set(err, GUILD_ENOTFOUND, "run %.8s is no batch", batch->id);
	}
	int rc = guild_trial_maker_init(&m, batch, start, err);
	struct guild_value *sorted = guild_value_copy(m.arena, flags);
	guild_value_sort_keys(sorted);
	rc = rc ? rc : guild_trial_make(&m, sorted, out, err);
	if (rc == 0 && start->options->stage_trials) {
		rc = guild_trial_stage(out, sorted, start, m.arena, err);
	}
	guild_trial_maker_fini(&m);
	return rc;
}
