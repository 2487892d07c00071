/* Is a file text? By extension, then by its first bytes (guildfile.md 6.3). */
#include "source_rules.h"

#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* The extensions that Guild AI 0.9.0 decides by; the case of letters does not count. */
static const char *const text_extensions[] = {".csv", ".md", ".py", ".sh", ".txt", NULL};
static const char *const binary_extensions[] = {".7z", ".ai", ".aif", ".avi", ".bin", ".bmp",
	".deb", ".doc", ".docx", ".gif", ".gz", ".ico", ".jpeg", ".jpg", ".key", ".mid", ".midi",
	".mov", ".mp3", ".mp4", ".mpa", ".mpeg", ".ogg", ".pdf", ".pickle", ".pkg", ".pkl", ".png",
	".ppt", ".pptx", ".ps", ".psd", ".pyc", ".rar", ".rpm", ".svg", ".swf", ".tar", ".tif",
	".tiff", ".wav", ".wma", ".wmv", ".xlr", ".xls", ".xlsx", ".xz", ".z", ".zip", NULL};

static bool in_names(const char *const *names, const char *name)
{
	for (; *names; names++) {
		if (strcasecmp(*names, name) == 0) {
			return true;
		}
	}
	return false;
}

static bool is_control(uint32_t c)
{
	return (c < 32 && !strchr("\t\n\v\f\r\b\x1b", (int)c)) || c == 127;
}

/* UTF-16 or UTF-32 text holds zero bytes and is text all the same: every unit is a printable character. Without a byte order mark
 * half of them must be ASCII, as any bytes make some ideograph. */
static bool is_wide_text(const unsigned char *p, size_t n, size_t width, bool is_big, bool has_mark)
{
	size_t n_units = n / width, n_ascii = 0;
	for (size_t i = 0; i < n_units; i++) {
		uint32_t c = 0;
		for (size_t k = 0; k < width; k++) {
			c = c << 8 | p[i * width + (is_big ? k : width - 1 - k)];
		}
		if (c == 0 || is_control(c) || c == 0xFFFE || c == 0xFFFF || c > 0x10FFFF) {
			return false;
		}
		n_ascii += c < 128;
	}
	return n_units > 1 && (has_mark || n_ascii * 2 >= n_units);
}

static bool is_wide(const char *bytes, size_t n)
{
	const unsigned char *p = (const unsigned char *)bytes;
	static const struct {
		const char *mark;
		size_t n_mark, width;
		bool is_big;
	} kinds[] = {{"\xff\xfe\0\0", 4, 4, false}, {"\0\0\xfe\xff", 4, 4, true},
		{"\xff\xfe", 2, 2, false}, {"\xfe\xff", 2, 2, true}};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(kinds); i++) {
		bool has_mark =
			n > kinds[i].n_mark && memcmp(p, kinds[i].mark, kinds[i].n_mark) == 0;
		if (is_wide_text(p, n, kinds[i].width, kinds[i].is_big, has_mark)) {
			return true;
		}
	}
	return false;
}

/* A zero byte or 0xFF decides. Else it is text, unless much of it is control characters, or bytes that are no UTF-8 without any
 * ASCII in between (an 8-bit encoding of words has blanks). */
static bool bytes_are_text(const char *p, size_t n)
{
	if (n == 0) {
		return true;
	}
	if (memchr(p, 0, n) || memchr(p, 0xff, n)) {
		return is_wide(p, n);
	}
	size_t n_control = 0, n_bad = 0, n_plain = 0, i = 0;
	while (i < n) {
		uint32_t c = 0;
		size_t k = guild_utf8_decode(p + i, n - i, &c);
		if (!k && n - i < 4 && i > 0) {
			break; /* the 1024th byte cut a character */
		}
		n_bad += !k;
		n_control += k && is_control(c);
		n_plain += k && !is_control(c);
		i += k ? k : 1;
	}
	return n_control * 10 <= n * 3 && (n_bad * 10 <= n * 3 || (n_control == 0 && n_plain > 0));
}

bool source_is_text(const char *path)
{
	enum { LOOK = 1024 };
	const char *ext = guild_path_ext(path);
	if (in_names(text_extensions, ext)) {
		return true;
	}
	if (in_names(binary_extensions, ext)) {
		return false;
	}
	char head[LOOK];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return false;
	}
	ssize_t n = read(fd, head, sizeof head);
	close(fd);
	return n >= 0 && bytes_are_text(head, (size_t)n);
}
