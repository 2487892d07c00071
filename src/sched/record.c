/* Records: small files that say who has claimed a run or holds a GPU, and whether those still live. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sched_private.h"

static const char heading[] = "guild-record 1";
enum { LOCK_POLL_MS = 2 };

void sched_record_fini(struct sched_record *r)
{
	free(r->run);
	free(r->token);
	free(r->queue);
	free(r->owner);
	free(r->runner);
	free(r->gpu);
	*r = (struct sched_record){0};
}

/* ---- text -------------------------------------------------------------------------------------------------------------- */

static char **field(struct sched_record *r, struct guild_str key)
{
	const struct {
		const char *name;
		char **to;
	} fields[] = {{"run", &r->run}, {"token", &r->token}, {"queue", &r->queue},
		{"owner", &r->owner}, {"runner", &r->runner}, {"gpu", &r->gpu}};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(fields); i++) {
		if (guild_str_eqz(key, fields[i].name)) {
			return fields[i].to;
		}
	}
	return NULL;
}

static void take_line(struct sched_record *r, struct guild_str line)
{
	const char *blank = memchr(line.p, ' ', line.n);
	struct guild_str key = {line.p, blank ? (size_t)(blank - line.p) : line.n};
	struct guild_str value = {
		line.p + key.n + (blank != NULL), line.n - key.n - (blank != NULL)};
	char **to = field(r, key);
	int64_t number;
	if (to != NULL) {
		free(*to);
		*to = guild_strndup(value.p, value.n);
	} else if (guild_str_eqz(key, "index") && guild_parse_i64(value.p, value.n, &number) &&
		   number >= 0) {
		r->index = number;
	} else if (guild_str_eqz(key, "per-gpu") && guild_parse_i64(value.p, value.n, &number) &&
		   number > 0) {
		r->per_gpu = number;
	}
}

int sched_record_parse(struct guild_str text, struct sched_record *out, struct guild_error *err)
{
	struct sched_record r = {.index = -1, .per_gpu = 1};
	bool is_first = true;
	bool is_whole = false;
	/* The last line is "end": half a file is none. A NUL is in no record. */
	bool is_text = text.n > 0 && memchr(text.p, '\0', text.n) == NULL;
	while (is_text && text.n > 0 && !is_whole) {
		const char *end = memchr(text.p, '\n', text.n);
		if (end == NULL) {
			break;
		}
		struct guild_str line = {text.p, (size_t)(end - text.p)};
		text.p += line.n + 1;
		text.n -= line.n + 1;
		if (is_first && !guild_str_eqz(line, heading)) {
			break;
		}
		is_first = false;
		is_whole = guild_str_eqz(line, "end");
		take_line(&r, line);
	}
	if (!is_whole || r.run == NULL || r.token == NULL || r.owner == NULL) {
		sched_record_fini(&r);
		return guild_error_set(err, GUILD_EINVALID,
			"not a record of a queue, or half of one");
	}
	if (r.queue == NULL) {
		r.queue = guild_strdup("");
	}
	*out = r;
	return 0;
}

void sched_record_format(const struct sched_record *r, struct guild_buf *out)
{
	guild_buf_printf(out, "%s\nrun %s\ntoken %s\nqueue %s\nowner %s\n", heading, r->run,
		r->token, r->queue, r->owner);
	if (r->runner != NULL) {
		guild_buf_printf(out, "runner %s\n", r->runner);
	}
	if (r->gpu != NULL) {
		guild_buf_printf(out, "gpu %s\nper-gpu %" PRId64 "\n", r->gpu, r->per_gpu);
	}
	if (r->index >= 0) {
		guild_buf_printf(out, "index %" PRId64 "\n", r->index);
	}
	guild_buf_puts(out, "end\n");
}

/* ---- files ------------------------------------------------------------------------------------------------------------- */

int sched_record_read(const char *path, struct sched_record *out, struct guild_error *err)
{
	struct guild_buf text = {0};
	int rc = guild_file_read(path, SCHED_RECORD_MAX, &text, err);
	rc = rc ? rc : sched_record_parse(guild_buf_str(&text), out, err);
	if (rc == GUILD_EINVALID) {
		guild_error_where(err, "%s", path);
	}
	guild_buf_fini(&text);
	return rc;
}

int sched_record_write(const char *path, const struct sched_record *r, struct guild_error *err)
{
	struct guild_buf text = {0};
	sched_record_format(r, &text);
	int rc = guild_file_write(path, text.p, text.n, false, err);
	guild_buf_fini(&text);
	return rc;
}

/* A whole file under another name, then a link: the one way to make a file that also an NFS server does only once. */
int sched_record_create(const char *path, const struct sched_record *r, struct guild_error *err)
{
	char token[SCHED_TOKEN_LEN + 1];
	sched_new_token(token);
	char *dir = guild_path_dirname(path);
	char *draft = guild_format("%s/.%s.new", dir, token);
	int rc = guild_mkdirs(dir, err);
	rc = rc ? rc : sched_record_write(draft, r, err);
	if (rc == 0 && link(draft, path) != 0) {
		int errnum = errno;
		struct stat st;
		/* The answer of a server may have been lost: two names are as good as a yes. */
		if (!(stat(draft, &st) == 0 && st.st_nlink == 2)) {
			rc = guild_error_errno(err, errnum, "cannot make '%s'", path);
		}
	}
	(void)unlink(draft);
	free(draft);
	free(dir);
	return rc;
}

void sched_touch(const char *path)
{
	utimensat(AT_FDCWD, path, NULL, 0);
}

void sched_new_token(char out[SCHED_TOKEN_LEN + 1])
{
	guild_run_new_id(out);
}

char *sched_path(const struct guild_home *home, const char *dir, const char *name)
{
	char *queues = guild_path_join(home->path, "queues");
	char *path = guild_path_join3(queues, dir, name);
	free(queues);
	return path;
}

bool sched_has_marker(const struct guild_run *run, const char *name)
{
	char *path = guild_path_join(run->guild_dir, name);
	bool has = access(path, F_OK) == 0;
	free(path);
	return has;
}

/* ---- who lives --------------------------------------------------------------------------------------------------------- */

static bool is_fresh(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 &&
	       guild_now_us() / 1000000 - (int64_t)st.st_mtime <= GUILD_LOCK_HEARTBEAT_S;
}

bool sched_process_is_live(const char *name, const char *path)
{
	enum guild_run_process where =
		name != NULL ? guild_process_find(name, NULL, NULL) : GUILD_PROCESS_NONE;
	return where == GUILD_PROCESS_OURS || (where == GUILD_PROCESS_AWAY && is_fresh(path));
}

bool sched_record_is_live(const struct guild_home *home, const struct sched_record *r,
	const char *path)
{
	if (sched_process_is_live(r->owner, path) || sched_process_is_live(r->runner, path)) {
		return true;
	}
	char *runs = guild_home_runs_dir(home, false);
	char *dir = guild_path_join(runs, r->run);
	struct guild_run run = {0};
	pid_t pid;
	bool is_live = false;
	if (guild_path_is_beneath(r->run) && guild_run_open(dir, &run, NULL) == 0) {
		enum guild_run_process where = guild_run_find_process(&run, &pid, NULL);
		is_live = where == GUILD_PROCESS_OURS || where == GUILD_PROCESS_MAYBE ||
			  (where == GUILD_PROCESS_AWAY &&
				  guild_run_status(&run, NULL) == GUILD_RUN_RUNNING);
	}
	guild_run_fini(&run);
	free(dir);
	free(runs);
	return is_live;
}

/* ---- locks ------------------------------------------------------------------------------------------------------------- */

int sched_lock(const struct guild_home *home, const char *name, int wait_ms, int *fd,
	struct guild_error *err)
{
	char *dir = guild_path_join(home->path, "locks");
	char *path = guild_path_join(dir, name);
	int64_t until = guild_monotonic_us() + (int64_t)wait_ms * 1000;
	int rc = guild_mkdirs(dir, err);
	*fd = -1;
	if (rc == 0) {
		*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
		rc = *fd < 0 ? guild_error_errno(err, errno, "cannot open '%s'", path) : 0;
	}
	while (rc == 0 && flock(*fd, LOCK_EX | LOCK_NB) != 0) {
		struct timespec pause = {.tv_nsec = (long)LOCK_POLL_MS * 1000000};
		if (errno != EWOULDBLOCK && errno != EINTR) {
			rc = guild_error_errno(err, errno, "cannot lock '%s'", path);
		} else if (guild_monotonic_us() >= until) {
			rc = guild_error_set(err, GUILD_EBUSY,
				"'%s' has been held by another process for %d s", path,
				wait_ms / 1000);
		} else {
			nanosleep(&pause, NULL);
		}
	}
	if (rc != 0) {
		sched_unlock(fd);
	}
	free(path);
	free(dir);
	return rc;
}

void sched_unlock(int *fd)
{
	if (*fd >= 0) {
		close(*fd);
	}
	*fd = -1;
}

bool guild_queue_record_check(struct guild_str text, struct guild_buf *out)
{
	struct sched_record r = {0};
	if (sched_record_parse(text, &r, NULL) != 0) {
		return false;
	}
	if (out != NULL) {
		sched_record_format(&r, out);
	}
	sched_record_fini(&r);
	return true;
}
