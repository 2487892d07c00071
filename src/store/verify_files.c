/* Files that tell by themselves whether they are whole: event files, the output's index, links. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verify.h"

enum { DEPTH_MAX = 200, CHUNK_BYTES = 1 << 16, RECORD_FRAME_BYTES = 16 };

/* ---- event files -------------------------------------------------------------------------------------------------- */

/* Length and its checksum before, the content's checksum after it. */
static int count_record(void *arg, struct guild_str event)
{
	*(int64_t *)arg += (int64_t)event.n + RECORD_FRAME_BYTES;
	return 0;
}

static void verify_events(const struct verify_run *v, const char *path)
{
	enum guild_event_end end = GUILD_EVENT_END_CLEAN;
	struct guild_error err = {0};
	int64_t good = 0;
	if (guild_event_file_records(path, count_record, &good, &end, &err) != 0) {
		guild_findings_add(v->out, "events", v->run, path, guild_strdup(err.text));
		return;
	}
	if (end != GUILD_EVENT_END_CLEAN && !v->is_live) {
		struct guild_finding *found = guild_findings_add(v->out, "events", v->run, path,
			guild_format(
				end == GUILD_EVENT_END_TRUNCATED
					? "ends in the middle of a record, after %lld good bytes"
					: "has a wrong checksum after %lld good bytes",
				(long long)good));
		found->repair = GUILD_REPAIR_CUT;
		found->good_bytes = good;
	}
}

/* ---- output --------------------------------------------------------------------------------------------------------- */

static int64_t count_lines(const char *path)
{
	char chunk[CHUNK_BYTES];
	int64_t lines = 0;
	FILE *f = fopen(path, "rbe");
	size_t n;
	while (f && (n = fread(chunk, 1, sizeof(chunk), f)) > 0) {
		lines += (int64_t)guild_count_byte(chunk, n, '\n');
	}
	if (f) {
		fclose(f);
	}
	return lines;
}

/* A record for each line end, and one for what either stream ended in without. */
static void verify_output(const struct verify_run *v)
{
	char *output = guild_path_join(v->run->guild_dir, "output");
	char *index = guild_path_join(v->run->guild_dir, "output.index");
	int64_t bytes = guild_file_size(index);
	int64_t records = bytes / GUILD_OUTPUT_RECORD_BYTES;
	int64_t good = records * GUILD_OUTPUT_RECORD_BYTES;
	if (!v->is_live && bytes >= 0 && guild_is_file(output)) {
		int64_t lines = count_lines(output);
		if (bytes % GUILD_OUTPUT_RECORD_BYTES != 0) {
			struct guild_finding *found = guild_findings_add(v->out, "output", v->run,
				index,
				guild_format(
					"ends in the middle of a record, after %lld good bytes",
					(long long)good));
			found->repair = GUILD_REPAIR_CUT;
			found->good_bytes = good;
		} else if (records < lines || records > lines + 2) {
			guild_findings_add(v->out, "output", v->run, index,
				guild_format("has %lld records for %lld lines of output",
					(long long)records, (long long)lines));
		}
	}
	free(index);
	free(output);
}

/* ---- links ------------------------------------------------------------------------------------------------------------ */

/* What stands below `dir` in `path`, or NULL. */
static const char *below(const char *path, const char *dir)
{
	size_t n = strlen(dir);
	return strncmp(path, dir, n) == 0 && path[n] == '/' ? path + n + 1 : NULL;
}

/* Why a link that leads to nothing does no harm, or NULL. */
static const char *harmless(const struct verify_run *v, const char *path)
{
	char target[4096];
	ssize_t n = readlink(path, target, sizeof(target) - 1);
	target[n > 0 ? n : 0] = '\0';
	char *runs = guild_home_runs_dir(v->req->home, false);
	char *trash = guild_home_runs_dir(v->req->home, true);
	const char *deleted = below(path, trash);
	/* Relative links of a run in the trash are right again where it comes from. */
	char *place = deleted ? guild_path_join(runs, deleted) : guild_strdup(path);
	char *dir = guild_path_dirname(place);
	char *full = guild_path_abs(target, dir);
	const char *why = NULL;
	if (n > 0 && deleted && guild_file_exists(full)) {
		why = "leads to nothing while its run is in the trash";
	} else if (n > 0 && below(full, runs)) {
		char *other = guild_path_join(trash, below(full, runs));
		why = guild_file_exists(other) ? "leads to a run that is in the trash" : NULL;
		free(other);
	}
	free(full);
	free(dir);
	free(place);
	free(trash);
	free(runs);
	return why;
}

static void verify_link(const struct verify_run *v, const char *path)
{
	struct stat st;
	if (stat(path, &st) == 0) {
		return;
	}
	const char *why = harmless(v, path);
	guild_findings_add(v->out, "link", v->run, path,
		guild_strdup(why ? why : "leads to nothing"))
		->is_note = why != NULL;
}

/* ---- the whole directory ------------------------------------------------------------------------------------------------ */

static void walk(const struct verify_run *v, const char *dir, bool is_top, int depth)
{
	struct guild_strs names = {0};
	struct guild_error err = {0};
	if (guild_dir_list(dir, &names, &err) != 0) {
		guild_findings_add(v->out, "directory", v->run, dir, guild_strdup(err.text));
	}
	for (size_t i = 0; i < names.n; i++) {
		char *path = guild_path_join(dir, names.v[i]);
		struct stat st;
		bool is_ours = !is_top && strcmp(names.v[i], GUILD_DAMAGED_DIR) == 0 &&
			       strcmp(dir, v->run->guild_dir) == 0;
		if (lstat(path, &st) != 0 || is_ours) {
			free(path);
			continue;
		}
		if (S_ISLNK(st.st_mode)) {
			verify_link(v, path);
		} else if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX) {
			walk(v, path, false, depth + 1);
		} else if (S_ISREG(st.st_mode) && strstr(names.v[i], ".tfevents.") != NULL) {
			verify_events(v, path);
		}
		free(path);
	}
	guild_strs_fini(&names);
}

void guild_verify_files(const struct verify_run *v)
{
	walk(v, v->run->dir, true, 0);
	verify_output(v);
}
