/* What DVCLive writes, from a folder or from a commit. Private to the room. */
#ifndef GUILD_TRACKERS_DVC_H
#define GUILD_TRACKERS_DVC_H

#include "trackers_private.h"

/* A run being read: metrics that came with steps need none from the summary. */
struct dvc_run {
	struct import_run *r;
	struct guild_map logged;
	struct guild_value *params; /* file -> mapping, as they were */
	int64_t last_step;
};
void guild_dvc_run_init(struct dvc_run *d, struct import_run *r);
void guild_dvc_run_fini(struct dvc_run *d); /* keeps what belongs to the run */

/* One metric's table, "step\tNAME" or "timestamp\tstep\tNAME" in its first line. Returns how many lines could not be read. */
typedef void guild_dvc_point_fn(void *arg, int64_t time_ms, double value, int64_t step);
size_t guild_dvc_parse_table(struct guild_str text, guild_dvc_point_fn *on_point, void *arg);
void guild_dvc_take_table(struct dvc_run *d, const char *name, struct guild_str text);
/* The mapping of a metrics file; `sep` joins nested names. */
void guild_dvc_take_metrics(struct dvc_run *d, const struct guild_value *v, const char *sep);
/* The mapping of a parameter file. What two files say differently is named after its file. */
void guild_dvc_take_params(struct dvc_run *d, const char *file, const struct guild_value *v);

bool guild_dvc_is_live_folder(const char *dir);
int guild_dvc_read_live_folder(struct dvc_run *d, const char *dir, struct guild_error *err);

#endif
