/* What the two kinds of MLflow stores share: folders (mlflow_files.c) and a SQLite database (mlflow_db.c). */
#ifndef GUILD_TRACKERS_MLFLOW_H
#define GUILD_TRACKERS_MLFLOW_H

#include "trackers_private.h"

/* Takes one tag: those that MLflow itself sets become what a run of ours has for them. */
void guild_mlflow_tag(struct import_run *r, struct guild_value *tags, const char *key,
	struct guild_str value);
/* After the last tag: tags is kept whole. */
void guild_mlflow_tags_end(struct import_run *r, const struct guild_value *tags);
/* A time in milliseconds; missing or 0: none. */
int64_t guild_mlflow_time_us(int64_t ms);
/* Artifacts by the URI of the run; `own` is the folder that MLflow would use, or NULL. */
void guild_mlflow_artifacts(struct import_run *r, const char *uri, const char *own,
	const char *base);

/* Lines of a metric file: "TIME_MS VALUE [STEP …]". Returns how many lines could not be read. */
typedef void guild_mlflow_point_fn(void *arg, int64_t time_ms, double value, int64_t step);
size_t guild_mlflow_parse_metric(struct guild_str text, guild_mlflow_point_fn *on_point, void *arg);

int guild_mlflow_files_count(struct import *imp, size_t *n, struct guild_error *err);
int guild_mlflow_files_import(struct import *imp, struct guild_error *err);
int guild_mlflow_db_count(struct import *imp, size_t *n, struct guild_error *err);
int guild_mlflow_db_import(struct import *imp, struct guild_error *err);

#endif
