/* What guild diff found. Private to cmd/. */
#ifndef GUILD_CMD_DIFF_FOUND_H
#define GUILD_CMD_DIFF_FOUND_H

#include "diff_cmd.h"

enum {
	GUILD_DIFF_FLAGS = 1,
	GUILD_DIFF_ATTRS = 2,   /* all attributes */
	GUILD_DIFF_TELLING = 4, /* those that tell how a run came about */
	GUILD_DIFF_ENV = 8,
	GUILD_DIFF_DEPS = 16,
	GUILD_DIFF_PACKAGES = 32,
	GUILD_DIFF_SCALARS = 64,
	GUILD_DIFF_OUTPUT = 128,
	GUILD_DIFF_FILES = 256, /* that the runs made */
	GUILD_DIFF_PATHS = 512, /* asked for by name */
	GUILD_DIFF_SOURCE = 1024,
	GUILD_DIFF_OVERVIEW = GUILD_DIFF_FLAGS | GUILD_DIFF_TELLING | GUILD_DIFF_ENV |
			      GUILD_DIFF_DEPS | GUILD_DIFF_PACKAGES | GUILD_DIFF_SCALARS |
			      GUILD_DIFF_OUTPUT | GUILD_DIFF_FILES | GUILD_DIFF_SOURCE,
};

/* Sections in the order they are shown. Those of one kind are alike in text and JSON. */
enum guild_diff_values {
	GUILD_VALUES_FLAGS,
	GUILD_VALUES_ATTRS,
	GUILD_VALUES_ENV,
	GUILD_VALUES_DEPS,
	GUILD_VALUES
};
enum guild_diff_files {
	GUILD_FILES_OUTPUT,
	GUILD_FILES_MADE,
	GUILD_FILES_PATHS,
	GUILD_FILES_SOURCE,
	GUILD_FILES
};

struct guild_diff_found {
	const struct guild_diff_cmd *cmd;
	unsigned parts;
	bool is_overview;
	bool is_patch, is_summary;
	char *dir; /* what takes the place of the second run, or NULL */
	struct guild_value_changes values[GUILD_VALUES];
	struct guild_package_changes packages;
	struct guild_series_diffs scalars;
	struct guild_file_diffs files[GUILD_FILES];
};
extern const char *const guild_diff_values_names[GUILD_VALUES]; /* "flags", … */
extern const char *const guild_diff_files_names[GUILD_FILES];

int guild_diff_find(const struct guild_diff_cmd *d, struct guild_diff_found *out,
	struct guild_error *err);
/* Single parts: f->parts of the records, or two paths. */
int guild_diff_find_values(struct guild_diff_found *f, struct guild_error *err);
int guild_diff_find_pair(struct guild_diff_found *f, const char *first, const char *second,
	struct guild_error *err);
bool guild_diff_has_any(const struct guild_diff_found *f);
void guild_diff_found_fini(struct guild_diff_found *f);

/* Shows it on `out`, piece by piece. A file that cannot be read is an error. */
int guild_diff_print(struct guild_diff_found *f, bool color, FILE *out, struct guild_error *err);
/* As one document. */
int guild_diff_json(struct guild_diff_found *f, struct guild_value **out, struct guild_error *err);
/* A list of {name, change, old, new}. */
struct guild_value *guild_diff_values_json(struct guild_arena *a,
	const struct guild_value_changes *c);
/* Lines "~ NAME: OLD -> NEW". */
void guild_diff_value_lines(struct guild_buf *out, const struct guild_value_changes *c, bool color,
	const char *indent);

#endif
