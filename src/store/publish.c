/* Reports of runs: a directory each, that people and programs can read without Guild. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "move.h"
#include "publish.h"
#include "store_private.h"

enum { OUTPUT_IN_README = 1 << 20 };

static const char readme[] =
	"[All published runs](../README.md)\n"
	"\n"
	"# {{ run.operation }}\n"
	"\n"
	"| ID | Operation | Started | Time | Status | Label |\n"
	"| -- | --------- | ------- | ---- | ------ | ----- |\n"
	"| {{ run.id|short_id }} | {{ run.operation|md_cell }} | {{ run.started|nbhyph }} | "
	"{{ run.time }} | {{ run.status }} | {{ run.label|md_cell }} |\n"
	"\n"
	"Details: [run.yml](run.yml)\n"
	"{%- if flags %}\n"
	"\n"
	"## Flags\n"
	"\n"
	"| Flag | Value |\n"
	"| ---- | ----- |\n"
	"{%- for name, value in flags.items() %}\n"
	"| {{ name|md_cell }} | {{ value|flag_val|md_cell }} |\n"
	"{%- endfor %}\n"
	"\n"
	"As a file: [flags.yml](flags.yml)\n"
	"{%- endif %}\n"
	"{%- if scalars|length > 1 %}\n"
	"\n"
	"## Scalars\n"
	"\n"
	"| Scalar | Last value | Step | Lowest | Highest |\n"
	"| ------ | ---------- | ---- | ------ | ------- |\n"
	"{%- for s in scalars|csv_dict_rows %}\n"
	"| {{ s|scalar_key|md_cell }} | {{ s.last_val }} | {{ s.last_step }} | {{ s.min_val }} | "
	"{{ s.max_val }} |\n"
	"{%- endfor %}\n"
	"\n"
	"As a file: [scalars.csv](scalars.csv)\n"
	"{%- endif %}\n"
	"{%- if runfiles|length > 1 %}\n"
	"\n"
	"## Files\n"
	"\n"
	"| Path | Type | Size | Modified | MD5 |\n"
	"| ---- | ---- | ---- | -------- | --- |\n"
	"{%- for f in runfiles|csv_dict_rows %}\n"
	"| {% set link = f.path|runfile_link %}{% if link %}[{{ f.path|md_cell }}]"
	"(<{{ link }}>){% else %}{{ f.path|md_cell }}{% endif %} | {{ f.type }} | "
	"{{ f.size|file_size }} | {{ f.mtime|utc_date('us') }} | {{ f.md5 }} |\n"
	"{%- endfor %}\n"
	"\n"
	"As a file: [runfiles.csv](runfiles.csv)\n"
	"{%- endif %}\n"
	"{%- if sourcecode|length > 1 %}\n"
	"\n"
	"## Source code\n"
	"\n"
	"| Path | Size | Modified | MD5 |\n"
	"| ---- | ---- | -------- | --- |\n"
	"{%- for f in sourcecode|csv_dict_rows %}\n"
	"| [{{ f.path|md_cell }}](<sourcecode/{{ f.path }}>) | {{ f.size|file_size }} | "
	"{{ f.mtime|utc_date('us') }} | {{ f.md5 }} |\n"
	"{%- endfor %}\n"
	"\n"
	"As a file: [sourcecode.csv](sourcecode.csv)\n"
	"{%- endif %}\n"
	"{%- if output %}\n"
	"\n"
	"## Output\n"
	"\n"
	"````\n"
	"{{ output }}\n"
	"````\n"
	"\n"
	"As a file: [output.txt](output.txt)\n"
	"{%- endif %}\n";

static const char summary[] = "# {{ run.operation }}\n"
			      "\n"
			      "| | |\n"
			      "| - | - |\n"
			      "{%- for name, value in run.items() %}\n"
			      "| {{ name }} | {{ value|empty|md_cell }} |\n"
			      "{%- endfor %}\n"
			      "{%- for name, value in flags.items() %}\n"
			      "| flag {{ name|md_cell }} | {{ value|flag_val|md_cell }} |\n"
			      "{%- endfor %}\n"
			      "{%- for s in scalars|csv_dict_rows %}\n"
			      "| scalar {{ s|scalar_key|md_cell }} | {{ s.last_val }} (step "
			      "{{ s.last_step }}) |\n"
			      "{%- endfor %}\n";

/* One report on its way. */
struct report {
	const struct guild_publish_request *req;
	const char *dir; /* where it is made */
	struct guild_arena *a;
	struct guild_run_data *data;
	struct guild_map source; /* run paths of source code */
	struct guild_strs source_paths;
	struct guild_strs files; /* the others, in natural order */
	struct guild_value *vars;
	struct guild_error *err;
};

static int write_text(struct report *r, const char *name, struct guild_buf *take)
{
	char *path = guild_path_join(r->dir, name);
	int rc = guild_file_write(path, guild_buf_cstr(take), take->n, false, r->err);
	guild_buf_fini(take);
	free(path);
	return rc;
}

/* ---- run.yml, flags.yml ---------------------------------------------------------------------------------- */

static struct guild_value *time_value(struct report *r, const char *name)
{
	char text[GUILD_TIME_MAX];
	int64_t us = guild_run_attr_i64(r->req->run, name, INT64_MIN);
	if (us == INT64_MIN) {
		return guild_value_null(r->a);
	}
	guild_time_format(us, true, text);
	return guild_value_string(r->a, guild_arena_format(r->a, "%s UTC", text));
}

/* Null where it is not known. */
static struct guild_value *attr_text(struct report *r, const char *name)
{
	const struct guild_value *v = guild_run_data_attr(r->data, name);
	struct guild_buf text = {0};
	if (guild_value_is_null(v)) {
		return guild_value_null(r->a);
	}
	guild_value_py_str(&text, v);
	struct guild_value *out = guild_value_string_n(r->a, guild_buf_cstr(&text), text.n);
	guild_buf_fini(&text);
	return out;
}

static struct guild_value *take_text(struct report *r, char *take)
{
	struct guild_value *v = guild_value_string(r->a, take ? take : "");
	free(take);
	return v;
}

static struct guild_value *run_value(struct report *r)
{
	struct guild_value *v = guild_value_dict(r->a);
	const struct guild_value *status = guild_run_attr(r->req->run, r->a, "exit_status");
	bool is_marked = guild_value_truthy(guild_run_attr(r->req->run, r->a, "marked"));
	char *operation = guild_run_display_name(r->req->run);
	guild_value_set(r->a, v, "id", guild_value_string(r->a, r->req->run->id));
	guild_value_set(r->a, v, "operation", guild_value_string(r->a, operation));
	guild_value_set(r->a, v, "status",
		guild_value_string(r->a,
			guild_run_status_name(guild_run_status(r->req->run, NULL))));
	guild_value_set(r->a, v, "started", time_value(r, "started"));
	guild_value_set(r->a, v, "stopped", time_value(r, "stopped"));
	guild_value_set(r->a, v, "time", attr_text(r, "time"));
	guild_value_set(r->a, v, "marked", guild_value_string(r->a, is_marked ? "yes" : "no"));
	guild_value_set(r->a, v, "label", attr_text(r, "label"));
	guild_value_set(r->a, v, "command", take_text(r, guild_run_command(r->req->run)));
	guild_value_set(r->a, v, "exit_status",
		status ? guild_value_copy(r->a, status) : guild_value_string(r->a, ""));
	free(operation);
	return v;
}

static int write_yaml(struct report *r, const char *name, const struct guild_value *v, bool sort)
{
	struct guild_buf text = {0};
	guild_yaml_dump(&text, v, sort);
	guild_buf_putc(&text, '\n');
	return write_text(r, name, &text);
}

/* ---- tables ----------------------------------------------------------------------------------------------- */

static void add_cell(struct report *r, struct guild_value *row, const char *text)
{
	guild_value_append(r->a, row, guild_value_string(r->a, text));
}

static struct guild_value *add_row(struct report *r, struct guild_value *table)
{
	struct guild_value *row = guild_value_list(r->a);
	guild_value_append(r->a, table, row);
	return row;
}

static struct guild_value *new_table(struct report *r, const char *const *names)
{
	struct guild_value *table = guild_value_list(r->a);
	struct guild_value *row = add_row(r, table);
	for (size_t i = 0; names[i]; i++) {
		add_cell(r, row, names[i]);
	}
	return table;
}

static int write_csv(struct report *r, const char *name, const struct guild_value *table)
{
	struct guild_buf text = {0};
	for (size_t i = 0; i < table->n; i++) {
		for (size_t j = 0; j < table->items[i]->n; j++) {
			guild_buf_puts(&text, j > 0 ? "," : "");
			guild_csv_field(&text, table->items[i]->items[j]->s);
		}
		guild_buf_putc(&text, '\n');
	}
	return write_text(r, name, &text);
}

static void add_number(struct report *r, struct guild_value *row, double v)
{
	char text[GUILD_F64_MAX];
	(void)guild_f64_repr(v, text);
	add_cell(r, row, text);
}

static void add_int(struct report *r, struct guild_value *row, int64_t v)
{
	add_cell(r, row, guild_arena_format(r->a, "%lld", (long long)v));
}

static struct guild_value *scalars_table(struct report *r)
{
	static const char *const names[] = {"prefix", "tag", "count", "total", "avg_val",
		"first_val", "first_step", "last_val", "last_step", "min_val", "min_step",
		"max_val", "max_step", NULL};
	struct guild_value *table = new_table(r, names);
	const struct guild_scalars *all = guild_run_data_scalars(r->data);
	for (size_t i = 0; i < all->n; i++) {
		const struct guild_scalar_summary *s = &all->v[i];
		struct guild_value *row = add_row(r, table);
		add_cell(r, row, s->prefix);
		add_cell(r, row, s->tag);
		add_int(r, row, s->count);
		add_number(r, row, s->total);
		add_number(r, row, s->count > 0 ? s->total / (double)s->count : 0);
		add_number(r, row, s->first);
		add_int(r, row, s->first_step);
		add_number(r, row, s->last);
		add_int(r, row, s->last_step);
		add_number(r, row, s->min);
		add_int(r, row, s->min_step);
		add_number(r, row, s->max);
		add_int(r, row, s->max_step);
	}
	guild_value_set(r->a, r->vars, "scalars", table);
	return table;
}

static void add_file(struct report *r, struct guild_value *table, const char *name)
{
	struct guild_value *row = add_row(r, table);
	char *path = guild_path_join(r->req->run->dir, name);
	struct stat own = {0};
	struct stat st = {0};
	bool is_there = stat(path, &st) == 0;
	bool is_link = lstat(path, &own) == 0 && S_ISLNK(own.st_mode);
	const char *type = is_there && S_ISREG(st.st_mode)   ? "file"
			   : is_there && S_ISDIR(st.st_mode) ? "dir"
							     : "other";
	char md5[65] = "";
	if (is_there && S_ISREG(st.st_mode) && !r->req->no_md5) {
		(void)guild_digest_file(GUILD_MD5, path, md5, NULL);
	}
	add_cell(r, row, name);
	add_cell(r, row, guild_arena_format(r->a, "%s%s", type, is_link ? " link" : ""));
	if (is_there) {
		add_int(r, row, st.st_size);
		add_int(r, row, (int64_t)st.st_mtim.tv_sec * 1000000 + st.st_mtim.tv_nsec / 1000);
	} else {
		add_cell(r, row, "");
		add_cell(r, row, "");
	}
	add_cell(r, row, md5);
	free(path);
}

static int publish_files(struct report *r, const char *name, const struct guild_strs *paths)
{
	static const char *const names[] = {"path", "type", "size", "mtime", "md5", NULL};
	struct guild_value *table = new_table(r, names);
	char *file = guild_format("%s.csv", name);
	for (size_t i = 0; i < paths->n; i++) {
		add_file(r, table, paths->v[i]);
	}
	guild_value_set(r->a, r->vars, name, table);
	int rc = write_csv(r, file, table);
	free(file);
	return rc;
}

/* ---- files ---------------------------------------------------------------------------------------------------- */

/* All files that are no source code, through links. */
static int collect(struct report *r)
{
	struct guild_tree t = {0};
	int rc = guild_tree_list(r->req->run->dir, true, &t, r->err);
	for (size_t i = 0; i < t.n; i++) {
		const char *name = t.v[i].path;
		char *full = guild_path_join(t.dir, name);
		/* A link that leads to a directory above itself is a link to the list. */
		if (t.v[i].type != 'd' && !guild_starts(name, ".guild") && !guild_is_dir(full) &&
			!guild_map_has(&r->source, name)) {
			guild_strs_add(&r->files, name);
		}
		free(full);
	}
	guild_tree_fini(&t);
	return rc;
}

static int find_files(struct report *r)
{
	struct guild_manifest manifest = {0};
	if (guild_manifest_read(r->req->run, r->a, &manifest, NULL, NULL) != 0) {
		manifest.n = 0;
	}
	for (size_t i = 0; i < manifest.n; i++) {
		const char *path = manifest.v[i].path;
		char *full = guild_path_join(r->req->run->dir, path);
		if (manifest.v[i].kind == 's' && guild_path_is_beneath(path) &&
			guild_is_file(full) && !guild_map_has(&r->source, path)) {
			guild_map_put(&r->source, path, r);
			guild_strs_add(&r->source_paths, path);
		}
		free(full);
	}
	int rc = collect(r);
	guild_strs_sort_natural(&r->files);
	guild_strs_sort_natural(&r->source_paths);
	return rc;
}

static int copy_file(struct report *r, const char *below, const char *name)
{
	char *from = guild_path_join(r->req->run->dir, name);
	char *to = guild_path_join3(r->dir, below, name);
	char *dir = guild_path_dirname(to);
	int rc = guild_mkdirs(dir, r->err);
	rc = rc ? rc : guild_file_copy(from, to, r->err);
	free(dir);
	free(to);
	free(from);
	return rc;
}

enum link_kind { LINK_NO, LINK_ITSELF, LINK_ABOVE };

/* Whether a file is a link, or is reached through a linked directory. */
static enum link_kind link_kind_of(const struct report *r, const char *name)
{
	enum link_kind kind = LINK_NO;
	for (const char *end = name; end && kind == LINK_NO;) {
		struct stat st;
		end = strchr(end == name ? name : end + 1, '/');
		char *part = end ? guild_strndup(name, (size_t)(end - name)) : guild_strdup(name);
		char *path = guild_path_join(r->req->run->dir, part);
		if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode)) {
			kind = end ? LINK_ABOVE : LINK_ITSELF;
		}
		free(path);
		free(part);
	}
	return kind;
}

static bool is_copied(const struct report *r, const char *name)
{
	const struct guild_publish_request *req = r->req;
	char *path = guild_path_join(req->run->dir, name);
	bool is_file = guild_is_file(path);
	free(path);
	if (!is_file) {
		return false;
	}
	enum link_kind kind = link_kind_of(r, name);
	if (kind != LINK_NO && req->include_links) {
		return true;
	}
	if (req->all_files || kind == LINK_ABOVE) {
		return req->all_files && kind == LINK_NO;
	}
	return req->wants && req->wants(req->arg, name, kind == LINK_ITSELF);
}

static int copy_files(struct report *r)
{
	int rc = 0;
	for (size_t i = 0; i < r->source_paths.n && rc == 0; i++) {
		rc = copy_file(r, "sourcecode", r->source_paths.v[i]);
	}
	for (size_t i = 0; i < r->files.n && rc == 0; i++) {
		rc = is_copied(r, r->files.v[i]) ? copy_file(r, "runfiles", r->files.v[i]) : 0;
	}
	return rc;
}

static int publish_output(struct report *r)
{
	char *from = guild_path_join(r->req->run->guild_dir, "output");
	char *to = guild_path_join(r->dir, "output.txt");
	struct guild_buf text = {0};
	int rc = guild_is_file(from) ? guild_file_copy(from, to, r->err)
				     : guild_file_touch(to, r->err);
	(void)guild_file_read(from, OUTPUT_IN_README, &text, NULL);
	struct guild_str shown = guild_str_trim(guild_buf_str(&text));
	guild_value_set(r->a, r->vars, "output",
		guild_value_string_n(r->a, shown.n > 0 ? shown.p : "", shown.n));
	guild_buf_fini(&text);
	free(to);
	free(from);
	return rc;
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

static void set_run(struct report *r)
{
	struct guild_value *flags = guild_value_copy(r->a, guild_run_data_flags(r->data));
	guild_value_sort_keys(flags);
	guild_value_set(r->a, r->vars, "run", run_value(r));
	guild_value_set(r->a, r->vars, "flags", flags);
}

static int write_report(struct report *r)
{
	const struct guild_publish_template template = {.path = r->req->template_path,
		.text = readme,
		.out_dir = r->dir,
		.vars = r->vars,
		.log = r->req->log};
	set_run(r);
	int rc = find_files(r);
	rc = rc ? rc : write_yaml(r, "run.yml", guild_value_get(r->vars, "run"), false);
	rc = rc ? rc : write_yaml(r, "flags.yml", guild_value_get(r->vars, "flags"), true);
	rc = rc ? rc : publish_output(r);
	rc = rc ? rc : write_csv(r, "scalars.csv", scalars_table(r));
	rc = rc ? rc : publish_files(r, "sourcecode", &r->source_paths);
	rc = rc ? rc : publish_files(r, "runfiles", &r->files);
	rc = rc ? rc : copy_files(r);
	return rc ? rc : guild_publish_render(&template, r->err);
}

static int64_t size_of(const char *dir)
{
	struct guild_tree t = {0};
	int64_t bytes = guild_tree_list(dir, false, &t, NULL) == 0 ? t.bytes : 0;
	guild_tree_fini(&t);
	return bytes;
}

static int put_in_place(const char *from, const char *dest, const char *id, struct guild_error *err)
{
	char *to = guild_path_join(dest, id);
	struct stat st;
	int rc = lstat(to, &st) == 0 ? guild_move_replace(NULL, from, to, NULL, err)
				     : guild_move_place(from, to, err);
	free(to);
	return rc;
}

int guild_store_publish(const struct guild_publish_request *req, int64_t *bytes,
	struct guild_error *err)
{
	struct guild_staging staging = {.fd = -1};
	struct report r = {.req = req, .err = err, .a = guild_arena_new()};
	char *keep_out = guild_path_join(req->dest, ".guild-nocopy");
	int rc = guild_staging_open(&staging, req->dest, err);
	if (rc == 0 && !guild_file_exists(keep_out)) {
		rc = guild_file_touch(keep_out, err);
	}
	if (rc == 0) {
		char *dir = guild_path_join(staging.path, req->run->id);
		r.dir = dir;
		r.data = guild_run_data_new(req->run, req->log);
		r.vars = guild_value_dict(r.a);
		rc = guild_mkdirs(dir, err);
		rc = rc ? rc : write_report(&r);
		int64_t size = rc == 0 ? size_of(dir) : 0;
		rc = rc ? rc : put_in_place(dir, req->dest, req->run->id, err);
		if (rc == 0 && bytes) {
			*bytes = size;
		}
		guild_run_data_free(r.data);
		free(dir);
	}
	guild_staging_close(&staging);
	guild_strs_fini(&r.files);
	guild_strs_fini(&r.source_paths);
	guild_map_fini(&r.source);
	guild_arena_free(r.a);
	free(keep_out);
	return rc;
}

int guild_store_publish_summary(const struct guild_run *run, const char *path,
	const struct guild_log *log, struct guild_error *err)
{
	const struct guild_publish_request req = {.run = run, .log = log};
	struct report r = {.req = &req, .err = err, .a = guild_arena_new()};
	struct guild_buf text = {0};
	r.data = guild_run_data_new(run, log);
	r.vars = guild_value_dict(r.a);
	set_run(&r);
	(void)scalars_table(&r);
	const struct guild_publish_template t = {.text = summary, .vars = r.vars};
	int rc = guild_publish_render_text(&t, &text, err);
	rc = rc ? rc : guild_file_write(path, guild_buf_cstr(&text), text.n, false, err);
	guild_buf_fini(&text);
	guild_run_data_free(r.data);
	guild_arena_free(r.a);
	return rc;
}
