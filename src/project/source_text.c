/* Is a file text? By extension, then by its first bytes (guildfile.md 6.3). */
#include "source_rules.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const char *const text_extensions[] = {".csv", ".md", ".py", ".sh", ".txt", NULL};
static const char *const binary_extensions[] = {
	".7z",
	".ai",
	".avi",
	".bin",
	".bmp",
	".bz2",
	".class",
	".dll",
	".doc",
	".docx",
	".dylib",
	".eps",
	".exe",
	".flac",
	".gif",
	".gz",
	".h5",
	".ico",
	".jar",
	".jpeg",
	".jpg",
	".m4a",
	".mkv",
	".mov",
	".mp3",
	".mp4",
	".mpeg",
	".npy",
	".npz",
	".o",
	".odp",
	".ods",
	".odt",
	".ogg",
	".pdf",
	".pickle",
	".pkl",
	".png",
	".ppt",
	".pptx",
	".psd",
	".pyc",
	".rar",
	".so",
	".svg",
	".svgz",
	".tar",
	".tgz",
	".tif",
	".tiff",
	".wav",
	".webm",
	".webp",
	".whl",
	".wmv",
	".xls",
	".xlsx",
	".xz",
	".zip",
	".zst",
	NULL,
};

static bool in_names(const char *const *names, const char *name)
{
	for (; *names; names++) {
		if (strcmp(*names, name) == 0) {
			return true;
		}
	}
	return false;
}

/* A NUL or 0xFF decides; else text is what decodes as UTF-8 (cut at the end is fine) or is mostly printable. */
static bool bytes_are_text(const char *p, size_t n)
{
	if (n == 0) {
		return true;
	}
	if (memchr(p, 0, n) || memchr(p, 0xff, n)) {
		return false;
	}
	size_t odd = 0, i = 0;
	while (i < n) {
		uint32_t cp = 0;
		size_t k = guild_utf8_decode(p + i, n - i, &cp);
		bool is_cut = !k && n - i < 4;
		if (is_cut) {
			break;
		}
		odd += !k || (cp < 32 && !strchr("\t\n\v\f\r\b\x1b", (int)cp)) || cp == 127;
		i += k ? k : 1;
	}
	return odd * 10 <= n * 3;
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
