/* The log that wandb writes: a header ":W&B", then LevelDB's log format with CRC-32 of zlib: blocks of 32 KiB, in them pieces of
 * records. Facts: observed in files of wandb 0.31, and LevelDB's doc/log_format.md. */

#include "wandb.h"

#include <string.h>
#include <zlib.h>

enum {
	BLOCK = 32 << 10,
	PIECE_HEADER = 7, /* checksum, length, type */
	FILE_HEADER = 7,  /* ":W&B", 0xbee1, version; counts for the first block */
	RECORD_MAX = 256 << 20,
};
enum piece { PIECE_ZERO = 0, PIECE_FULL = 1, PIECE_FIRST = 2, PIECE_MIDDLE = 3, PIECE_LAST = 4 };

static uint32_t load32(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

bool guild_wandb_is_log(struct guild_str data)
{
	return data.n >= FILE_HEADER && memcmp(data.p, ":W&B\xe1\xbe", 6) == 0;
}

/* The next piece at *at: 1; 0 at the end; negative: guild_wandb_end. */
static int next_piece(struct guild_str data, size_t *at, enum piece *type, struct guild_str *out,
	enum guild_wandb_end *end)
{
	size_t left = BLOCK - *at % BLOCK;
	if (left < PIECE_HEADER) { /* the rest of a block that no header fits into */
		*at += left;
	}
	if (*at >= data.n) {
		return 0;
	}
	const unsigned char *p = (const unsigned char *)data.p + *at;
	size_t rest = data.n - *at;
	if (rest < PIECE_HEADER) {
		*end = GUILD_WANDB_TRUNCATED;
		return -1;
	}
	size_t n = (size_t)p[4] | (size_t)p[5] << 8;
	if (p[6] == PIECE_ZERO && n == 0 && load32(p) == 0) { /* room made in advance */
		return 0;
	}
	if (p[6] > PIECE_LAST || n + PIECE_HEADER > BLOCK - *at % BLOCK) {
		*end = GUILD_WANDB_CORRUPT;
		return -1;
	}
	if (rest < PIECE_HEADER + n) {
		*end = GUILD_WANDB_TRUNCATED;
		return -1;
	}
	if (crc32(crc32(0, NULL, 0), p + 6, (uInt)(n + 1)) != load32(p)) {
		*end = GUILD_WANDB_CORRUPT;
		return -1;
	}
	*type = (enum piece)p[6];
	*out = (struct guild_str){data.p + *at + PIECE_HEADER, n};
	*at += PIECE_HEADER + n;
	return 1;
}

enum guild_wandb_end guild_wandb_read(struct guild_str data, guild_wandb_fn *on_record, void *arg)
{
	enum guild_wandb_end end = GUILD_WANDB_CLEAN;
	struct guild_buf record = {.max = RECORD_MAX};
	struct guild_str piece;
	enum piece type = PIECE_ZERO;
	bool is_open = false;
	size_t at = FILE_HEADER;
	int got = 0;
	if (!guild_wandb_is_log(data)) {
		return GUILD_WANDB_CORRUPT;
	}
	while ((got = next_piece(data, &at, &type, &piece, &end)) > 0) {
		if (type == PIECE_FULL) {
			on_record(arg, piece);
			is_open = false;
			continue;
		}
		if (type == PIECE_FIRST) {
			guild_buf_reset(&record);
			is_open = true;
		}
		/* A piece without a beginning: its record was cut by a crash, the next one is whole. */
		if (is_open && guild_buf_try_append(&record, piece.p, piece.n) != 0) {
			end = GUILD_WANDB_CORRUPT;
			break;
		}
		if (type == PIECE_LAST && is_open) {
			on_record(arg, guild_buf_str(&record));
			is_open = false;
		}
	}
	guild_buf_fini(&record);
	return got == 0 && is_open ? GUILD_WANDB_TRUNCATED : end;
}
