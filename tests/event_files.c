/* Reads and writes event files for tests/test_event_files.py.
 *
 * event_files read FILE: a line "STEP WALL VALUE TAG" for each scalar (doubles in hexadecimal), then "end: HOW".
 * event_files write DIR: standard input holds lines "WALL_US STEP VALUE TAG"; step -1 is none. */

#include <guild/formats.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int print_scalar(void *arg, const struct guild_event_scalar *s)
{
	(void)arg;
	printf("%lld %a %a %.*s\n", (long long)s->step, s->wall_time, s->value, GUILD_STR_FMT(s->tag));
	return 0;
}

static int read_events(const char *path)
{
	static const char *const ends[] = {"clean", "truncated", "corrupt", "stopped"};
	struct guild_error err;
	enum guild_event_end end;
	if (guild_event_file_read(path, print_scalar, NULL, &end, &err) != 0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	printf("end: %s\n", ends[end]);
	return 0;
}

static int write_events(const char *dir)
{
	enum { LINE = 4096 };
	char line[LINE];
	struct guild_error err;
	struct guild_event_writer *w = guild_event_writer_new(dir, 0, "");
	int rc = 0;
	while (rc == 0 && fgets(line, sizeof(line), stdin)) {
		char *rest;
		line[strcspn(line, "\n")] = 0;
		int64_t wall_us = strtoll(line, &rest, 10);
		int64_t step = strtoll(rest, &rest, 10);
		float value = strtof(rest, &rest);
		struct guild_scalar s = {rest + 1, value};
		rc = guild_event_writer_add(w, wall_us, step, &s, 1, &err);
	}
	int closed = guild_event_writer_close(w, rc == 0 ? &err : NULL);
	if (rc != 0 || closed != 0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "read") == 0) {
		return read_events(argv[2]);
	}
	return argc == 3 && strcmp(argv[1], "write") == 0 ? write_events(argv[2]) : 2;
}
