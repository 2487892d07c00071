/* Inside the project room: files and their items, what items are made of, reading attributes with errors that name the place. */
#ifndef GUILD_PROJECT_PRIVATE_H
#define GUILD_PROJECT_PRIVATE_H

#include <guild/project.h>

enum {
	PROJECT_MAX_BYTES = 16 << 20, /* of one file */
	PROJECT_MAX_FILES = 1000,     /* of a project: included and extended ones */
	PROJECT_MAX_INCLUDES = 5000,  /* one file several times counts each time */
	PROJECT_MAX_ITEMS = 100000,   /* after includes */
	PROJECT_MAX_PARENTS = 100,    /* one extending the next */
	PROJECT_MAX_WORK = 16 << 20,  /* values looked at or made by extends, params and $include */
	PROJECT_MAX_TEXT = 1 << 20,   /* one text after its parameters were replaced */
};

struct project_file;

/* A model, a config or the package, as written (short forms of operations and flags written out). */
struct project_item {
	const char *name;
	bool is_model;
	struct guild_value *data;
	struct project_file *file;
	/* With its parents merged in, made when first needed. */
	struct guild_value *merged;
	struct project_file **packages; /* whose items are among its ancestors, in order */
	size_t n_packages;
	bool is_open; /* its parents are being merged */
};

/* A guild.yml with what it includes spliced in. */
struct project_file {
	const char *path; /* absolute */
	const char *dir;
	const char *shown; /* in messages */
	struct project_item **items;
	size_t n_items, cap;
	struct guild_map names; /* item of a name: the first one; owned */
	const struct guild_value *package;
	struct project_file *next;
};

/* What every reading function needs. */
struct project_reader {
	struct guild_project *project;
	struct guild_arena *arena;
	const struct guild_project_world *world; /* or NULL */
	struct project_file *own;                /* the project's guild.yml */
	struct project_file *packages;           /* others, as they were asked for */
	const char *file;                        /* name in messages for values of no file */
	const char *shown_dir; /* files below are named relative to it; NULL: all in full */
	size_t cap_files;
	size_t n_items, n_includes;
	size_t work;
	const struct guild_log *log;
	struct guild_error *err;
};

/* "FILE:LINE:COLUMN: …", returns GUILD_EINVALID. `at` may be NULL: no place. */
int project_fail(const struct project_reader *r, const struct guild_value *at, const char *fmt, ...)
	GUILD_PRINTF(3, 4);
/* The same with GUILD_ELIMIT. */
int project_fail_limit(const struct project_reader *r, const struct guild_value *at,
	const char *fmt, ...) GUILD_PRINTF(3, 4);

/* The text of an attribute, a number as Python prints it; NULL when it is not there or null. */
const char *project_text(const struct project_reader *r, const struct guild_value *map,
	const char *key);
/* The value of an attribute; NULL when it is not there or null. */
const struct guild_value *project_said(const struct guild_value *map, const char *key);
/* A missing attribute leaves *out alone. */
/* A string becomes a one-item list, "[…]" is decoded, null is empty (guildfile.md 3). */
int project_read_list(const struct project_reader *r, const struct guild_value *map,
	const char *key, const struct guild_value **out);
int project_as_list(const struct project_reader *r, struct guild_value *v, const char *key,
	const struct guild_value **out);

/* ---- files and items (items.c) ---- */

/* Reads the items of one parsed file, includes expanded. `text` is what the file holds. */
int project_read_file(struct project_reader *r, const char *path, struct guild_str text,
	struct project_file **out);
/* The guild.yml of a package by its name on the Python path, read once; *out NULL: there is none. */
int project_find_package(struct project_reader *r, const char *name, struct project_file **out);
/* Reads the files of DIR/guild.yml as far as their items, without making models. Whatever comes of it, project_close ends it. */
int project_open(const char *dir, const struct guild_project_world *world,
	struct guild_project **out, struct project_reader *r, struct guild_error *err);
/* Models of the items; what operations require is not looked at yet. */
int project_make_models(struct project_reader *r);
void project_close(struct guild_project *p, struct project_reader *r);
struct project_item *project_find_item(const struct project_file *file, const char *name);
void project_files_free(struct project_reader *r);

/* `map` with the value of a key it has replaced; `map` itself stays as it is. */
struct guild_value *project_with(struct guild_arena *a, const struct guild_value *map,
	const char *key, struct guild_value *v);

/* ---- what an item is made of ---- */

/* Charges work that grows with what a file says; GUILD_ELIMIT when it is too much. */
int project_charge(struct project_reader *r, size_t n, const struct guild_value *at);
/* `child` completed from `parent`: mappings recursively, anything else stays. Neither is changed. */
int project_merge(struct project_reader *r, struct guild_value *child, struct guild_value *parent,
	struct guild_value **out);
/* Merges an item's parents into it (guildfile.md 5.1). */
int project_extend_item(struct project_reader *r, struct project_item *item);
/* Replaces {{NAME}} by params in all texts of a value (guildfile.md 5.2). */
int project_apply_params(struct project_reader *r, const struct guild_value *params,
	struct guild_value *data, struct guild_value **out);
/* A section (operations, flags, resources) with its $include carried out (guildfile.md 5.3). */
int project_expand_section(struct project_reader *r, const struct project_item *item,
	const char *section, struct guild_value *data, struct guild_value **out);

/* One operation from its mapping (guildfile.md 4). */
int project_read_op(struct project_reader *r, struct guild_model_def *model, const char *name,
	const struct guild_value *data, struct guild_op_def **out);

/* Reads the resources of all models and what their operations require (op->deps). */
int project_read_requires(struct project_reader *r);
/* The flags that choose what dependencies are (resources.md 5). */
void project_add_dependency_flags(struct guild_project *project, struct guild_op_def *op,
	const struct guild_log *log);

bool project_is_notebook_main(const char *main_words);
bool project_is_r_script(const char *path);
/* A notebook, R script or Quarto document, by its name. */
bool project_is_document(const char *path);
int project_from_document(const char *path, const char *cwd, const struct guild_log *log,
	struct guild_project **out, struct guild_op_def **op, struct guild_error *err);

/* An operation of an installed package: 1 found (the caller frees *project), 0 there is none, negative: several, or a broken one. */
int project_find_installed(const char *spec, const struct guild_project_world *world,
	struct guild_op_def **op, struct guild_project **project, struct guild_error *err);

/* Adds stages of DIR/dvc.yaml to `ops` (a dict) as operations, those it does not have yet: all of them ("all"), one or a list. GUILD_ENOTFOUND: no
 * dvc.yaml, or no such stage. */
int project_dvc_stages(struct guild_arena *a, const char *dir, const struct guild_value *which,
	struct guild_value *ops, const struct guild_log *log, struct guild_error *err);
/* "dvc.yaml:STAGE" in `cwd` as a project of its own. */
int project_from_dvc(const char *spec, const char *cwd, struct guild_project **out,
	struct guild_op_def **op, struct guild_error *err);

/* An operation for a script or program named on the command line; GUILD_ENOTFOUND when there is no such file. */
int project_from_script(const char *spec, const char *cwd, struct guild_project **out,
	struct guild_op_def **op, struct guild_error *err);

#endif
