/* Errors, log sinks and failed invariants. */
#include <guild/base.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void guild_assert_failed(const char *cond, const char *file, int line)
{
	fprintf(stderr, "guild: internal error: %s (%s:%d)\n", cond, file, line);
	abort();
}

static int set_text(struct guild_error *err, int code, const char *fmt, va_list args)
{
	if (err) {
		err->code = code;
		err->hint[0] = 0;
		vsnprintf(err->text, sizeof err->text, fmt, args);
	}
	return code;
}

int guild_error_set(struct guild_error *err, int code, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	set_text(err, code, fmt, args);
	va_end(args);
	return code;
}

static int code_of_errno(int errnum)
{
	switch (errnum) {
	case ENOENT:
	case ENOTDIR:
		return GUILD_ENOTFOUND;
	case EEXIST:
	case ENOTEMPTY:
		return GUILD_EEXISTS;
	case EACCES:
	case EPERM:
	case EROFS:
		return GUILD_EDENIED;
	case EBUSY:
	case EAGAIN:
		return GUILD_EBUSY;
	default:
		return GUILD_EIO;
	}
}

int guild_error_errno(struct guild_error *err, int errnum, const char *fmt, ...)
{
	int code = code_of_errno(errnum);
	va_list args;
	va_start(args, fmt);
	set_text(err, code, fmt, args);
	va_end(args);
	if (err) {
		size_t n = strlen(err->text);
		snprintf(err->text + n, sizeof err->text - n, ": %s", strerror(errnum));
	}
	return code;
}

void guild_error_hint(struct guild_error *err, const char *fmt, ...)
{
	if (!err) {
		return;
	}
	va_list args;
	va_start(args, fmt);
	vsnprintf(err->hint, sizeof err->hint, fmt, args);
	va_end(args);
}

/* Puts the text together in a buffer first; what passes the limit is cut. */
static void join_text(struct guild_error *err, struct guild_buf *text)
{
	size_t n = text->n < sizeof err->text ? text->n : sizeof err->text - 1;
	memcpy(err->text, guild_buf_cstr(text), n);
	err->text[n] = 0;
	guild_buf_fini(text);
}

static void append_args(struct guild_buf *out, const char *fmt, va_list args)
{
	char part[GUILD_ERROR_TEXT_MAX];
	vsnprintf(part, sizeof part, fmt, args);
	guild_buf_puts(out, part);
}

int guild_error_wrap(struct guild_error *err, const char *fmt, ...)
{
	if (!err) {
		return GUILD_EIO;
	}
	struct guild_buf text = {0};
	va_list args;
	va_start(args, fmt);
	append_args(&text, fmt, args);
	va_end(args);
	guild_buf_puts(&text, ": ");
	guild_buf_puts(&text, err->text);
	join_text(err, &text);
	return err->code;
}

int guild_error_where(struct guild_error *err, const char *fmt, ...)
{
	if (!err) {
		return GUILD_EIO;
	}
	struct guild_buf text = {0};
	guild_buf_puts(&text, err->text);
	guild_buf_puts(&text, " (");
	va_list args;
	va_start(args, fmt);
	append_args(&text, fmt, args);
	va_end(args);
	guild_buf_puts(&text, ")");
	join_text(err, &text);
	return err->code;
}

void guild_log(const struct guild_log *log, const char *level, const char *fmt, ...)
{
	if (!log || !log->emit) {
		return;
	}
	struct guild_buf text = {0};
	va_list args, again;
	va_start(args, fmt);
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (n > 0) {
		guild_buf_reserve(&text, (size_t)n + 1);
		vsnprintf(text.p, (size_t)n + 1, fmt, again);
	}
	va_end(again);
	log->emit(log->arg, level, guild_buf_cstr(&text));
	guild_buf_fini(&text);
}
