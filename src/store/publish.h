/* Reports of runs: what their parts share. Private to store/. */
#ifndef GUILD_STORE_PUBLISH_H
#define GUILD_STORE_PUBLISH_H

#include "guild/store.h"

/* Files of a template and their text, by the path they are written to. */
struct guild_publish_template {
	const char *path;    /* directory or file; NULL: `text` */
	const char *text;    /* of README.md */
	const char *out_dir; /* where it is written; also where runfile_link looks */
	const struct guild_value *vars;
	const struct guild_log *log;
};
/* Writes all files of the template, but those whose names start with '_': they are there to be included. What is no text is copied. */
int guild_publish_render(const struct guild_publish_template *t, struct guild_error *err);

/* The text alone, of a template that is one text. */
int guild_publish_render_text(const struct guild_publish_template *t, struct guild_buf *out,
	struct guild_error *err);

#endif
