/* Stores of other trackers: the first byte says of which, the rest are the bytes of its files (parted by a NUL where there are two). Nothing is
 * written; whatever the bytes are, an import that is repeated finds the same runs. */
#include "fuzz.h"

#include <guild/trackers.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { FRAME_MAX = 32000 };

struct store {
	const char *kind;
	const char *path;     /* of the store, below the temporary folder */
	const char *files[2]; /* of it; the second may be NULL */
	enum { PLAIN, WANDB_RECORD, EVENT_RECORD } frame;
};
static const struct store stores[] = {
	{"csv", "table.csv", {"table.csv", NULL}, PLAIN},
	{"sacred", "sacred", {"sacred/1/run.json", "sacred/1/metrics.json"}, PLAIN},
	{"mlflow", "mlruns", {"mlruns/7/a/meta.yaml", "mlruns/7/a/metrics/loss"}, PLAIN},
	{"wandb-offline", "wandb", {"wandb/run-1/run-1.wandb", NULL}, PLAIN},
	{"wandb-offline", "wandb", {"wandb/run-1/run-1.wandb", NULL}, WANDB_RECORD},
	{"dvc", "dvclive", {"dvclive/plots/metrics/loss.tsv", "dvclive/metrics.json"}, PLAIN},
	{"tensorboard", "logs", {"logs/events.out.tfevents.1", NULL}, PLAIN},
	{"tensorboard", "logs", {"logs/events.out.tfevents.1", NULL}, EVENT_RECORD},
};

/* What an import told. */
struct told {
	size_t n;
	uint64_t n_values;
	char ids[65];
};

static int on_run(void *arg, const struct guild_imported *run)
{
	struct told *t = arg;
	char text[256];
	t->n++;
	t->n_values += run->n_values;
	guild_assert(run->state == GUILD_IMPORT_NEW || run->state == GUILD_IMPORT_DAMAGED ||
		     run->state == GUILD_IMPORT_DELETED);
	guild_assert((run->state == GUILD_IMPORT_DAMAGED) == (run->why != NULL));
	snprintf(text, sizeof(text), "%s %s", t->ids, run->run_id != NULL ? run->run_id : "-");
	guild_digest_bytes(GUILD_SHA256, text, strlen(text), t->ids);
	return 0;
}

static void put(const char *dir, const char *name, const char *p, size_t n)
{
	char *path = guild_path_join(dir, name);
	char *parent = guild_path_dirname(path);
	guild_assert(guild_mkdirs(parent, NULL) == 0);
	guild_assert(guild_file_write(path, p, n, false, NULL) == 0);
	free(parent);
	free(path);
}

/* One record that is whole, so that what is in it is read. */
static void put_framed(const char *dir, const struct store *s, const char *p, size_t n)
{
	struct guild_buf out = {0};
	n = n > FRAME_MAX ? FRAME_MAX : n;
	if (s->frame == EVENT_RECORD) {
		guild_event_encode_record(&out, guild_str_n(p, n));
	} else {
		struct guild_buf piece = {0};
		guild_buf_putc(&piece, 1);
		guild_buf_append(&piece, p, n);
		uint32_t crc = (uint32_t)crc32(crc32(0, NULL, 0), (const unsigned char *)piece.p,
			(unsigned)piece.n);
		guild_buf_append(&out, ":W&B\xe1\xbe\0", 7);
		guild_buf_append(&out, &crc, sizeof(crc));
		guild_buf_putc(&out, (char)n);
		guild_buf_putc(&out, (char)(n >> 8));
		guild_buf_append(&out, piece.p, piece.n);
		guild_buf_fini(&piece);
	}
	put(dir, s->files[0], out.p, out.n);
	guild_buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0) {
		return 0;
	}
	const struct store *s = &stores[data[0] % GUILD_ARRAY_LEN(stores)];
	const char *p = (const char *)data + 1;
	size_t n = size - 1;
	char *dir = guild_tmp_dir("guild-fuzz-", NULL);
	guild_assert(dir != NULL);
	const char *nul = s->files[1] != NULL ? memchr(p, '\0', n) : NULL;
	if (s->frame != PLAIN) {
		put_framed(dir, s, p, n);
	} else {
		size_t first = nul != NULL ? (size_t)(nul - p) : n;
		put(dir, s->files[0], p, first);
		if (nul != NULL) {
			put(dir, s->files[1], nul + 1, n - first - 1);
		}
	}
	if (strcmp(s->kind, "mlflow") == 0) {
		static const char meta[] = "experiment_id: '7'\nname: e\n";
		put(dir, "mlruns/7/meta.yaml", meta, sizeof(meta) - 1);
	}
	char *path = guild_path_join(dir, s->path);
	char *runs = guild_path_join(dir, "runs");
	struct told told[2] = {0};
	int rc[2];
	for (int i = 0; i < 2; i++) {
		struct guild_import_request req = {.kind = s->kind,
			.path = path,
			.runs_dir = runs,
			.trash_dir = runs,
			.preview = true,
			.on_run = on_run,
			.arg = &told[i]};
		struct guild_import_summary sum = {0};
		rc[i] = guild_import(&req, &sum, NULL, NULL);
	}
	guild_assert(rc[0] == rc[1]);
	guild_assert(told[0].n == told[1].n && told[0].n_values == told[1].n_values);
	guild_assert(strcmp(told[0].ids, told[1].ids) == 0);
	guild_assert(!guild_file_exists(runs));
	free(runs);
	free(path);
	guild_assert(guild_rmtree(dir, NULL) == 0);
	free(dir);
	return 0;
}
