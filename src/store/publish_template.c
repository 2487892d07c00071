/* Templates of reports: their files, and the filters that they have besides those of every template. */

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "publish.h"

enum { TEMPLATE_MAX = 16 << 20, US_PER_S = 1000000 };

typedef const struct guild_value *value;

/* ---- filters -------------------------------------------------------------------------------------------- */

struct call {
	const struct guild_publish_template *t;
	struct guild_arena *a;
	value v;
	const value *args;
	size_t n;
};

static char *text_of(value v)
{
	struct guild_buf text = {0};
	if (!guild_value_is_null(v)) {
		guild_value_py_str(&text, v);
	}
	return guild_buf_take(&text);
}

static value take_text(struct guild_arena *a, char *take)
{
	value v = guild_value_string(a, take);
	free(take);
	return v;
}

static value f_empty(const struct call *c)
{
	return guild_value_is_null(c->v) ? guild_value_string(c->a, "") : c->v;
}

static value f_short_id(const struct call *c)
{
	char *id = text_of(c->v);
	value v = guild_value_string_n(c->a, id, strnlen(id, GUILD_RUN_SHORT_LEN));
	free(id);
	return v;
}

static value f_nbhyph(const struct call *c)
{
	char *text = text_of(c->v);
	struct guild_buf out = {0};
	for (const char *p = text; *p; p++) {
		if (*p == '-') {
			guild_buf_puts(&out, "&#8209;");
		} else {
			guild_buf_putc(&out, *p);
		}
	}
	free(text);
	return take_text(c->a, guild_buf_take(&out));
}

/* Only what would leave a cell empty. */
static value f_nbsp(const struct call *c)
{
	return guild_value_truthy(c->v) ? c->v : guild_value_string(c->a, "&nbsp;");
}

static bool number_of(value v, double *out)
{
	const char *text = guild_value_text(v);
	if (guild_value_is_number(v)) {
		*out = guild_value_as_f64(v);
		return true;
	}
	return text && guild_parse_f64(text, v->s.n, out);
}

static value f_file_size(const struct call *c)
{
	double n;
	return number_of(c->v, &n) && n >= 0 && n < 9e18
		       ? take_text(c->a, guild_size_text((int64_t)n))
		       : guild_value_string(c->a, "");
}

static value f_utc_date(const struct call *c)
{
	const char *unit = c->n > 0 ? guild_value_text(c->args[0]) : NULL;
	double scale = unit && strcmp(unit, "us") == 0   ? 1
		       : unit && strcmp(unit, "ms") == 0 ? 1000
							 : US_PER_S;
	double n;
	char text[GUILD_TIME_MAX];
	if (!number_of(c->v, &n) || n * scale < 0 || n * scale > 9e17) {
		return guild_value_string(c->a, "");
	}
	guild_time_format((int64_t)(n * scale), true, text);
	return guild_value_string(c->a, guild_arena_format(c->a, "%s UTC", text));
}

static value f_flag_val(const struct call *c)
{
	if (guild_value_is_null(c->v)) {
		return guild_value_string(c->a, "");
	}
	if (c->v->type == GUILD_BOOL) {
		return guild_value_string(c->a, c->v->b ? "yes" : "no");
	}
	if (c->v->type == GUILD_STRING) {
		return c->v;
	}
	struct guild_buf text = {0};
	guild_yaml_dump_flow(&text, c->v);
	return take_text(c->a, guild_buf_take(&text));
}

static value f_scalar_key(const struct call *c)
{
	const struct guild_scalar_summary s = {
		.prefix = guild_value_text(guild_value_get(c->v, "prefix")),
		.tag = guild_value_text(guild_value_get(c->v, "tag"))};
	struct guild_buf key = {0};
	if (!s.prefix || !s.tag) {
		return guild_value_string(c->a, "");
	}
	guild_scalar_key(&s, &key);
	return take_text(c->a, guild_buf_take(&key));
}

/* Rows as dicts by the names in the first one. */
static value f_rows(const struct call *c)
{
	struct guild_value *out = guild_value_list(c->a);
	for (size_t i = 1; c->v && c->v->type == GUILD_LIST && i < c->v->n; i++) {
		value names = c->v->items[0];
		value row = c->v->items[i];
		struct guild_value *dict = guild_value_dict(c->a);
		for (size_t j = 0; names->type == GUILD_LIST && row->type == GUILD_LIST &&
				   j < names->n && j < row->n;
			j++) {
			const char *name = guild_value_text(names->items[j]);
			guild_value_set(c->a, dict, name ? name : "", row->items[j]);
		}
		guild_value_append(c->a, out, dict);
	}
	return out;
}

/* Where a file of the run is in the report; none: it was not copied. */
static value f_runfile_link(const struct call *c)
{
	const char *path = guild_value_text(c->v);
	if (!path || !guild_path_is_beneath(path)) {
		return guild_value_null(c->a);
	}
	char *link = guild_path_join("runfiles", path);
	char *full = guild_path_join(c->t->out_dir, link);
	value v = guild_file_exists(full) ? guild_value_string(c->a, link) : guild_value_null(c->a);
	free(full);
	free(link);
	return v;
}

/* What would end a cell of a Markdown table, or its row. */
static value f_cell(const struct call *c)
{
	char *text = text_of(c->v);
	struct guild_buf out = {0};
	for (const char *p = text; *p; p++) {
		if (*p == '|' || *p == '\\') {
			guild_buf_putc(&out, '\\');
		}
		if (*p == '\n' || *p == '\r') {
			guild_buf_putc(&out, ' ');
		} else if (*p == '<') {
			guild_buf_puts(&out, "&lt;");
		} else {
			guild_buf_putc(&out, *p);
		}
	}
	free(text);
	return take_text(c->a, guild_buf_take(&out));
}

static const struct {
	const char *name;
	value (*call)(const struct call *c);
} filters[] = {
	{"csv_dict_rows", f_rows},
	{"empty", f_empty},
	{"file_size", f_file_size},
	{"flag_val", f_flag_val},
	{"md_cell", f_cell},
	{"nbhyph", f_nbhyph},
	{"nbsp", f_nbsp},
	{"runfile_link", f_runfile_link},
	{"scalar_key", f_scalar_key},
	{"short_id", f_short_id},
	{"utc_date", f_utc_date},
};

static int filter(void *arg, const char *name, const struct guild_value *v,
	const struct guild_value *const *args, size_t n_args, struct guild_arena *a,
	const struct guild_value **out)
{
	const struct call c = {.t = arg, .a = a, .v = v, .args = args, .n = n_args};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(filters); i++) {
		if (strcmp(filters[i].name, name) == 0) {
			*out = filters[i].call(&c);
			return 1;
		}
	}
	return 0;
}

/* ---- files ------------------------------------------------------------------------------------------------- */

/* Included files lie below the template. */
static int load(void *arg, const char *name, struct guild_arena *a, struct guild_str *out,
	struct guild_error *err)
{
	const struct guild_publish_template *t = arg;
	struct guild_buf text = {0};
	if (!t->path || !guild_path_is_beneath(name)) {
		return guild_error_set(err, GUILD_ENOTFOUND, "'%s' is not there", name);
	}
	char *dir = guild_is_dir(t->path) ? guild_strdup(t->path) : guild_path_dirname(t->path);
	char *path = guild_path_join(*dir ? dir : ".", name);
	int rc = guild_file_read(path, TEMPLATE_MAX, &text, err);
	if (rc == 0) {
		char *copy = guild_arena_strndup(a, guild_buf_cstr(&text), text.n);
		*out = guild_str_n(copy, text.n);
	}
	guild_buf_fini(&text);
	free(path);
	free(dir);
	return rc;
}

static int render(const struct guild_publish_template *t, struct guild_str text, const char *shown,
	struct guild_buf *out, struct guild_error *err)
{
	struct guild_arena *a = guild_arena_new();
	const struct guild_template_env env = {
		.load = load, .filter = filter, .arg = (void *)(uintptr_t)t};
	int rc = guild_template_render(a, text, shown, t->vars, &env, out, err);
	guild_buf_putc(out, '\n');
	guild_arena_free(a);
	return rc;
}

int guild_publish_render_text(const struct guild_publish_template *t, struct guild_buf *out,
	struct guild_error *err)
{
	return render(t, guild_str(t->text), "README.md", out, err);
}

static int write_out(const struct guild_publish_template *t, const char *name,
	struct guild_str text, const char *shown, struct guild_error *err)
{
	struct guild_buf out = {0};
	char *path = guild_path_join(t->out_dir, name);
	char *dir = guild_path_dirname(path);
	int rc = render(t, text, shown, &out, err);
	rc = rc ? rc : guild_mkdirs(dir, err);
	rc = rc ? rc : guild_file_write(path, out.p, out.n, false, err);
	free(dir);
	free(path);
	guild_buf_fini(&out);
	return rc;
}

static bool is_text(const struct guild_buf *b)
{
	return b->n == 0 || (!memchr(b->p, '\0', b->n) && guild_utf8_valid(b->p, b->n));
}

static int render_file(const struct guild_publish_template *t, const char *from, const char *name,
	struct guild_error *err)
{
	struct guild_buf text = {0};
	int rc = guild_file_read(from, TEMPLATE_MAX, &text, err);
	if (rc == 0 && is_text(&text)) {
		rc = write_out(t, name, guild_buf_str(&text), from, err);
	} else if (rc == 0 || rc == GUILD_ELIMIT) {
		char *path = guild_path_join(t->out_dir, name);
		char *dir = guild_path_dirname(path);
		rc = guild_mkdirs(dir, err);
		rc = rc ? rc : guild_file_copy(from, path, err);
		free(dir);
		free(path);
	}
	guild_buf_fini(&text);
	return rc;
}

static int render_dir(const struct guild_publish_template *t, const char *dir, const char *below,
	struct guild_error *err)
{
	struct guild_strs names = {0};
	int rc = guild_dir_list(dir, &names, err);
	for (size_t i = 0; i < names.n && rc == 0; i++) {
		char *from = guild_path_join(dir, names.v[i]);
		char *name = *below ? guild_path_join(below, names.v[i]) : guild_strdup(names.v[i]);
		struct stat st;
		if (names.v[i][0] == '_' || lstat(from, &st) != 0) {
			; /* there to be included */
		} else if (S_ISDIR(st.st_mode)) {
			rc = render_dir(t, from, name, err);
		} else if (guild_is_file(from)) {
			rc = render_file(t, from, name, err);
		}
		free(name);
		free(from);
	}
	guild_strs_fini(&names);
	return rc;
}

int guild_publish_render(const struct guild_publish_template *t, struct guild_error *err)
{
	if (!t->path) {
		return write_out(t, "README.md", guild_str(t->text), "README.md", err);
	}
	if (guild_is_dir(t->path)) {
		return render_dir(t, t->path, "", err);
	}
	if (!guild_is_file(t->path)) {
		return guild_error_set(err, GUILD_ENOTFOUND, "template '%s' does not exist",
			t->path);
	}
	return render_file(t, t->path, "README.md", err);
}
