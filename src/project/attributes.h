/*
 * What may be written where in guild.yml: one table for each kind of mapping. The reader's type checks, the findings of guild check
 * --strict, the JSON Schema and docs/guild-yml.md are all made from it. A new attribute is one line here.
 */
#ifndef GUILD_PROJECT_ATTRIBUTES_H
#define GUILD_PROJECT_ATTRIBUTES_H

#include "project_private.h"

/* In which forms a value may be written; null is the same as leaving it out. */
enum project_form {
	FORM_TEXT = 1,
	FORM_BOOL = 2,
	FORM_INT = 4,
	FORM_FLOAT = 8,
	FORM_NUMBER = FORM_INT | FORM_FLOAT,
	FORM_SCALAR = FORM_TEXT | FORM_BOOL | FORM_NUMBER,
	FORM_LIST = 16,
	FORM_MAP = 32,
	FORM_NO = 64, /* `no`, not `yes` */
	FORM_ANY = FORM_SCALAR | FORM_LIST | FORM_MAP,
	FORM_TEXTS = FORM_TEXT | FORM_LIST,
	FORM_YES = 128 | FORM_BOOL, /* yes and no, and 1 and 0 as 0.9.0 reads them */
};

struct project_kind;

struct project_attribute {
	const char *name;
	const struct project_kind *map;   /* what a mapping here is */
	const struct project_kind *names; /* or: what each value of a mapping of names is */
	const struct project_kind *items; /* what each item of a list is */
	const char *const *words; /* the texts that mean something; others are found by check */
	const char *takes;        /* for people, where the forms do not say it */
	const char *fallback;     /* what counts when it is not there, for people */
	const char *help;
	unsigned forms;
	bool is_own; /* 0.9.0 does not know it */
};

struct project_kind {
	const char *name;  /* "operation": in messages and in the schema */
	const char *title; /* of its section in the reference */
	const char *help;
	unsigned forms; /* in which forms it may be written besides a mapping */
	const struct project_attribute *attributes; /* sorted by name; the last one has no name */
	bool is_open;                               /* other names are data of the user */
	bool has_include;                           /* `$include` may stand among the names */
};

/* Kinds of mappings; top ones first. */
extern const struct project_kind project_kind_model, project_kind_config, project_kind_package,
	project_kind_include, project_kind_anonymous;
extern const struct project_kind project_kind_operation, project_kind_flag, project_kind_choice,
	project_kind_resource, project_kind_source, project_kind_dependency, project_kind_rename,
	project_kind_step, project_kind_check, project_kind_sourcecode, project_kind_rule,
	project_kind_pattern, project_kind_optimizer, project_kind_objective, project_kind_publish,
	project_kind_profile, project_kind_alert, project_kind_prune;
/* All of them in the order of the reference, ending with NULL. */
extern const struct project_kind *const project_kinds[];

const struct project_attribute *project_attribute(const struct project_kind *kind,
	const char *name);
/* The nearest known name of that kind, or NULL. */
const char *project_nearest_attribute(const struct project_kind *kind, const char *name);
bool project_form_fits(unsigned forms, const struct guild_value *v);
/* "text, a list or no": what an attribute takes. */
void project_form_text(const struct project_attribute *attribute, struct guild_buf *out);

/* Checks the forms of a mapping's attributes; warns of unknown ones that look misspelt. `what` names the mapping in messages. */
int project_check_attributes(const struct project_reader *r, const struct project_kind *kind,
	const struct guild_value *map, const char *what);

#endif
