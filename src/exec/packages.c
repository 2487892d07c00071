/*
 * Installed Python packages as `pip freeze` lists them, read from their metadata directories (PEP 376, 610, 660; setuptools'
 * egg-info and egg-link), without starting pip. The answer is cached by the times of every directory and file it came from;
 * only the commits of editable installs are read again each time.
 */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>

#include "exec_private.h"

enum {
	HEAD_MAX = 1 << 20,
	CACHE_MAX = 16 << 20,
	/* A directory changed a moment ago may change again within the resolution of its time. */
	RACY_NS = 50 * 1000 * 1000,
};

struct package {
	char *canonical;
	char *name;
	char *line;     /* what is printed, NULL for editable installs */
	char *display;  /* name==version */
	char *location; /* editable installs: where the project is */
};

struct packages {
	struct package *v;
	size_t n, cap;
	struct guild_strs stamps;
	struct guild_map found; /* canonical name -> non-NULL */
	struct guild_map links; /* names of .egg-link files anywhere on the path */
	bool is_racy;
};

static void packages_fini(struct packages *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->v[i].canonical);
		free(p->v[i].name);
		free(p->v[i].line);
		free(p->v[i].display);
		free(p->v[i].location);
	}
	free(p->v);
	guild_strs_fini(&p->stamps);
	guild_map_fini(&p->found);
	guild_map_fini(&p->links);
}

/* "MTIME CTIME SIZE PATH": equal as long as nobody touched the file or directory. */
static char *stamp_of(const char *path, bool *is_racy)
{
	struct stat st;
	if (stat(path, &st) != 0) {
		return guild_format("- - - %s", path);
	}
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	int64_t age_ns = ((int64_t)now.tv_sec - st.st_ctim.tv_sec) * 1000000000 + now.tv_nsec -
			 st.st_ctim.tv_nsec;
	*is_racy = *is_racy || (age_ns >= 0 && age_ns < RACY_NS);
	return guild_format("%lld.%09ld %lld.%09ld %lld %s", (long long)st.st_mtim.tv_sec,
		st.st_mtim.tv_nsec, (long long)st.st_ctim.tv_sec, st.st_ctim.tv_nsec,
		(long long)st.st_size, path);
}

static void add_stamp(struct packages *p, const char *path)
{
	guild_strs_take(&p->stamps, stamp_of(path, &p->is_racy));
}

/* ---- one package ------------------------------------------------------------------------------------ */

/* Runs of "-_." become one "-", letters lower case (PEP 503). */
static char *canonical_name(const char *name)
{
	struct guild_buf b = {0};
	for (const char *p = name; *p; p++) {
		if (strchr("-_.", *p)) {
			if (b.n == 0 || b.p[b.n - 1] != '-') {
				guild_buf_putc(&b, '-');
			}
		} else {
			guild_buf_putc(&b, (char)tolower((unsigned char)*p));
		}
	}
	return guild_buf_take(&b);
}

static char *header(const char *text, const char *key)
{
	size_t n_key = strlen(key);
	for (const char *p = text; *p && *p != '\n' && *p != '\r';) {
		size_t n = strcspn(p, "\n");
		if (n > n_key && strncasecmp(p, key, n_key) == 0 && p[n_key] == ':') {
			struct guild_str s =
				guild_str_trim(guild_str_n(p + n_key + 1, n - n_key - 1));
			return guild_strndup(s.p, s.n);
		}
		p += n + (p[n] == '\n');
	}
	return NULL;
}

static bool read_metadata(const char *info, char **name, char **version)
{
	static const char *const files[] = {"METADATA", "PKG-INFO", NULL};
	struct guild_buf text = {0};
	bool found = guild_is_file(info) && guild_file_read(info, HEAD_MAX, &text, NULL) == 0;
	for (size_t i = 0; files[i] && !found; i++) {
		char *path = guild_path_join(info, files[i]);
		guild_buf_reset(&text);
		found = guild_file_read(path, HEAD_MAX, &text, NULL) == 0;
		free(path);
	}
	*name = found ? header(guild_buf_cstr(&text), "Name") : NULL;
	*version = found ? header(guild_buf_cstr(&text), "Version") : NULL;
	guild_buf_fini(&text);
	if (*name && *version) {
		return true;
	}
	free(*name);
	free(*version);
	return false;
}

/* PEP 610: where the package was installed from, when not from an index. */
static char *direct_reference(const struct guild_value *url_json, const char *name)
{
	const char *url = guild_value_text(guild_value_get(url_json, "url"));
	const struct guild_value *vcs = guild_value_get(url_json, "vcs_info");
	const struct guild_value *archive = guild_value_get(url_json, "archive_info");
	const char *subdirectory = guild_value_text(guild_value_get(url_json, "subdirectory"));
	struct guild_buf b = {0};
	if (vcs) {
		const char *kind = guild_value_text(guild_value_get(vcs, "vcs"));
		const char *commit = guild_value_text(guild_value_get(vcs, "commit_id"));
		guild_buf_printf(&b, "%s @ %s+%s@%s", name, kind ? kind : "git", url,
			commit ? commit : "");
	} else {
		guild_buf_printf(&b, "%s @ %s", name, url);
	}
	const char *hash = guild_value_text(guild_value_get(archive, "hash"));
	const char *sep = "#";
	if (hash) {
		guild_buf_printf(&b, "%s%s", sep, hash);
		sep = "&";
	}
	if (subdirectory) {
		guild_buf_printf(&b, "%ssubdirectory=%s", sep, subdirectory);
	}
	return guild_buf_take(&b);
}

/* file:///a%20b -> "/a b" */
static char *url_path(const char *url)
{
	struct guild_buf b = {0};
	const char *p = guild_starts(url, "file://") ? url + 7 : url;
	for (; *p; p++) {
		char hex[3] = {p[0] == '%' ? p[1] : 0, p[0] == '%' && p[1] ? p[2] : 0, 0};
		if (isxdigit((unsigned char)hex[0]) && isxdigit((unsigned char)hex[1])) {
			guild_buf_putc(&b, (char)strtoul(hex, NULL, 16));
			p += 2;
		} else {
			guild_buf_putc(&b, *p);
		}
	}
	return guild_buf_take(&b);
}

static void read_direct_url(const char *info, struct package *out)
{
	char *path = guild_path_join(info, "direct_url.json");
	struct guild_buf text = {0};
	struct guild_value *v = NULL;
	struct guild_arena *a = guild_arena_new();
	if (guild_file_read(path, HEAD_MAX, &text, NULL) == 0 &&
		guild_json_parse(a, guild_buf_str(&text), path, &v, NULL) == 0 &&
		guild_value_text(guild_value_get(v, "url"))) {
		const struct guild_value *dir = guild_value_get(v, "dir_info");
		if (guild_value_truthy(guild_value_get(dir, "editable"))) {
			out->location = url_path(guild_value_text(guild_value_get(v, "url")));
		} else {
			out->line = direct_reference(v, out->name);
		}
	}
	guild_arena_free(a);
	guild_buf_fini(&text);
	free(path);
}

/* Whether an .egg-link names the package: then pip takes whichever it finds first for a development install. */
static bool has_link(const struct packages *all, const char *name)
{
	struct guild_buf safe = {0};
	for (const char *p = name; *p; p++) {
		if (isalnum((unsigned char)*p) || *p == '.') {
			guild_buf_putc(&safe, *p);
		} else if (safe.n == 0 || safe.p[safe.n - 1] != '-') {
			guild_buf_putc(&safe, '-');
		}
	}
	bool found = guild_map_has(&all->links, guild_buf_cstr(&safe)) ||
		     guild_map_has(&all->links, name);
	guild_buf_fini(&safe);
	return found;
}

static void add_package(struct packages *all, const char *info)
{
	struct package p = {0};
	char *version;
	if (!read_metadata(info, &p.name, &version)) {
		return;
	}
	p.canonical = canonical_name(p.name);
	if (guild_map_has(&all->found, p.canonical)) {
		free(p.canonical);
		free(p.name);
		free(version);
		return;
	}
	struct guild_buf normal = {0};
	if (guild_pep440_normalize(version, &normal)) {
		p.display = guild_format("%s==%s", p.name, guild_buf_cstr(&normal));
	} else {
		p.display = guild_format("%s===%s", p.name, version);
	}
	guild_buf_fini(&normal);
	free(version);
	read_direct_url(info, &p);
	if (!p.line && !p.location && has_link(all, p.name)) {
		p.location = guild_path_dirname(info);
	}
	if (!p.line && !p.location) {
		p.line = guild_strdup(p.display);
	}
	guild_map_put(&all->found, p.canonical, all);
	all->v = guild_grow_array(all->v, &all->cap, all->n + 1, sizeof(*all->v));
	all->v[all->n++] = p;
}

/* ---- one directory of packages ---------------------------------------------------------------------- */

static bool is_info(const char *name)
{
	return guild_ends(name, ".dist-info") || guild_ends(name, ".egg-info");
}

/* setuptools' development installs: a file naming the project directory, whose egg-info holds the metadata. */
static void add_egg_link(struct packages *all, const char *dir, const char *file)
{
	struct guild_buf text = {0};
	char *path = guild_path_join(dir, file);
	add_stamp(all, path);
	if (guild_file_read(path, HEAD_MAX, &text, NULL) == 0 && text.n > 0) {
		struct guild_str line = guild_str_trim(guild_str_n(text.p, strcspn(text.p, "\n")));
		char *rel = guild_strndup(line.p, line.n);
		char *joined = guild_path_join(dir, rel);
		char *target = guild_path_normalize(joined);
		struct guild_strs names = {0};
		if (guild_dir_list(target, &names, NULL) == 0) {
			add_stamp(all, target);
		}
		for (size_t i = 0; i < names.n; i++) {
			if (is_info(names.v[i])) {
				char *info = guild_path_join(target, names.v[i]);
				add_package(all, info);
				free(info);
			}
		}
		guild_strs_fini(&names);
		free(rel);
		free(joined);
		free(target);
	}
	free(path);
	guild_buf_fini(&text);
}

/* An unpacked egg: its metadata is in EGG-INFO. */
static void add_egg(struct packages *all, const char *dir, const char *name)
{
	char *info = guild_path_join3(dir, name, "EGG-INFO");
	if (guild_is_dir(info)) {
		add_package(all, info);
	}
	free(info);
}

static void scan(struct packages *all, const char *dir)
{
	struct guild_strs names = {0};
	add_stamp(all, dir);
	if (guild_dir_list(dir, &names, NULL) != 0) {
		return;
	}
	for (size_t i = 0; i < names.n; i++) {
		if (is_info(names.v[i])) {
			char *info = guild_path_join(dir, names.v[i]);
			add_package(all, info);
			free(info);
		}
	}
	for (size_t i = 0; i < names.n; i++) {
		if (guild_ends(names.v[i], ".egg")) {
			add_egg(all, dir, names.v[i]);
		}
	}
	for (size_t i = 0; i < names.n; i++) {
		if (guild_ends(names.v[i], ".egg-link")) {
			add_egg_link(all, dir, names.v[i]);
		}
	}
	guild_strs_fini(&names);
}

static void find_links(struct packages *all, const char *dir)
{
	struct guild_strs names = {0};
	(void)guild_dir_list(dir, &names, NULL);
	for (size_t i = 0; i < names.n; i++) {
		if (guild_ends(names.v[i], ".egg-link")) {
			names.v[i][strlen(names.v[i]) - strlen(".egg-link")] = 0;
			guild_map_put(&all->links, names.v[i], all);
		}
	}
	guild_strs_fini(&names);
}

/* Paths that .pth files of a site directory put on sys.path. */
static void add_pth(struct packages *all, const char *dir, struct guild_strs *dirs)
{
	struct guild_strs names = {0};
	if (guild_dir_list(dir, &names, NULL) != 0) {
		return;
	}
	for (size_t i = 0; i < names.n; i++) {
		struct guild_buf text = {0};
		struct guild_strs lines = {0};
		char *path = NULL;
		if (guild_ends(names.v[i], ".pth")) {
			path = guild_path_join(dir, names.v[i]);
			add_stamp(all, path);
			if (guild_file_read(path, HEAD_MAX, &text, NULL) == 0) {
				guild_strs_split(&lines, guild_buf_cstr(&text), '\n');
			}
		}
		for (size_t k = 0; k < lines.n; k++) {
			struct guild_str line = guild_str_trim(guild_str(lines.v[k]));
			if (line.n == 0 || line.p[0] == '#' || guild_str_starts(line, "import ") ||
				guild_str_starts(line, "import\t")) {
				continue;
			}
			char *rel = guild_strndup(line.p, line.n);
			char *full = guild_path_join(dir, rel);
			char *target = guild_path_normalize(full);
			if (guild_is_dir(target) && !guild_strs_has(dirs, target)) {
				guild_strs_add(dirs, target);
			}
			free(rel);
			free(full);
			free(target);
		}
		free(path);
		guild_buf_fini(&text);
		guild_strs_fini(&lines);
	}
	guild_strs_fini(&names);
}

/* ---- the list ------------------------------------------------------------------------------------------ */

static int by_name(const void *a, const void *b)
{
	const struct package *x = a;
	const struct package *y = b;
	int order = strcasecmp(x->name, y->name);
	return order ? order : strcmp(x->name, y->name);
}

/* What pip counts as its own tools: not listed. */
static bool is_tool(const struct guild_python *py, const char *canonical)
{
	int64_t minor = 0;
	const char *dot = strchr(py->version, '.');
	if (dot) {
		(void)guild_parse_i64(dot + 1, strcspn(dot + 1, "."), &minor);
	}
	if (strcmp(canonical, "pip") == 0) {
		return true;
	}
	return minor < 12 &&
	       (strcmp(canonical, "setuptools") == 0 || strcmp(canonical, "wheel") == 0 ||
		       strcmp(canonical, "distribute") == 0);
}

static void scan_all(const struct guild_python *py, struct packages *all)
{
	struct guild_strs dirs = {0};
	for (size_t i = 0; i < py->site_dirs.n; i++) {
		guild_strs_add(&dirs, py->site_dirs.v[i]);
	}
	for (size_t i = 0; i < py->site_dirs.n; i++) {
		add_pth(all, py->site_dirs.v[i], &dirs);
	}
	for (size_t i = 0; i < dirs.n; i++) {
		find_links(all, dirs.v[i]);
	}
	for (size_t i = 0; i < dirs.n; i++) {
		scan(all, dirs.v[i]);
	}
	guild_strs_fini(&dirs);
	size_t kept = 0;
	for (size_t i = 0; i < all->n; i++) {
		if (is_tool(py, all->v[i].canonical)) {
			struct packages one = {.v = guild_alloc(sizeof(struct package)), .n = 1};
			one.v[0] = all->v[i];
			packages_fini(&one);
		} else {
			all->v[kept++] = all->v[i];
		}
	}
	all->n = kept;
	if (all->n > 0) {
		qsort(all->v, all->n, sizeof(*all->v), by_name);
	}
}

/* ---- the cache: "S stamp", "P line", "E display<TAB>name<TAB>location" --------------------------------- */

#define CACHE_HEAD "guild packages 1\n"

static char *cache_path(const struct guild_python *py, const char *cache_dir)
{
	struct guild_buf key = {0};
	guild_buf_printf(&key, "%s\n%s\n", py->exe, py->version);
	for (size_t i = 0; i < py->site_dirs.n; i++) {
		guild_buf_printf(&key, "%s\n", py->site_dirs.v[i]);
	}
	char hash[33];
	guild_fast_hash(key.p, key.n, hash);
	guild_buf_fini(&key);
	char *dir = guild_path_join(cache_dir, "packages");
	char *path = guild_mkdirs(dir, NULL) == 0 ? guild_path_join(dir, hash) : NULL;
	free(dir);
	return path;
}

static bool cache_load(const char *path, struct packages *all)
{
	struct guild_buf text = {0};
	struct guild_strs lines = {0};
	bool ok = guild_file_read(path, CACHE_MAX, &text, NULL) == 0 &&
		  guild_starts(guild_buf_cstr(&text), CACHE_HEAD) && guild_ends(text.p, "\n.\n");
	if (ok) {
		guild_strs_split(&lines, text.p + strlen(CACHE_HEAD), '\n');
	}
	for (size_t i = 0; i < lines.n && ok; i++) {
		const char *line = lines.v[i];
		struct package p = {0};
		if (line[0] == 'S') {
			const char *place = line;
			for (int k = 0; place && k < 4; k++) {
				place = strchr(place + 1, ' ');
			}
			bool is_racy = false;
			char *now = place ? stamp_of(place + 1, &is_racy) : NULL;
			ok = now && strcmp(now, line + 2) == 0;
			free(now);
			continue;
		}
		struct guild_strs parts = {0};
		if (line[0] == 'P') {
			p.line = guild_strdup(line + 2);
		} else if (line[0] == 'E') {
			guild_strs_split(&parts, line + 2, '\t');
			ok = parts.n == 3;
			if (ok) {
				p.display = guild_strdup(parts.v[0]);
				p.name = guild_strdup(parts.v[1]);
				p.location = guild_strdup(parts.v[2]);
			}
		}
		guild_strs_fini(&parts);
		if (p.line || p.location) {
			all->v = guild_grow_array(all->v, &all->cap, all->n + 1, sizeof(*all->v));
			all->v[all->n++] = p;
		}
	}
	guild_strs_fini(&lines);
	guild_buf_fini(&text);
	return ok;
}

static void cache_save(const char *path, const struct packages *all)
{
	struct guild_buf b = {0};
	guild_buf_puts(&b, CACHE_HEAD);
	for (size_t i = 0; i < all->stamps.n; i++) {
		guild_buf_printf(&b, "S %s\n", all->stamps.v[i]);
	}
	for (size_t i = 0; i < all->n; i++) {
		const struct package *p = &all->v[i];
		if (p->line) {
			guild_buf_printf(&b, "P %s\n", p->line);
		} else {
			guild_buf_printf(&b, "E %s\t%s\t%s\n", p->display, p->name, p->location);
		}
	}
	guild_buf_puts(&b, ".\n");
	/* A cache that cannot be written only costs time; a line break in a name would make it a lie. */
	bool is_plain = true;
	for (size_t i = 0; i < all->n; i++) {
		const char *text = all->v[i].line ? all->v[i].line : all->v[i].location;
		is_plain = is_plain && !strpbrk(text, "\n\t");
	}
	if (is_plain) {
		(void)guild_file_write(path, b.p, b.n, false, NULL);
	}
	guild_buf_fini(&b);
}

int guild_python_packages(const struct guild_python *p, const char *cache_dir,
	struct guild_strs *out, struct guild_error *err)
{
	(void)err;
	struct packages all = {0};
	char *path = cache_dir ? cache_path(p, cache_dir) : NULL;
	if (!path || !cache_load(path, &all)) {
		packages_fini(&all);
		memset(&all, 0, sizeof(all));
		scan_all(p, &all);
		if (path && !all.is_racy) {
			cache_save(path, &all);
		}
	}
	for (size_t i = 0; i < all.n; i++) {
		if (all.v[i].line) {
			guild_strs_add(out, all.v[i].line);
		} else {
			guild_editable_lines(all.v[i].location, all.v[i].name, all.v[i].display,
				out);
		}
	}
	free(path);
	packages_fini(&all);
	return 0;
}
