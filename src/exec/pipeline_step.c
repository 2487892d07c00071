/* One step of a pipeline: the child process of guild that runs it, and what it prints. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "pipeline.h"

enum { LINE_HELD_MAX = 64 << 10, READ_SIZE = 64 << 10 };

/* ---- the command ---------------------------------------------------------------------------------------------- */

static void add_texts(struct guild_strs *out, const struct guild_value *list, const char *prefix)
{
	for (size_t i = 0; i < list->n; i++) {
		guild_strs_addf(out, "%s%s", prefix, guild_value_text(list->items[i]));
	}
}

static void make_argv(const struct guild_step_start *s, struct guild_strs *argv)
{
	const char *const start[] = {s->req->world->program, "run", "-y", "--step", s->file};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(start); i++) {
		guild_strs_add(argv, start[i]);
	}
	if (s->is_restart) {
		guild_strs_add(argv, "--restart");
		guild_strs_add(argv, s->run_dir);
		guild_strs_add(argv, "--force-sourcecode");
		return;
	}
	guild_strs_add(argv, "--run-dir");
	guild_strs_add(argv, s->run_dir);
	guild_strs_add(argv, s->step->opspec);
	if (s->req->stage_trials) {
		guild_strs_add(argv, "--stage-trials");
	}
	if (s->req->needed && !s->step->needed) {
		guild_strs_add(argv, "--needed");
	}
	add_texts(argv, s->step->options, "");
	add_texts(argv, s->step->files, "@");
	add_texts(argv, s->step->flag_words, "");
}

void guild_step_text(const struct guild_step *step, bool stage_trials, struct guild_buf *out)
{
	struct guild_strs words = {0};
	guild_strs_add(&words, step->opspec);
	if (stage_trials) {
		guild_strs_add(&words, "--stage-trials");
	}
	add_texts(&words, step->options, "");
	add_texts(&words, step->files, "@");
	add_texts(&words, step->flag_words, "");
	for (size_t i = 0; i < step->values->n; i++) {
		struct guild_buf b = {0};
		guild_buf_printf(&b, "%s=", guild_value_text(step->values->pairs[i].key));
		guild_flag_encode(&b, step->values->pairs[i].value);
		guild_strs_take(&words, guild_buf_take(&b));
	}
	for (size_t i = 0; i < words.n; i++) {
		guild_buf_puts(out, i ? " " : "");
		guild_shlex_quote(out, words.v[i]);
	}
	guild_strs_fini(&words);
}

/* Labels and tags say nothing about what is done, and --needed only whether. */
static bool is_decisive(const char *option)
{
	static const char *const names[] = {
		"--label", "--tag", "--needed", "--batch-label", "--batch-tag"};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(names); i++) {
		if (strcmp(option, names[i]) == 0) {
			return false;
		}
	}
	return true;
}

void guild_step_hash(const struct guild_step *step, char out[33])
{
	struct guild_buf b = {0};
	const struct guild_value *parts[] = {step->files, step->flag_words, step->values};
	guild_buf_printf(&b, "%s\n%d\n", step->opspec, step->isolate_runs);
	for (size_t i = 0; i < step->options->n; i++) {
		const char *word = guild_value_text(step->options->items[i]);
		if (is_decisive(word)) {
			guild_buf_printf(&b, "%s\n", word);
		} else if (strcmp(word, "--needed") != 0) {
			i++;
		}
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(parts); i++) {
		guild_yaml_dump_flow(&b, parts[i]);
		guild_buf_putc(&b, '\n');
	}
	guild_fast_hash(b.p, b.n, out);
	guild_buf_fini(&b);
}

/* ---- its file ------------------------------------------------------------------------------------------------------ */

/* Opened, not replaced: who waits for the lock waits for this file. */
static int write_file(const struct guild_step_start *s, struct guild_error *err)
{
	struct guild_buf text = {0};
	int fd = guild_fd_private(open(s->file, O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
	if (fd < 0) {
		return guild_error_errno(err, errno, "cannot write '%s'", s->file);
	}
	guild_yaml_dump(&text, s->step->values, false);
	guild_buf_putc(&text, '\n');
	int rc = ftruncate(fd, 0) == 0 ? guild_fd_write_all(fd, text.p, text.n) : -errno;
	guild_fd_close(&fd);
	guild_buf_fini(&text);
	return rc ? guild_error_errno(err, -rc, "cannot write '%s'", s->file) : 0;
}

bool guild_step_file_is_locked(const char *file)
{
	int fd = guild_fd_private(open(file, O_RDONLY | O_CLOEXEC));
	bool is_locked = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
	guild_fd_close(&fd);
	return is_locked;
}

/* ---- the process ----------------------------------------------------------------------------------------------------- */

static void make_env(const struct guild_step_start *s, struct guild_strs *env)
{
	for (char *const *p = s->req->world->env; *p; p++) {
		guild_strs_add(env, *p);
	}
	guild_env_set(env, "NO_WARN_RUNDIR", "1");
	if (s->step->isolate_runs) {
		guild_env_set(env, "GUILD_RUNS_PARENT", s->req->run->id);
	}
}

int guild_step_start(const struct guild_step_start *s, struct guild_step_process *out,
	struct guild_error *err)
{
	struct guild_strs argv = {0};
	struct guild_strs env = {0};
	int pipes[2][2] = {{-1, -1}, {-1, -1}};
	int rc = write_file(s, err);
	for (size_t i = 0; i < 2 && rc == 0 && s->has_pipes; i++) {
		int failed = guild_fd_pipe(pipes[i]);
		rc = failed ? guild_error_errno(err, -failed, "cannot make a pipe") : 0;
	}
	make_argv(s, &argv);
	make_env(s, &env);
	struct guild_program_plan plan = {.argv = argv.v,
		.env = env.v,
		.cwd = s->req->project_dir,
		.stdout_fd = pipes[0][1],
		.stderr_fd = pipes[1][1],
		.signals = s->signals};
	rc = rc ? rc : guild_program_start(&plan, &out->program, err);
	for (size_t i = 0; i < 2; i++) {
		guild_fd_close(&pipes[i][1]);
		if (rc != 0) {
			guild_fd_close(&pipes[i][0]);
		} else if (pipes[i][0] >= 0) {
			guild_fd_set_nonblocking(pipes[i][0]);
		}
		out->streams[i] = (struct guild_step_stream){.fd = pipes[i][0]};
	}
	guild_strs_fini(&argv);
	guild_strs_fini(&env);
	return rc;
}

/* ---- what it prints ------------------------------------------------------------------------------------------------------ */

/* A line goes out in one write, so that lines of steps do not mix. */
static void put_line(int fd, const char *prefix, struct guild_str line, bool has_end)
{
	struct guild_buf b = {0};
	if (prefix) {
		guild_buf_printf(&b, "%s | ", prefix);
	}
	guild_buf_append(&b, line.p, line.n);
	if (has_end) {
		guild_buf_putc(&b, '\n');
	}
	(void)guild_fd_write_all(fd, b.p, b.n);
	guild_buf_fini(&b);
}

static void put_lines(struct guild_step_stream *s, int fd, const char *prefix, bool is_end)
{
	const char *p = guild_buf_cstr(&s->line);
	size_t left = s->line.n;
	const char *end;
	while (left > 0 && (end = memchr(p, '\n', left))) {
		put_line(fd, prefix, guild_str_n(p, (size_t)(end - p)), true);
		left -= (size_t)(end - p) + 1;
		p = end + 1;
	}
	if (left > 0 && (is_end || left > LINE_HELD_MAX)) {
		put_line(fd, prefix, guild_str_n(p, left), prefix != NULL);
		left = 0;
	}
	if (left > 0 && p != s->line.p) {
		memmove(s->line.p, p, left);
	}
	s->line.n = left;
}

void guild_step_pass_output(struct guild_step_process *p, const char *prefix, bool is_end)
{
	char *chunk = guild_alloc(READ_SIZE);
	for (int i = 0; i < 2; i++) {
		struct guild_step_stream *s = &p->streams[i];
		ssize_t n = 0;
		while (s->fd >= 0 && (n = read(s->fd, chunk, READ_SIZE)) > 0) {
			guild_buf_append(&s->line, chunk, (size_t)n);
			put_lines(s, i == 0 ? STDOUT_FILENO : STDERR_FILENO, prefix, false);
		}
		bool is_over =
			s->fd >= 0 && (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR));
		if (s->fd >= 0 && (is_end || is_over)) {
			put_lines(s, i == 0 ? STDOUT_FILENO : STDERR_FILENO, prefix, true);
			guild_fd_close(&s->fd);
			guild_buf_fini(&s->line);
		}
	}
	free(chunk);
}
