/* Runs a fuzz target over the files of one folder, without libFuzzer. */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

enum { LARGEST_SEED = 16 << 20 };

static int replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	if (!file) {
		perror(path);
		return 1;
	}
	uint8_t *data = malloc(LARGEST_SEED);
	if (!data) {
		abort();
	}
	size_t size = fread(data, 1, LARGEST_SEED, file);
	fclose(file);
	/* An exact copy lets the address sanitizer see reads past the end. */
	uint8_t *exact = realloc(data, size > 0 ? size : 1);
	if (!exact) {
		abort();
	}
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	return 0;
}

int main(int argc, char **argv)
{
	int failed = 0;
	int replayed = 0;
	const uint8_t nothing[1] = {0};
	LLVMFuzzerTestOneInput(nothing, 0);
	for (int i = 1; i < argc; i++) {
		DIR *dir = opendir(argv[i]);
		if (!dir) {
			continue;
		}
		struct dirent *entry;
		while ((entry = readdir(dir)) != NULL) {
			char path[4096];
			if (entry->d_name[0] == '.') {
				continue;
			}
			int n = snprintf(path, sizeof path, "%s/%s", argv[i], entry->d_name);
			if (n < 0 || (size_t)n >= sizeof path) {
				failed++;
				continue;
			}
			failed += replay_file(path);
			replayed++;
		}
		closedir(dir);
	}
	printf("replayed %d seeds\n", replayed);
	return failed > 0;
}
