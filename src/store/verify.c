/* Verifying a store: every run, in parallel, and what only all of them together tell. */

#include <stdlib.h>
#include <string.h>

#include "verify.h"

enum { RUNS_WORTH_A_THREAD = 8, ID_MAX_BYTES = 4096 };

struct place {
	char *dir;
	struct guild_strs names;
};
struct job {
	const struct guild_verify_request *req;
	struct place places[2];       /* runs, trash */
	struct guild_findings *found; /* of each run */
	char **ids;                   /* attribute id of each, or NULL */
	size_t n, n_done;
};

/* ---- findings ------------------------------------------------------------------------------------------------- */

void guild_findings_fini(struct guild_findings *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->v[i].path);
		free(f->v[i].run_dir);
		free(f->v[i].text);
	}
	free(f->v);
	*f = (struct guild_findings){0};
}

struct guild_finding *guild_findings_add(struct guild_findings *f, const char *kind,
	const struct guild_run *r, const char *path, char *take_text)
{
	f->v = guild_grow_array(f->v, &f->cap, f->n + 1, sizeof(*f->v));
	f->v[f->n] = (struct guild_finding){.kind = kind,
		.path = guild_strdup(path),
		.run_dir = r ? guild_strdup(r->dir) : NULL,
		.text = take_text};
	return &f->v[f->n++];
}

/* ---- one run --------------------------------------------------------------------------------------------------- */

static char *read_id(const struct guild_run *r)
{
	struct guild_arena *a = guild_arena_new();
	const char *id = guild_value_text(guild_run_attr(r, a, "id"));
	char *copy = guild_strdup(id);
	guild_arena_free(a);
	return copy;
}

static void verify_run(const struct guild_verify_request *req, const struct guild_run *r,
	struct guild_findings *out)
{
	pid_t pid;
	enum guild_run_process process = guild_run_find_process(r, &pid, NULL);
	struct verify_run v = {.req = req,
		.run = r,
		.is_live = guild_run_status(r, NULL) == GUILD_RUN_RUNNING ||
			   process == GUILD_PROCESS_OURS || process == GUILD_PROCESS_AWAY,
		.out = out};
	guild_verify_records(&v);
	guild_verify_files(&v);
	if (req->more) {
		req->more(req->more_arg, r, out);
	}
}

/* A batch holds the run that its trials are copied from. */
static void verify_proto(const struct guild_verify_request *req, const struct guild_run *r,
	struct guild_findings *out)
{
	char *dir = guild_path_join(r->guild_dir, "proto");
	struct guild_run proto = {0};
	if (guild_run_open(dir, &proto, NULL) == 0) {
		struct verify_run v = {.req = req, .run = &proto, .out = out};
		guild_verify_records(&v);
	}
	guild_run_fini(&proto);
	free(dir);
}

static bool looks_half_made(const char *dir)
{
	char *guild_dir = guild_path_join(dir, ".guild");
	bool is = guild_is_dir(guild_dir);
	free(guild_dir);
	return is;
}

static void verify_entry(struct job *job, size_t i)
{
	const struct place *place = &job->places[i >= job->places[0].names.n];
	size_t at = i >= job->places[0].names.n ? i - job->places[0].names.n : i;
	char *dir = guild_path_join(place->dir, place->names.v[at]);
	struct guild_findings *out = &job->found[i];
	struct guild_run r = {0};
	struct guild_error err = {0};
	int rc = guild_run_open(dir, &r, &err);
	if (rc == 0) {
		job->ids[i] = read_id(&r);
		verify_run(job->req, &r, out);
		verify_proto(job->req, &r, out);
	} else if (rc != GUILD_ENOTFOUND) {
		guild_findings_add(out, "opref", &r, dir, guild_format("%s", err.text));
	} else if (looks_half_made(dir)) {
		guild_findings_add(out, "leftover", NULL, dir,
			guild_strdup("was never finished making, or is being made"))
			->is_note = true;
	} else if (guild_is_dir(dir) && place->names.v[at][0] == '.') {
		guild_findings_add(out, "leftover", NULL, dir,
			guild_strdup("is on its way in or out, or was cut on it: see 'guild gc'"))
			->is_note = true;
	}
	guild_run_fini(&r);
	free(dir);
}

static void verify_part(void *arg, unsigned thread, size_t from, size_t to)
{
	struct job *job = arg;
	const struct guild_verify_request *req = job->req;
	for (size_t i = from; i < to; i++) {
		verify_entry(job, i);
		size_t done = __atomic_add_fetch(&job->n_done, 1, __ATOMIC_RELAXED);
		if (thread == 0 && req->on_progress) {
			req->on_progress(req->progress_arg, done, job->n);
		}
	}
}

/* ---- all of them -------------------------------------------------------------------------------------------------- */

static const char *name_of(const struct job *job, size_t i)
{
	size_t n = job->places[0].names.n;
	return i < n ? job->places[0].names.v[i] : job->places[1].names.v[i - n];
}

static char *dir_of(const struct job *job, size_t i)
{
	return guild_path_join(job->places[i >= job->places[0].names.n].dir, name_of(job, i));
}

/* Two directories that say they are the same run: copies, or a run restored beside its backup. */
static void find_duplicates(struct job *job)
{
	struct guild_map seen = {0};
	for (size_t i = 0; i < job->n; i++) {
		if (!job->ids[i]) {
			continue;
		}
		uintptr_t other = (uintptr_t)guild_map_get(&seen, job->ids[i]);
		if (other == 0) {
			guild_map_put(&seen, job->ids[i], (void *)(uintptr_t)(i + 1));
			continue;
		}
		char *here = dir_of(job, i);
		char *there = dir_of(job, (size_t)other - 1);
		guild_findings_add(&job->found[i], "duplicate", NULL, here,
			guild_format("has the id of %s", there))
			->is_note = true;
		free(there);
		free(here);
	}
	guild_map_fini(&seen);
}

/* Every record of the index is verified when it is used; a file that is none would only be replaced by the next command that may. */
static void verify_index(const struct guild_verify_request *req, struct guild_findings *out)
{
	static const char magic[] = "SQLite format 3";
	char head[sizeof(magic)] = "";
	FILE *f = req->index_path ? fopen(req->index_path, "rbe") : NULL;
	size_t n = f ? fread(head, 1, sizeof(head), f) : 0;
	if (f) {
		fclose(f);
	}
	if (n > 0 && (n < sizeof(head) || memcmp(head, magic, sizeof(head)) != 0)) {
		guild_findings_add(out, "index", NULL, req->index_path,
			guild_strdup("is no database: it is made anew when it is needed"))
			->repair = GUILD_REPAIR_REMOVE;
	}
}

void guild_store_verify(const struct guild_verify_request *req, struct guild_findings *out,
	size_t *n_runs)
{
	struct job job = {.req = req};
	*out = (struct guild_findings){0};
	for (int p = 0; p < 2; p++) {
		job.places[p].dir = guild_home_runs_dir(req->home, p == 1);
		(void)guild_dir_list(job.places[p].dir, &job.places[p].names, NULL);
		job.n += job.places[p].names.n;
	}
	job.found = guild_alloc((job.n + 1) * sizeof(*job.found));
	job.ids = guild_alloc((job.n + 1) * sizeof(*job.ids));
	guild_parallel(job.n, RUNS_WORTH_A_THREAD, verify_part, &job);
	find_duplicates(&job);
	verify_index(req, out);
	*n_runs = 0;
	for (size_t i = 0; i < job.n; i++) {
		*n_runs += job.ids[i] != NULL;
		for (size_t k = 0; k < job.found[i].n; k++) {
			out->v = guild_grow_array(out->v, &out->cap, out->n + 1, sizeof(*out->v));
			out->v[out->n++] = job.found[i].v[k];
		}
		free(job.found[i].v);
		free(job.ids[i]);
	}
	free(job.found);
	free(job.ids);
	for (int p = 0; p < 2; p++) {
		guild_strs_fini(&job.places[p].names);
		free(job.places[p].dir);
	}
}
