/* Reads the scalars of one run directory as `guild compare` does and prints how
 * many values it saw and the CPU seconds it took: bench/read_scalars RUN. */

#include <stdio.h>
#include <time.h>

#include <guild/collect.h>

int main(int argc, char **argv)
{
	if (argc != 2) {
		fputs("usage: read_scalars RUN\n", stderr);
		return 2;
	}
	struct guild_error err = {0};
	struct guild_run run = {0};
	struct guild_scalars scalars = {0};
	struct guild_arena *arena = guild_arena_new();
	int64_t count = 0;
	clock_t started = clock();
	int code = guild_run_open(argv[1], &run, &err);
	if (!code) {
		code = guild_scalars_read(&run, arena, &scalars, NULL, &err);
	}
	for (size_t i = 0; !code && i < scalars.n; i++) {
		count += scalars.v[i].count;
	}
	double seconds = (double)(clock() - started) / CLOCKS_PER_SEC;
	if (code) {
		fprintf(stderr, "read_scalars: %s\n", err.text);
	} else {
		printf("%lld %.6f\n", (long long)count, seconds);
	}
	guild_run_fini(&run);
	guild_arena_free(arena);
	return code ? 1 : 0;
}
