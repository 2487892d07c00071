/* What the files of guild_reproduce_… tell each other. */
#ifndef GUILD_EXEC_REPRODUCE_H
#define GUILD_EXEC_REPRODUCE_H

#include "stage.h"

struct guild_reproducing {
	const struct guild_reproduce_request *req;
	struct guild_arena *a;
	struct guild_reproduction result;
	struct guild_value *record;      /* attribute op of the earlier run */
	const struct guild_value *flags; /* of the new run */
	const struct guild_value *user_flags;
	struct guild_strs
		env; /* of guild itself, with what the environment and the record change */
	struct guild_exec_world world; /* of the new run */
	/* environment */
	bool is_python;
	struct guild_strs packages;   /* as recorded: lines of pip freeze */
	bool has_packages;            /* there is such a record */
	const char *python_version;   /* recorded, "" when not */
	enum guild_reproduce_env how; /* never AUTO */
	char *interpreter; /* an environment is made from; NULL: the tool is to find one of that version */
	struct guild_python python;
	/* inputs */
	struct guild_exec_repeat repeat;
	struct guild_inputs then;
	/* the new run */
	struct guild_run made;
};

/* The level's place in the result. */
struct guild_reproduce_check *guild_reproduce_check_of(struct guild_reproducing *p,
	enum guild_reproduce_level l);
/* Sets verdict and summary. */
void guild_reproduce_conclude(struct guild_reproducing *p, enum guild_reproduce_level l,
	enum guild_reproduce_verdict v, const char *fmt, ...) GUILD_PRINTF(4, 5);
/* Texts are copied; `before` and `after` may be NULL. */
void guild_reproduce_find(struct guild_reproducing *p, enum guild_reproduce_level l,
	const char *name, const char *what, const char *before, const char *after);
void guild_reproduce_note(struct guild_reproducing *p, enum guild_reproduce_level l,
	const char *name, const char *what, const char *before, const char *after);
/* How many findings are differences. */
size_t guild_reproduce_count(const struct guild_reproduce_check *c);

/* ---- one file for each level ---- */

int guild_reproduce_check_source(struct guild_reproducing *p, struct guild_error *err);
int guild_reproduce_check_flags(struct guild_reproducing *p, struct guild_error *err);
/* Decides which environment there will be, without making it. */
int guild_reproduce_plan_env(struct guild_reproducing *p, struct guild_error *err);
/* Makes it (or takes what is there), sets p->world to it and compares. False: there is none, and the level says why. */
bool guild_reproduce_make_env(struct guild_reproducing *p);
int guild_reproduce_check_inputs(struct guild_reproducing *p, struct guild_error *err);
/* What the new run really got. */
int guild_reproduce_verify_inputs(struct guild_reproducing *p, struct guild_error *err);
int guild_reproduce_check_outputs(struct guild_reproducing *p, struct guild_error *err);
int guild_reproduce_check_tolerances(const struct guild_reproduce_request *req,
	struct guild_error *err);
int guild_reproduce_check_metrics(struct guild_reproducing *p, struct guild_error *err);

/* ---- packages (reproduce_packages.c) ---- */

/* A line of pip freeze. Strings live in the arena. */
struct guild_package_line {
	const char *name;    /* in its canonical form; "" when the line names none */
	const char *shown;   /* the name as it is written */
	const char *version; /* or NULL */
	const char *path;    /* of a local file or directory, or NULL */
	const char *sha256;  /* of a local file, or NULL */
	bool is_editable, is_comment;
	bool is_other; /* no package: options and the like, which a list of packages does not hold */
};
void guild_package_line_parse(struct guild_arena *a, const char *line,
	struct guild_package_line *out);
/* Adds every package of `before` that is not there or another one to a level (`as_notes`: for information only) and returns how many; those
 * that came in addition are notes. */
size_t guild_packages_compare(struct guild_reproducing *p, enum guild_reproduce_level l,
	const struct guild_strs *before, const struct guild_strs *after, bool as_notes);

#endif
