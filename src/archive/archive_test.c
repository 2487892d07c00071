/* Unpacking hand-made tar files: what is kept, refused and left behind. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "beneath.h"
#include "guild/archive.h"

/* ---- tar files -------------------------------------------------------------------------------------- */

struct member {
	const char *name;
	char type; /* '0' file, '1' hard link, '2' symlink, '3' device, '5' directory, '6' pipe */
	const char *data; /* content, or what a link names */
	unsigned mode;
};

static void add_member(struct guild_buf *out, const struct member *m)
{
	char block[512] = {0};
	bool is_link = m->type == '1' || m->type == '2';
	size_t n = m->data && !is_link ? strlen(m->data) : 0;
	unsigned sum = 0;

	snprintf(block, 100, "%s", m->name);
	snprintf(block + 100, 8, "%07o", (m->mode ? m->mode : 0644) & 07777);
	snprintf(block + 108, 8, "%07o", 0);
	snprintf(block + 116, 8, "%07o", 0);
	snprintf(block + 124, 12, "%011o", (unsigned)n);
	snprintf(block + 136, 12, "%011o", 1000000000);
	memset(block + 148, ' ', 8);
	block[156] = m->type;
	snprintf(block + 157, 100, "%s", is_link ? m->data : "");
	memcpy(block + 257, "ustar\00000", 8);
	for (size_t i = 0; i < sizeof(block); i++) {
		sum += (unsigned char)block[i];
	}
	snprintf(block + 148, 8, "%06o", sum);
	guild_buf_append(out, block, sizeof(block));
	if (n > 0) {
		char zeros[512] = {0};

		guild_buf_append(out, m->data, n);
		guild_buf_append(out, zeros, (512 - n % 512) % 512);
	}
}

struct place {
	char *dir, *archive, *target;
};

static void make_tar(const struct place *p, const struct member *members, size_t n, size_t cut)
{
	static const char end[1024];
	struct guild_buf out = {0};

	for (size_t i = 0; i < n; i++) {
		add_member(&out, &members[i]);
	}
	guild_buf_append(&out, end, sizeof(end));
	assert_int_equal(guild_file_write(p->archive, out.p, cut ? cut : out.n, false, NULL), 0);
	guild_buf_fini(&out);
}

static int unpack(const struct place *p, struct guild_strs *members, struct guild_error *err)
{
	struct guild_archive_request req = {
		.path = p->archive, .dir = p->target, .kind = GUILD_ARCHIVE_TAR};

	return guild_archive_unpack(&req, members, err);
}

static int set_up(void **state)
{
	struct place *p = guild_alloc(sizeof(*p));

	p->dir = guild_tmp_dir("guild-archive-", NULL);
	p->archive = guild_path_join(p->dir, "a.tar");
	p->target = guild_path_join(p->dir, "out");
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;
	int rc = guild_rmtree(p->dir, NULL);

	free(p->dir);
	free(p->archive);
	free(p->target);
	free(p);
	return rc;
}

static void assert_text(const struct place *p, const char *name, const char *text)
{
	char *path = guild_path_join(p->target, name);
	struct guild_buf b = {0};

	assert_int_equal(guild_file_read(path, 0, &b, NULL), 0);
	assert_string_equal(guild_buf_cstr(&b), text);
	guild_buf_fini(&b);
	free(path);
}

static void assert_joined(const struct guild_strs *names, const char *expected)
{
	char *text = guild_strs_join(names, " ");

	assert_string_equal(text, expected);
	free(text);
}

/* ---- tests --------------------------------------------------------------------------------------------- */

static const struct member good[] = {
	{"./top", '0', "1", 0},
	{"d/e/f", '0', "two", 06755},
	{"./d/", '5', NULL, 0},
	{"d/l", '2', "e/f", 0},
	{"up", '2', "./d/e", 0},
	{"d/e/back", '2', "../../top", 0},
	{"hard", '1', "./d/e/f", 0},
	{".guild-cache-a.tar.unpacked", '0', "forged", 0},
};

static void test_unpack(void **state)
{
	const struct place *p = *state;
	struct guild_error err = {0};
	struct guild_strs members = {0};
	struct stat st;

	make_tar(p, good, GUILD_ARRAY_LEN(good), 0);
	assert_int_equal(unpack(p, &members, &err), 0);
	assert_joined(&members, "d/e top d/e/f d d/l up d/e/back hard");
	assert_text(p, "top", "1");
	assert_text(p, "hard", "two");
	assert_text(p, "d/e/back", "1");
	char *file = guild_path_join(p->target, "d/e/f");

	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 07777 & ~(mode_t)022, 0755 & ~022);
	assert_int_equal(st.st_mtim.tv_sec, 1000000000);
	assert_int_equal(st.st_nlink, 2);
	free(file);
	/* Asked again: the list says it all. */
	struct guild_strs again = {0};
	struct guild_strs names = {0};

	assert_int_equal(unpack(p, &again, &err), 0);
	assert_joined(&again, "d/e top d/e/f d d/l up d/e/back hard");
	assert_int_equal(guild_dir_list(p->target, &names, &err), 0);
	assert_joined(&names, ".guild-cache-a.tar.unpacked d hard top up");
	guild_strs_fini(&names);
	guild_strs_fini(&again);
	guild_strs_fini(&members);
}

static const struct {
	const char *what;
	struct member members[3];
} bad[] = {
	{"leads out", {{"ok", '0', "1", 0}, {"../x", '0', "1", 0}}},
	{"leads out", {{"/abs", '0', "1", 0}}},
	{"leads out", {{"a/../../x", '0', "1", 0}}},
	{"outside", {{"l", '2', "/etc/passwd", 0}}},
	{"outside", {{"l", '2', "..", 0}}},
	{"outside", {{"a/l", '2', "../../x", 0}}},
	{"outside", {{"a/b/up", '2', "../..", 0}, {"v", '2', "a/b/up/..", 0}}},
	{"outside", {{"h", '1', "../../etc/passwd", 0}}},
	{"outside", {{"h", '1', "/etc/passwd", 0}}},
	{"not there", {{"h", '1', "nowhere", 0}}},
	{"below a file or link", {{"l", '2', "d", 0}, {"l/f", '0', "1", 0}}},
	{"below a file or link", {{"f", '0', "1", 0}, {"f/g", '0', "1", 0}}},
	{"device", {{"dev", '3', NULL, 0}}},
	{"device", {{"pipe", '6', NULL, 0}}},
};

static void test_refused(void **state)
{
	const struct place *p = *state;

	for (size_t i = 0; i < GUILD_ARRAY_LEN(bad); i++) {
		struct guild_error err = {0};
		struct guild_strs members = {0};
		size_t n = 1 + (bad[i].members[1].name != NULL);

		make_tar(p, bad[i].members, n, 0);
		assert_int_equal(unpack(p, &members, &err), GUILD_EINVALID);
		assert_non_null(strstr(err.text, bad[i].what));
		assert_int_equal(members.n, 0);
		assert_false(guild_file_exists(p->target)); /* nothing came out of it */
		guild_strs_fini(&members);
	}
}

static void test_cut_and_damaged(void **state)
{
	const struct place *p = *state;
	struct guild_error err = {0};
	struct guild_strs members = {0};

	make_tar(p, good, 2, 512 + 512 + 512 + 2);
	assert_int_equal(unpack(p, &members, &err), GUILD_EINVALID);
	assert_false(guild_file_exists(p->target));
	assert_int_equal(guild_file_write(p->archive, "no archive", 10, false, NULL), 0);
	assert_int_equal(unpack(p, &members, &err), GUILD_EINVALID);
	assert_false(guild_file_exists(p->target));
}

static void test_limit(void **state)
{
	const struct place *p = *state;
	struct guild_error err = {0};
	struct guild_strs members = {0};
	struct guild_archive_request req = {
		.path = p->archive, .dir = p->target, .kind = GUILD_ARCHIVE_TAR, .max_bytes = 3};

	make_tar(p, good, 2, 0);
	assert_int_equal(guild_archive_unpack(&req, &members, &err), GUILD_ELIMIT);
	assert_false(guild_file_exists(p->target));
	req.max_bytes = 4;
	assert_int_equal(guild_archive_unpack(&req, &members, &err), 0);
	guild_strs_fini(&members);
}

/* A member of the newest archive counts; what is missing comes again; what a killed process left is cleared away. */
static void test_again(void **state)
{
	static const struct member newer[] = {{"top", '0', "new", 0}, {"d/e/f", '0', "two", 0}};
	const struct place *p = *state;
	struct guild_error err = {0};
	struct guild_strs members = {0};
	char *left = guild_path_join(p->target, ".guild-cache-a.tar.new/x");
	char *top = guild_path_join(p->target, "top");

	make_tar(p, good, 2, 0);
	assert_int_equal(guild_mkdirs(left, &err), 0);
	assert_int_equal(unpack(p, &members, &err), 0);
	assert_false(guild_file_exists(left));
	assert_int_equal(unlink(top), 0);
	assert_int_equal(unpack(p, &members, &err), 0);
	assert_text(p, "top", "1");
	make_tar(p, newer, 2, 0);
	assert_int_equal(unpack(p, &members, &err), 0);
	assert_text(p, "top", "new");
	guild_strs_fini(&members);
	free(left);
	free(top);
}

static void test_kinds(void **state)
{
	static const struct {
		const char *name, *type;
		int kind;
	} kinds[] = {
		{"a/b.zip", NULL, GUILD_ARCHIVE_ZIP},
		{"b.ZIP", NULL, GUILD_ARCHIVE_ZIP},
		{"b.tar", NULL, GUILD_ARCHIVE_TAR},
		{"b.tgz", NULL, GUILD_ARCHIVE_TAR},
		{"b.tar.zst", NULL, GUILD_ARCHIVE_TAR},
		{"b.txt.gz", NULL, GUILD_ARCHIVE_GZIP},
		{"b.gz.txt", NULL, GUILD_ARCHIVE_NONE},
		{"tar.d/b", NULL, GUILD_ARCHIVE_NONE},
		{"b.7z", NULL, GUILD_ARCHIVE_NONE},
		{"b.7z", "7z", GUILD_ARCHIVE_7Z},
		{"data", "zip", GUILD_ARCHIVE_ZIP},
		{"b.zip", "tar", GUILD_ARCHIVE_TAR},
	};
	enum guild_archive_kind kind;
	struct guild_error err = {0};

	(void)state;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(kinds); i++) {
		assert_int_equal(guild_archive_kind(kinds[i].name, kinds[i].type, &kind, &err), 0);
		assert_int_equal((int)kind, kinds[i].kind);
	}
	assert_int_equal(guild_archive_kind("x.zip", "rar", &kind, &err), GUILD_EINVALID);
	assert_non_null(strstr(err.text, "unsupported archive type 'rar'"));
}

static void test_sizes(void **state)
{
	(void)state;
	assert_int_equal(guild_archive_max_bytes(NULL), 0);
	assert_int_equal(guild_archive_max_bytes("17"), 17);
	assert_int_equal(guild_archive_max_bytes("2k"), 2048);
	assert_int_equal(guild_archive_max_bytes("3G"), (int64_t)3 << 30);
	assert_int_equal(guild_archive_max_bytes("-1"), 0);
	assert_int_equal(guild_archive_max_bytes("G"), 0);
	assert_int_equal(guild_archive_max_bytes("9999999999T"), INT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_unpack, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_cut_and_damaged, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_limit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_again, set_up, tear_down),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_sizes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
