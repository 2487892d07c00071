/* Where bytes go, piece after piece. */
#include <guild/base.h>

enum { FLUSH_BYTES = 64 << 10 };

int guild_sink_write(const struct guild_sink *to, const void *p, size_t n, struct guild_error *err)
{
	return n > 0 ? to->write(to->arg, p, n, err) : 0;
}

static int append(void *arg, const void *p, size_t n, struct guild_error *err)
{
	(void)err;
	guild_buf_append(arg, p, n);
	return 0;
}

struct guild_sink guild_buf_sink(struct guild_buf *b)
{
	return (struct guild_sink){.write = append, .arg = b};
}

int guild_sink_flush(const struct guild_sink *to, struct guild_buf *b, bool all,
	struct guild_error *err)
{
	if (b->n < FLUSH_BYTES && !all) {
		return 0;
	}
	int rc = guild_sink_write(to, guild_buf_cstr(b), b->n, err);
	guild_buf_reset(b);
	return rc;
}
