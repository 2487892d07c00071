/* Messages of the table in the terminal. */

#include "tui_app.h"

#include <stdlib.h>
#include <string.h>

void guild_tui_log_init(struct guild_tui_log *log)
{
	*log = (struct guild_tui_log){0};
	pthread_mutex_init(&log->lock, NULL);
}

void guild_tui_log_fini(struct guild_tui_log *log)
{
	guild_strs_fini(&log->lines);
	pthread_mutex_destroy(&log->lock);
}

static void drop_first(struct guild_strs *lines)
{
	free(lines->v[0]);
	lines->n--;
	memmove(lines->v, lines->v + 1, (lines->n + 1) * sizeof(*lines->v));
}

static void emit(void *arg, const char *level, const char *text)
{
	struct guild_tui_log *log = arg;
	bool is_plain = strcmp(level, "note") == 0 || strcmp(level, "info") == 0;
	char *line = guild_format("%s%s%s", is_plain ? "" : level, is_plain ? "" : ": ", text);

	if (strcmp(level, "debug") == 0) {
		free(line);
		return;
	}
	pthread_mutex_lock(&log->lock);
	/* Live rows say the same again and again. */
	if (!guild_strs_has(&log->lines, line)) {
		if (log->lines.n == GUILD_TUI_LOG_MAX) {
			drop_first(&log->lines);
		}
		guild_strs_add(&log->lines, line);
		/* What was said on the last line comes as "info". */
		log->n_new += strcmp(level, "info") != 0;
	}
	pthread_mutex_unlock(&log->lock);
	free(line);
}

struct guild_log guild_tui_log_sink(struct guild_tui_log *log)
{
	return (struct guild_log){.emit = emit, .arg = log};
}

char *guild_tui_log_take_new(struct guild_tui_log *log)
{
	char *line = NULL;

	pthread_mutex_lock(&log->lock);
	if (log->n_new > 0 && log->lines.n > 0) {
		line = guild_strdup(log->lines.v[log->lines.n - 1]);
	}
	log->n_new = 0;
	pthread_mutex_unlock(&log->lock);
	return line;
}

void guild_tui_log_text(struct guild_tui_log *log, struct guild_buf *out)
{
	pthread_mutex_lock(&log->lock);
	for (size_t i = 0; i < log->lines.n; i++) {
		guild_buf_printf(out, "%s\n", log->lines.v[i]);
	}
	pthread_mutex_unlock(&log->lock);
}
