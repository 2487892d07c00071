/* The files of a run as the document of a run lists them: where they link to, and what a viewer could make of them. */

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store_private.h"

enum { TEXT_SAMPLE_BYTES = 1024, STRANGE_BYTES_PERCENT = 30, DEPTH_MAX = 200 };

/* What a kind of file is called, with the icon and the viewer of Guild View. */
struct file_type {
	const char *type, *icon, *tooltip, *viewer;
};
static const struct file_type text_type = {"Text file", "file-document", "Text file", "text"};
static const struct file_type other_type = {"File", "file", "File", NULL};
static const struct file_type table_type = {"Table", "file-delimited", "Delimited", "table"};
static const struct file_type image_type = {"Image", "file-image", "Image", "image"};
static const struct file_type audio_type = {"Audio", "file-music", "Audio", NULL};
static const struct file_type midi_type = {"Audio", "file-music", "Audio", "midi"};
static const struct file_type events_type = {"Event log", "file-chart", "File", NULL};

/* Names of Guild AI 0.9.0, seen by asking it for one file of each. */
static const struct {
	const char *ext;
	const struct file_type *type;
} types[] = {
	{".7z", &other_type},
	{".ai", &other_type},
	{".aif", &other_type},
	{".avi", &other_type},
	{".bin", &other_type},
	{".bmp", &other_type},
	{".csv", &table_type},
	{".doc", &other_type},
	{".docx", &other_type},
	{".gif", &image_type},
	{".gz", &other_type},
	{".ico", &other_type},
	{".jpeg", &image_type},
	{".jpg", &image_type},
	{".mid", &midi_type},
	{".midi", &midi_type},
	{".mov", &other_type},
	{".mp3", &audio_type},
	{".mp4", &other_type},
	{".mpa", &other_type},
	{".mpeg", &other_type},
	{".ogg", &other_type},
	{".pdf", &other_type},
	{".pickle", &other_type},
	{".pkl", &other_type},
	{".png", &image_type},
	{".ppt", &other_type},
	{".pptx", &other_type},
	{".ps", &other_type},
	{".psd", &other_type},
	{".pyc", &other_type},
	{".rar", &other_type},
	{".svg", &other_type},
	{".swf", &other_type},
	{".tar", &other_type},
	{".tif", &other_type},
	{".tiff", &image_type},
	{".tsv", &table_type},
	{".wav", &audio_type},
	{".wma", &other_type},
	{".wmv", &other_type},
	{".xls", &other_type},
	{".xlsx", &other_type},
	{".xz", &other_type},
	{".zip", &other_type},
};

static bool is_strange(unsigned char c)
{
	return (c < ' ' && !strchr("\n\r\t\f\b", c)) || c >= 0x7f;
}

/* UTF-8, whose last character the sample may have cut. */
static bool is_cut_utf8(const struct guild_buf *b)
{
	for (size_t cut = 0; cut < 4 && cut <= b->n; cut++) {
		if (guild_utf8_valid(b->p, b->n - cut)) {
			return true;
		}
	}
	return false;
}

static bool is_text(const struct guild_buf *b)
{
	size_t strange = 0, controls = 0;

	if (b->n >= 2 && (memcmp(b->p, "\xff\xfe", 2) == 0 || memcmp(b->p, "\xfe\xff", 2) == 0)) {
		return true; /* UTF-16 says so itself */
	}
	for (size_t i = 0; i < b->n; i++) {
		unsigned char c = (unsigned char)b->p[i];

		if (c == '\0') {
			return false;
		}
		strange += is_strange(c);
		controls += is_strange(c) && c <= 0x7f;
	}
	size_t counted = is_cut_utf8(b) ? controls : strange;

	return counted * 100 <= b->n * STRANGE_BYTES_PERCENT;
}

static bool has_text(const char *path)
{
	char sample[TEXT_SAMPLE_BYTES];
	FILE *f = fopen(path, "rb");
	size_t n = f ? fread(sample, 1, sizeof(sample), f) : 0;

	if (f) {
		fclose(f);
	}
	return is_text(&(struct guild_buf){.p = sample, .n = n});
}

static const struct file_type *type_of(const char *path, const struct stat *target)
{
	const char *ext = guild_path_ext(path);

	for (size_t i = 0; i < GUILD_ARRAY_LEN(types); i++) {
		if (strcasecmp(ext, types[i].ext) == 0) {
			return types[i].type;
		}
	}
	if (strstr(guild_path_basename(path), ".tfevents.")) {
		return &events_type;
	}
	/* A pipe or a device would keep whoever reads it waiting. */
	return target && S_ISREG(target->st_mode) && has_text(path) ? &text_type : &other_type;
}

/* ---- links to other runs ------------------------------------------------------------------------------------- */

static char *first_part(const char *path, const char *dir, const char **rest)
{
	size_t n = strlen(dir);

	if (strncmp(path, dir, n) != 0 || path[n] != '/' || path[n + 1] == '\0') {
		return NULL;
	}
	char *part = guild_strndup(path + n + 1, strcspn(path + n + 1, "/"));

	*rest = path + n + 1 + strlen(part);
	*rest += **rest == '/';
	return part;
}

char *guild_run_of_path(const struct guild_run *r, const char *path, const char **rest)
{
	char *runs = guild_path_dirname(r->dir);
	char *id = first_part(path, runs, rest);

	if (!id) {
		char *real = guild_path_real(runs);

		id = first_part(path, real, rest);
		free(real);
	}
	free(runs);
	return id;
}

char *guild_run_neighbour_operation(const struct guild_run *r, const char *id, bool *is_there)
{
	char *runs = guild_path_dirname(r->dir);
	char *dir = guild_path_join(runs, id);
	struct guild_run other = {0};
	char *operation;

	*is_there = guild_run_open(dir, &other, NULL) == 0;
	operation = *is_there ? guild_run_display_name(&other)
			      : guild_format("%.*s (deleted)", GUILD_RUN_SHORT_LEN, id);
	guild_run_fini(&other);
	free(dir);
	free(runs);
	return operation;
}

struct lister {
	const struct guild_run *run;
	struct guild_arena *arena;
	struct guild_value *list;
	unsigned version;
};

static void set_text(struct lister *l, struct guild_value *item, const char *key, const char *text)
{
	guild_value_set(l->arena, item, key, guild_value_string(l->arena, text));
}

/* Where a link leads, also one that leads nowhere. */
static char *link_target(const char *full)
{
	char text[PATH_MAX];
	ssize_t n = readlink(full, text, sizeof(text) - 1);
	char *dir = guild_path_dirname(full);

	text[n > 0 ? n : 0] = '\0';
	char *joined = guild_path_join(dir, text);
	char *real = guild_path_real(joined);

	free(joined);
	free(dir);
	return real;
}

/* The run that a link leads into. */
struct link_source {
	char *operation; /* NULL: it leads into none */
	char *run;       /* NULL: that is no more */
};

static void find_source(const struct guild_run *r, const char *full, struct link_source *out)
{
	char *target = link_target(full);
	const char *rest;
	char *id = guild_run_of_path(r, target, &rest);
	bool is_there = false;

	if (id) {
		out->operation = guild_run_neighbour_operation(r, id, &is_there);
		out->run = is_there ? guild_strndup(id, strnlen(id, GUILD_RUN_SHORT_LEN)) : NULL;
	}
	free(id);
	free(target);
}

/* `target`: what is there, behind a link; NULL: nothing. */
static void put_type(struct lister *l, struct guild_value *item, const char *full,
	const struct stat *target, bool is_link, bool of_run)
{
	struct file_type shown = *type_of(full, target);

	if (is_link) {
		bool is_dir = target && S_ISDIR(target->st_mode);

		shown.type = of_run ? "Link to operation output" : "Link";
		shown.icon = is_dir ? "folder-move" : "file-send";
		shown.tooltip = "Link";
	}
	set_text(l, item, "type", shown.type);
	set_text(l, item, "icon", shown.icon);
	set_text(l, item, "iconTooltip", shown.tooltip);
	set_text(l, item, "viewer", shown.viewer);
}

static void add_file(struct lister *l, const char *path, const char *full, bool is_link)
{
	struct guild_value *item = guild_value_dict(l->arena);
	struct link_source source = {0};
	struct stat target;
	bool is_there = stat(full, &target) == 0;
	struct guild_value *size = guild_value_null(l->arena);
	struct guild_value *mtime = size;

	if (is_there) {
		size = guild_value_int(l->arena, target.st_size);
		mtime = guild_value_int(l->arena,
			(int64_t)target.st_mtim.tv_sec * 1000 + target.st_mtim.tv_nsec / 1000000);
	}
	set_text(l, item, "path", path);
	guild_value_set(l->arena, item, "size", size);
	guild_value_set(l->arena, item, "mtime", mtime);
	if (is_link) {
		find_source(l->run, full, &source);
	}
	if (l->version == 1) {
		put_type(l, item, full, is_there ? &target : NULL, is_link,
			source.operation != NULL);
	}
	set_text(l, item, "operation", source.operation);
	set_text(l, item, "run", source.run);
	guild_value_append(l->arena, l->list, item);
	free(source.operation);
	free(source.run);
}

static void walk(struct lister *l, const char *below, size_t depth)
{
	char *dir = guild_path_join(l->run->dir, below);
	struct guild_strs names = {0};

	(void)guild_dir_list(dir, &names, NULL); /* what cannot be read has no files to list */
	for (size_t i = 0; i < names.n; i++) {
		char *path = guild_path_join(below, names.v[i]);
		char *full = guild_path_join(l->run->dir, path);
		struct stat st;

		if (strcmp(path, ".guild") != 0 && lstat(full, &st) == 0) {
			if (!S_ISDIR(st.st_mode)) {
				add_file(l, path, full, S_ISLNK(st.st_mode));
			} else if (depth < DEPTH_MAX) {
				walk(l, path, depth + 1);
			}
		}
		free(full);
		free(path);
	}
	guild_strs_fini(&names);
	free(dir);
}

static int cmp_paths(const void *a, const void *b)
{
	const struct guild_value *const *x = a, *const *y = b;

	return guild_natural_cmp(guild_value_text(guild_value_get(*x, "path")),
		guild_value_text(guild_value_get(*y, "path")));
}

struct guild_value *guild_run_files(const struct guild_run *r, struct guild_arena *a,
	unsigned version)
{
	struct lister l = {.run = r, .arena = a, .list = guild_value_list(a), .version = version};

	walk(&l, "", 0);
	if (l.list->n > 0) {
		qsort(l.list->items, l.list->n, sizeof(struct guild_value *), cmp_paths);
	}
	return l.list;
}
