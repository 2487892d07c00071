/* What a pipeline's run knows of its steps: .guild/pipeline/log, appended to line by line. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "pipeline.h"

#define HEADER "guild-pipeline 1"

/* ---- reading ------------------------------------------------------------------------------------------------ */

static void take_start(struct guild_step_record *r, const struct guild_strs *words)
{
	free(r->run_id);
	*r = (struct guild_step_record){.run_id = guild_strdup(words->v[2])};
	if (words->n > 3 && strlen(words->v[3]) == 32) {
		memcpy(r->hash, words->v[3], 33);
	}
}

static void take_line(struct guild_map *by_link, const struct guild_strs *words)
{
	const char *what = words->n > 0 ? words->v[0] : "";
	struct guild_step_record *r = words->n > 2 ? guild_map_get(by_link, words->v[1]) : NULL;
	if (!r) {
		return;
	}
	if (strcmp(what, "start") == 0) {
		take_start(r, words);
	} else if (strcmp(what, "done") == 0) {
		r->is_done = guild_streq(r->run_id, words->v[2]);
	} else if (strcmp(what, "reused") == 0) {
		free(r->run_id);
		r->run_id = guild_strdup(words->v[2]);
		r->is_done = r->is_reused = true;
	}
}

/* A line without its end was being written when the process was killed: it is no line. */
static void read_lines(struct guild_str text, const struct guild_steps *steps,
	struct guild_step_record *records)
{
	struct guild_map by_link = {0};
	for (size_t i = 0; i < steps->n; i++) {
		guild_map_put(&by_link, steps->v[i].link, &records[i]);
	}
	const char *end;
	for (const char *p = text.p; p && (end = memchr(p, '\n', text.n - (size_t)(p - text.p)));
		p = end + 1) {
		struct guild_strs words = {0};
		char *line = guild_strndup(p, (size_t)(end - p));
		if (guild_shlex_split(line, &words, NULL) == 0) {
			take_line(&by_link, &words);
		}
		guild_strs_fini(&words);
		free(line);
	}
	guild_map_fini(&by_link);
}

/* Guild AI 0.9.0 leaves nothing but the links. */
static void take_links(const struct guild_run *run, const struct guild_steps *steps,
	struct guild_step_record *records)
{
	enum { TARGET_MAX = 4096 };
	for (size_t i = 0; i < steps->n; i++) {
		char target[TARGET_MAX];
		char *path = guild_path_join(run->dir, steps->v[i].link);
		ssize_t n = readlink(path, target, sizeof(target));
		free(path);
		if (n > 0 && (size_t)n < sizeof(target)) {
			char *text = guild_strndup(target, (size_t)n);
			records[i].run_id = guild_strdup(guild_path_basename(text));
			free(text);
		}
	}
}

int guild_pipeline_forget(const struct guild_run *run, struct guild_error *err)
{
	char *dir = guild_path_join(run->guild_dir, "pipeline");
	char *path = guild_path_join(dir, "log");
	int rc = guild_mkdirs(dir, err);
	rc = rc ? rc : guild_file_write(path, HEADER "\n", strlen(HEADER "\n"), false, err);
	free(path);
	free(dir);
	return rc;
}

/* ---- opening ----------------------------------------------------------------------------------------------------- */

static int take_lock(struct guild_pipeline_log *log, const struct guild_run *run,
	struct guild_error *err)
{
	char *path = guild_path_join(log->dir, "lock");
	log->lock_fd = guild_fd_private(open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666));
	int rc = 0;
	if (log->lock_fd < 0) {
		rc = guild_error_errno(err, errno, "cannot open '%s'", path);
	} else if (flock(log->lock_fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
		rc = guild_error_set(err, GUILD_EBUSY,
			"pipeline %.8s is being run by another process", run->id);
	}
	free(path);
	return rc;
}

static int open_log(struct guild_pipeline_log *log, const char *path, bool ends_in_line,
	struct guild_error *err)
{
	log->fd = guild_fd_private(open(path, O_WRONLY | O_APPEND | O_CLOEXEC));
	if (log->fd < 0) {
		return guild_error_errno(err, errno, "cannot open '%s'", path);
	}
	int rc = ends_in_line ? 0 : guild_fd_write_all(log->fd, "\n", 1);
	return rc ? guild_error_errno(err, -rc, "cannot write '%s'", path) : 0;
}

static int read_records(const struct guild_run *run, const struct guild_steps *steps,
	struct guild_step_record *records, struct guild_buf *text, struct guild_error *err)
{
	struct guild_error why = {0};
	char *path = guild_path_join(run->guild_dir, "pipeline/log");
	int rc = guild_file_read(path, 0, text, &why);
	free(path);
	if (rc == GUILD_ENOTFOUND) {
		take_links(run, steps, records);
		return 0;
	}
	if (rc == 0) {
		read_lines(guild_buf_str(text), steps, records);
	} else if (err) {
		*err = why;
	}
	return rc;
}

int guild_pipeline_log_read(const struct guild_run *run, const struct guild_steps *steps,
	struct guild_step_record *records, struct guild_error *err)
{
	struct guild_buf text = {0};
	int rc = read_records(run, steps, records, &text, err);
	guild_buf_fini(&text);
	return rc;
}

int guild_pipeline_log_open(struct guild_pipeline_log *log, const struct guild_run *run,
	const struct guild_steps *steps, struct guild_step_record *records, struct guild_error *err)
{
	struct guild_buf text = {0};
	*log = (struct guild_pipeline_log){
		.dir = guild_path_join(run->guild_dir, "pipeline"), .fd = -1, .lock_fd = -1};
	char *path = guild_path_join(log->dir, "log");
	int rc = guild_mkdirs(log->dir, err);
	rc = rc ? rc : take_lock(log, run, err);
	rc = rc ? rc : read_records(run, steps, records, &text, err);
	if (rc == 0 && text.n == 0) {
		guild_buf_reset(&text);
		guild_buf_puts(&text, HEADER "\n");
		rc = guild_file_write(path, text.p, text.n, false, err);
	}
	rc = rc ? rc : open_log(log, path, text.n > 0 && text.p[text.n - 1] == '\n', err);
	free(path);
	guild_buf_fini(&text);
	if (rc != 0) {
		guild_pipeline_log_close(log);
	}
	return rc;
}

/* ---- writing ------------------------------------------------------------------------------------------------------ */

int guild_pipeline_log_write(struct guild_pipeline_log *log, const char *const *words, size_t n,
	struct guild_error *err)
{
	struct guild_buf line = {0};
	for (size_t i = 0; i < n; i++) {
		guild_buf_puts(&line, i ? " " : "");
		guild_shlex_quote(&line, words[i]);
	}
	guild_buf_putc(&line, '\n');
	int rc = guild_fd_write_all(log->fd, line.p, line.n);
	guild_buf_fini(&line);
	return rc ? guild_error_errno(err, -rc, "cannot write '%s/log'", log->dir) : 0;
}

void guild_pipeline_log_close(struct guild_pipeline_log *log)
{
	guild_fd_close(&log->fd);
	guild_fd_close(&log->lock_fd);
	free(log->dir);
	log->dir = NULL;
}
