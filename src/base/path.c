/* Paths as bytes; the functions behave as their namesakes in Python's os.path on POSIX. */
#include <guild/base.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *guild_path_join(const char *a, const char *b)
{
	if (b[0] == '/' || !a[0]) {
		return guild_strdup(b);
	}
	return guild_format("%s%s%s", a, guild_ends(a, "/") ? "" : "/", b);
}

char *guild_path_join3(const char *a, const char *b, const char *c)
{
	char *ab = guild_path_join(a, b);
	char *abc = guild_path_join(ab, c);
	free(ab);
	return abc;
}

char *guild_path_dirname(const char *p)
{
	const char *slash = strrchr(p, '/');
	if (!slash) {
		return guild_strdup("");
	}
	while (slash > p && slash[-1] == '/') {
		slash--;
	}
	return guild_strndup(p, slash == p ? 1 : (size_t)(slash - p));
}

const char *guild_path_basename(const char *p)
{
	const char *slash = strrchr(p, '/');
	return slash ? slash + 1 : p;
}

const char *guild_path_ext(const char *p)
{
	const char *name = guild_path_basename(p);
	while (*name == '.') {
		name++;
	}
	const char *dot = strrchr(name, '.');
	return dot ? dot : "";
}

char *guild_path_normalize(const char *p)
{
	bool is_abs = p[0] == '/';
	struct guild_strs parts = {0};
	while (*p) {
		size_t n = strcspn(p, "/");
		if (n == 2 && memcmp(p, "..", 2) == 0) {
			bool can_pop = parts.n && strcmp(parts.v[parts.n - 1], "..") != 0;
			if (can_pop) {
				free(parts.v[--parts.n]);
				parts.v[parts.n] = NULL;
			} else if (!is_abs) {
				guild_strs_add(&parts, "..");
			}
		} else if (n && !(n == 1 && p[0] == '.')) {
			guild_strs_add_n(&parts, p, n);
		}
		p += n;
		p += strspn(p, "/");
	}
	char *joined = guild_strs_join(&parts, "/");
	guild_strs_fini(&parts);
	char *out = is_abs ? guild_format("/%s", joined) : guild_strdup(joined[0] ? joined : ".");
	free(joined);
	return out;
}

char *guild_path_abs(const char *p, const char *cwd)
{
	char *here = NULL;
	if (!cwd && p[0] != '/') {
		cwd = here = getcwd(NULL, 0);
	}
	char *joined = guild_path_join(cwd ? cwd : "/", p);
	char *out = guild_path_normalize(joined);
	free(joined);
	free(here);
	return out;
}

char *guild_path_real(const char *p)
{
	char *whole = guild_path_abs(p, NULL);
	char *tail = guild_strdup("");
	for (;;) {
		char *real = realpath(whole, NULL);
		if (real || strcmp(whole, "/") == 0) {
			char *out = guild_path_join(real ? real : "/", tail);
			if (!tail[0] && guild_ends(out, "/") && out[1]) {
				out[strlen(out) - 1] = 0;
			}
			free(real);
			free(whole);
			free(tail);
			return out;
		}
		char *longer = tail[0] ? guild_path_join(guild_path_basename(whole), tail)
				       : guild_strdup(guild_path_basename(whole));
		free(tail);
		tail = longer;
		char *up = guild_path_dirname(whole);
		free(whole);
		whole = up;
	}
}

char *guild_path_rel(const char *p, const char *start)
{
	char *to = guild_path_abs(p, NULL), *from = guild_path_abs(start, NULL);
	struct guild_strs a = {0}, b = {0}, out = {0};
	guild_strs_split(&a, strcmp(to, "/") ? to : "", '/');
	guild_strs_split(&b, strcmp(from, "/") ? from : "", '/');
	size_t common = 0;
	while (common < a.n && common < b.n && strcmp(a.v[common], b.v[common]) == 0) {
		common++;
	}
	for (size_t i = common; i < b.n; i++) {
		guild_strs_add(&out, "..");
	}
	for (size_t i = common; i < a.n; i++) {
		guild_strs_add(&out, a.v[i]);
	}
	char *text = out.n ? guild_strs_join(&out, "/") : guild_strdup(".");
	guild_strs_fini(&a);
	guild_strs_fini(&b);
	guild_strs_fini(&out);
	free(to);
	free(from);
	return text;
}

char *guild_path_expand_user(const char *p, const char *home)
{
	bool is_home = p[0] == '~' && (p[1] == 0 || p[1] == '/');
	return is_home && home ? guild_format("%s%s", home, p + 1) : guild_strdup(p);
}

char *guild_path_compress_user(const char *p, const char *home)
{
	size_t n = home ? strlen(home) : 0;
	while (n && home[n - 1] == '/') {
		n--;
	}
	if (n && strncmp(p, home, n) == 0 && (p[n] == '/' || p[n] == 0)) {
		return guild_format("~%s", p + n);
	}
	return guild_strdup(p);
}

bool guild_path_is_abs(const char *p)
{
	return p[0] == '/';
}

bool guild_path_is_beneath(const char *p)
{
	if (!p[0] || p[0] == '/') {
		return false;
	}
	while (*p) {
		size_t n = strcspn(p, "/");
		if (n == 2 && memcmp(p, "..", 2) == 0) {
			return false;
		}
		p += n;
		p += strspn(p, "/");
	}
	return true;
}
