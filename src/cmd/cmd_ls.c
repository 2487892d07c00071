/* guild ls: files of a run (cli.md 1.2, 3.4). */

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd.h"

static const struct guild_opt opts[] = {
	{.names = "-p --path",
		.value = "PATH",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_RUN_FILE,
		.help = "Only PATH, relative to the run, and what is below; each part may hold '*' and "
			"'?'."},
	{.names = "-s --sourcecode", .help = "Only source code files."},
	{.names = "-d --dependencies", .help = "Only files the run was given as dependencies."},
	{.names = "-g --generated", .help = "Only files the run made."},
	{.names = "-a --all", .help = "Hidden files too."},
	{.names = "-f --full-path", .help = "Print full paths."},
	{.names = "-L --follow-links", .help = "List what is below links to directories."},
	{.names = "-n --no-format", .help = "Neither heading nor indent."},
	{.names = "-h --human-readable", .hidden = true, .help = "Accepted, has no effect."},
	{0},
};
static const struct guild_opt *const tables[] = {
	opts, guild_json_opts, guild_filter_opts, guild_status_opts, guild_remote_opts, NULL};
static const struct guild_arg run_args[] = {
	{.name = "RUN",
		.complete = GUILD_COMPLETE_RUN,
		.help = "Run by index or id; the latest when omitted."},
	{0},
};

/* ---- what is asked for ------------------------------------------------------------------------------ */

struct listing {
	const struct guild_run *run;
	struct guild_strs pattern; /* parts of --path */
	bool all, follow;
	bool by_class; /* -s, -d or -g */
	bool sourcecode, dependencies, generated;
	struct guild_map source_files, dependency_files;
	struct guild_strs found; /* directories end in '/' */
};

static bool is_glob(const char *part)
{
	return strpbrk(part, "*?") != NULL;
}

static bool part_matches(const char *pattern, const char *name)
{
	return is_glob(pattern) ? guild_fnmatch(pattern, name) : strcmp(pattern, name) == 0;
}

/* Whether a name `depth` parts down may be part of the answer. */
static bool wants_name(const struct listing *l, const char *name, size_t depth)
{
	const char *pattern = depth < l->pattern.n ? l->pattern.v[depth] : NULL;

	if (pattern && !part_matches(pattern, name)) {
		return false;
	}
	bool asked_hidden = pattern && pattern[0] == '.';

	return name[0] != '.' || l->all || asked_hidden ||
	       (l->by_class && strcmp(name, ".guild") != 0);
}

static bool under_dependency(const struct listing *l, const char *path)
{
	char *part = guild_strdup(path);
	bool found = guild_map_has(&l->dependency_files, part);

	for (char *slash; !found && (slash = strrchr(part, '/'));) {
		*slash = '\0';
		found = guild_map_has(&l->dependency_files, part);
	}
	free(part);
	return found;
}

static bool wants_file(const struct listing *l, const char *path)
{
	if (!l->by_class) {
		return true;
	}
	bool source = guild_map_has(&l->source_files, path);
	bool dependency = !source && under_dependency(l, path);
	bool own = guild_starts(path, ".guild/"); /* guild's, not the program's */

	return (l->sourcecode && source) || (l->dependencies && dependency) ||
	       (l->generated && !source && !dependency && !own);
}

/* ---- walking ------------------------------------------------------------------------------------------- */

static void add_path(struct listing *l, const char *path, bool is_dir, size_t depth)
{
	if (depth + 1 < l->pattern.n || (is_dir && l->by_class) ||
		(!is_dir && !wants_file(l, path))) {
		return;
	}
	guild_strs_addf(&l->found, "%s%s", path, is_dir ? "/" : "");
}

/* The directories from the run down to where the walk is. */
struct place {
	const struct place *up;
	dev_t dev;
	ino_t ino;
};

/* Links may lead back up: what is being listed already is not entered again. */
static bool is_above(const struct place *here, const struct stat *st)
{
	for (; here; here = here->up) {
		if (here->dev == st->st_dev && here->ino == st->st_ino) {
			return true;
		}
	}
	return false;
}

static void walk(struct listing *l, const char *below, size_t depth, const struct place *up)
{
	char *dir = guild_path_join(l->run->dir, below);
	struct guild_strs names = {0};
	struct stat own = {0};

	(void)stat(dir, &own);
	const struct place here = {.up = up, .dev = own.st_dev, .ino = own.st_ino};

	(void)guild_dir_list(dir, &names, NULL); /* what cannot be read has nothing to show */
	for (size_t i = 0; i < names.n; i++) {
		struct stat st, target;

		if (!wants_name(l, names.v[i], depth)) {
			continue;
		}
		char *path = guild_path_join(below, names.v[i]);
		char *full = guild_path_join(l->run->dir, path);

		if (lstat(full, &st) == 0) {
			bool is_link = S_ISLNK(st.st_mode);
			bool is_dir = S_ISDIR(st.st_mode) || (is_link && stat(full, &target) == 0 &&
								     S_ISDIR(target.st_mode));

			add_path(l, path, is_dir, depth);
			if (is_dir && (!is_link || (l->follow && !is_above(&here, &target)))) {
				walk(l, path, depth + 1, &here);
			}
		}
		free(path);
		free(full);
	}
	guild_strs_fini(&names);
	free(dir);
}

/* Order of paths without the mark of directories: a directory comes before what is in it. */
static int cmp_paths(const void *a, const void *b)
{
	const char *pa = *(char *const *)a, *pb = *(char *const *)b;
	struct guild_str sa = guild_str(pa), sb = guild_str(pb);
	char *x = guild_strndup(sa.p, sa.n - guild_str_ends(sa, "/"));
	char *y = guild_strndup(sb.p, sb.n - guild_str_ends(sb, "/"));
	int c = guild_natural_cmp(x, y);

	free(x);
	free(y);
	return c;
}

static int read_classes(struct listing *l, struct guild_arena *a, struct guild_error *err)
{
	struct guild_manifest manifest = {0};
	int rc = guild_manifest_read(l->run, a, &manifest, NULL, err);

	for (size_t i = 0; rc == 0 && i < manifest.n; i++) {
		const struct guild_manifest_entry *e = &manifest.v[i];
		struct guild_map *map = e->kind == 's' ? &l->source_files : &l->dependency_files;

		guild_map_put(map, e->path, (void *)l);
	}
	return rc;
}

static int split_path(struct listing *l, const char *path, struct guild_error *err)
{
	if (!path) {
		return 0;
	}
	if (guild_path_is_abs(path)) {
		return guild_error_set(err, GUILD_EINVALID, "PATH must be relative");
	}
	char *plain = guild_path_normalize(path);

	if (strcmp(plain, ".") != 0) {
		guild_strs_split(&l->pattern, plain, '/');
	}
	free(plain);
	return 0;
}

/* ---- printing -------------------------------------------------------------------------------------------- */

static void print_text(const struct guild_ctx *ctx, const struct guild_args *args,
	const struct listing *l)
{
	bool full = guild_args_flag(args, "full-path");
	bool plain = full || guild_args_flag(args, "no-format");

	if (!plain) {
		const char *no_path = guild_ctx_env(ctx, "NO_HEADER_PATH");
		char *dir = no_path && strcmp(no_path, "1") == 0
				    ? guild_strdup(l->run->id)
				    : guild_path_compress_user(l->run->dir, ctx->user_home);

		printf("%s:\n", dir);
		free(dir);
	}
	for (size_t i = 0; i < l->found.n; i++) {
		if (full) {
			printf("%s/%s\n", l->run->dir, l->found.v[i]);
		} else {
			printf("%s%s\n", plain ? "" : "  ", l->found.v[i]);
		}
	}
}

static void print_json(const struct guild_ctx *ctx, const struct listing *l)
{
	struct guild_arena *a = ctx->arena;
	struct guild_value *doc = guild_value_dict(a), *files = guild_value_list(a);

	for (size_t i = 0; i < l->found.n; i++) {
		struct guild_value *item = guild_value_dict(a);
		struct guild_str path = guild_str(l->found.v[i]);
		char *full = guild_path_join(l->run->dir, l->found.v[i]);
		struct stat st = {0};
		bool is_dir = guild_str_ends(path, "/");
		bool known = stat(full, &st) == 0;

		guild_value_set(a, item, "path", guild_value_string_n(a, path.p, path.n - is_dir));
		guild_value_set(a, item, "type", guild_value_string(a, is_dir ? "dir" : "file"));
		guild_value_set(a, item, "size",
			known && !is_dir ? guild_value_int(a, st.st_size) : guild_value_null(a));
		guild_value_append(a, files, item);
		free(full);
	}
	guild_value_set(a, doc, "id", guild_value_string(a, l->run->id));
	guild_value_set(a, doc, "run_dir", guild_value_string(a, l->run->dir));
	guild_value_set(a, doc, "files", files);
	guild_cmd_print_json(doc);
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_error err = {0};
	struct guild_run r = {0};
	struct listing l = {
		.run = &r,
		.all = guild_args_flag(args, "all"),
		.follow = guild_args_flag(args, "follow-links"),
		.sourcecode = guild_args_flag(args, "sourcecode"),
		.dependencies = guild_args_flag(args, "dependencies"),
		.generated = guild_args_flag(args, "generated"),
	};
	int code = GUILD_EXIT_OK;

	l.by_class = l.sourcecode || l.dependencies || l.generated;
	if (split_path(&l, guild_args_text(args, "path"), &err) != 0 ||
		guild_cmd_select_run(ctx, args, &r, &err) != 0 ||
		(l.by_class && read_classes(&l, ctx->arena, &err) != 0)) {
		code = guild_cmd_fail(ctx, &err);
	} else {
		walk(&l, "", 0, NULL);
		if (l.found.n > 0) {
			qsort(l.found.v, l.found.n, sizeof(*l.found.v), cmp_paths);
		}
		if (guild_args_flag(args, "json")) {
			print_json(ctx, &l);
		} else {
			print_text(ctx, args, &l);
		}
	}
	guild_strs_fini(&l.pattern);
	guild_strs_fini(&l.found);
	guild_map_fini(&l.source_files);
	guild_map_fini(&l.dependency_files);
	guild_run_fini(&r);
	return code;
}

const struct guild_cmd guild_cmd_ls = {
	.name = "ls",
	.group = GUILD_GROUP_LOOK,
	.summary = "List files of a run",
	.help = "Directories end in '/'. -s, -d and -g may be combined.\n\n"
		"Examples:\n\n"
		"  guild ls\n"
		"  guild ls 3 --sourcecode\n"
		"  guild ls -p 'checkpoints/*.pt' -f",
	.opts = tables,
	.args = run_args,
	.needs = GUILD_NEEDS_HOME,
	.run = run,
};
