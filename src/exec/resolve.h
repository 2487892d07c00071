/*
 * Inside the exec room: resolving the sources that an operation requires. One file for each type of source (resolve_TYPE.c); what comes
 * after finding files is common to all: selecting, naming, placing, recording (docs/design/dependencies.md).
 */
#ifndef GUILD_EXEC_RESOLVE_H
#define GUILD_EXEC_RESOLVE_H

#include "exec_private.h"

/* One file or directory that a source resolved to. Strings live in the arena of the resolving. */
struct guild_found {
	const char *path; /* absolute */
	const char *
		rel; /* below the location of the project, the run or the archive's root: what preserve-path keeps */
	const char
		*uri; /* what the manifest says it is: "file:data/a.csv"; NULL: the source's URI */
	const char *subpath; /* path inside an archive; else NULL */
	const char
		*target; /* its path in the run where that is settled; NULL: as the source says */
	bool is_generated; /* made in the run for this source: moved instead of copied where that does */
};

struct guild_resolving {
	const struct guild_deps_request *req;
	struct guild_arena *arena;
	const struct guild_resource *resource;
	const struct guild_source *source;
	const char *spec; /* source->spec with ${flag} replaced */
	const char *const *
		dirs; /* where relative paths are looked for: the project, then packages; ends in NULL */
	const struct guild_value
		*flag;         /* what a flag says the source is, or NULL; the record's `config` */
	const char *flag_name; /* ... under this name */
	/* What the type fills in: */
	struct guild_found *found;
	size_t n_found, cap_found;
	/* The one file or directory whose content stands for the source (an archive, a config file before it is rewritten); NULL: what was
	 * found does. */
	const char *origin;
	const char *chosen; /* for attribute deps, `config`: a run's id, a path; or NULL */
	const char *run_id; /* the run that the files are of, or NULL */
	bool may_be_empty;  /* finding nothing is no reason to warn */
	bool is_only_looking; /* asks what the source is now: nothing is downloaded, generated or placed */
};

/* Finds what the source is and adds it with guild_found_add. */
typedef int guild_resolve_fn(struct guild_resolving *r, struct guild_error *err);
guild_resolve_fn guild_resolve_config;
guild_resolve_fn guild_resolve_dvcfile;
guild_resolve_fn guild_resolve_dvcstage;
guild_resolve_fn guild_resolve_file;
guild_resolve_fn guild_resolve_module;
guild_resolve_fn guild_resolve_operation;
guild_resolve_fn guild_resolve_url;

/* What the source is now, without a run: of guild_exec_inputs. */
int guild_deps_look(const struct guild_deps_request *req, const struct guild_value *dep,
	const struct guild_resource *resource, const struct guild_source *source,
	struct guild_arena *a, struct guild_input *out);

/* ---- for the types ------------------------------------------------------------------------------------------- */

struct guild_found *guild_found_add(struct guild_resolving *r, const char *path, const char *rel);
/* The file a source's path names: the flag's value as it is (relative to the Guild cwd; *is_given), else the first of `dirs` that has
 * it. In the arena. GUILD_ENOTFOUND. */
int guild_resolve_find_path(struct guild_resolving *r, const char **path, const char **location,
	bool *is_given, struct guild_error *err);
/* True when a flag says what the source is; then guild_resolve_given adds that path as it is. */
bool guild_resolve_is_given(const struct guild_resolving *r);
int guild_resolve_given(struct guild_resolving *r, struct guild_error *err);
/* What a found file or directory stands for: a directory as a whole or what is selected in it; a file after its checksum was
 * verified, an archive's members instead of it. `work_dir` is where archives are unpacked and post-process runs. */
int guild_resolve_content(struct guild_resolving *r, const char *path, const char *location,
	const char *work_dir, struct guild_error *err);
/* HOME/cache/resources, and in it the directory of a project file. In the arena. */
const char *guild_resolve_cache_dir(struct guild_resolving *r);
const char *guild_resolve_work_dir(struct guild_resolving *r, const char *path);

/* Unpacks what is an archive (by `type`, else by name) below work_dir and adds its members: those selected, or the top level. Returns 1 when done, 0 for
 * a file that is no archive. */
int guild_resolve_archive(struct guild_resolving *r, const char *path, const char *work_dir,
	struct guild_error *err);
/* Runs the source's post-process in work_dir, once for `path` as it is. */
int guild_resolve_post_process(struct guild_resolving *r, const char *path, const char *work_dir,
	struct guild_error *err);

/* The run that is the source: `value` (NULL or "": none) is a path with '/', an id, or the beginning of one; else the first marked of the runs that
 * fit `spec`, else the newest. GUILD_ENOTFOUND: none. */
int guild_choose_run(const struct guild_exec_world *world, const char *spec, const char *value,
	bool with_staged, struct guild_run *out, struct guild_error *err);
/* The same among the runs that `takes` says fit; `value` (or NULL) is the beginning of an id. */
int guild_choose_run_by(const struct guild_exec_world *world,
	bool (*takes)(void *arg, const struct guild_run *run), void *arg, const char *value,
	struct guild_run *out);
/* The same among the runs of a DVC stage. */
int guild_choose_stage_run(const struct guild_exec_world *world, const char *stage,
	const char *value, struct guild_run *out);
/* Adds what the source means of a run: what is selected, else what its program made. */
int guild_resolve_run_files(struct guild_resolving *r, const struct guild_run *run,
	struct guild_error *err);

/* ---- DVC ------------------------------------------------------------------------------------------------------------ */

/* The directory at or above `dir` that holds a DVC repository; caller frees; NULL: there is none. */
char *guild_dvc_root(const char *dir);
/* The configuration of the repository `root` for one in `work`: paths made absolute, no Git, the same cache. */
int guild_dvc_copy_config(const char *root, const char *work, struct guild_error *err);

/* ---- selecting ------------------------------------------------------------------------------------------------ */

bool guild_resolve_selects(const struct guild_source *s);
/* Adds those of the sorted paths (relative to `root`) that select, select-min and select-max name, in order. */
int guild_resolve_select(struct guild_resolving *r, const char *root,
	const struct guild_strs *paths, const char *rel_prefix, struct guild_error *err);
/* All paths below a directory, directories before what is in them... sorted. */
int guild_resolve_walk(const char *root, struct guild_strs *out, struct guild_error *err);

/* ---- placing ----------------------------------------------------------------------------------------------------- */

/* What was placed so far in one pass over the dependencies of a run. */
struct guild_placing;
struct guild_placing *guild_placing_new(const struct guild_deps_request *req,
	struct guild_arena *a);
void guild_placing_free(struct guild_placing *p);
/* Places one found file below the run; `targets` (list) gets its path. `digest` gets its SHA-1 ("-": a directory). */
int guild_placing_put(struct guild_placing *p, const struct guild_resolving *r,
	const struct guild_found *f, struct guild_value *targets, struct guild_error *err);

/* ---- content hashes ------------------------------------------------------------------------------------------------ */

/* SHA-1 of a file; of a directory, over what is in it (docs/formats/run-directory.md). Hashes of large files are kept in `cache_dir` (may be NULL) by
 * inode, size and times. */
int guild_content_sha1(const char *path, const char *cache_dir, char out[41], int64_t *size,
	struct guild_error *err);
/* SHA-256 of a file, kept alike. */
int guild_content_sha256(const char *path, const char *cache_dir, char out[65],
	struct guild_error *err);

#endif
