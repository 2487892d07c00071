/* Records of claims and leases. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sched_private.h"

static const char whole[] =
	"guild-record 1\nrun abc\ntoken t1\nqueue q\nowner 1 2 h b n\nrunner 3 4 h b n\n"
	"gpu GPU-1\nper-gpu 2\nindex 7\nend\n";

static void test_round_trip(void **state)
{
	struct sched_record r;
	struct guild_buf text = {0};
	assert_int_equal(sched_record_parse(guild_str(whole), &r, NULL), 0);
	assert_string_equal(r.run, "abc");
	assert_string_equal(r.runner, "3 4 h b n");
	assert_int_equal(r.per_gpu, 2);
	assert_int_equal(r.index, 7);
	sched_record_format(&r, &text);
	assert_string_equal(guild_buf_cstr(&text), whole);
	guild_buf_fini(&text);
	sched_record_fini(&r);
}

/* Every beginning of a record is none. */
static void test_torn(void **state)
{
	for (size_t n = 0; n < strlen(whole) - 1; n++) {
		struct sched_record r;
		struct guild_error err = {0};
		assert_int_equal(sched_record_parse(guild_str_n(whole, n), &r, &err),
			GUILD_EINVALID);
	}
}

static void test_process_names(void **state)
{
	char *me = guild_process_name(getpid());
	char *host = NULL;
	pid_t pid;
	assert_int_equal(guild_process_find(me, &pid, &host), GUILD_PROCESS_OURS);
	assert_int_equal(pid, getpid());
	assert_non_null(host);
	char *later = guild_format("%d 1%s", (int)getpid(), strchr(me, ' ') + 1);
	assert_int_equal(guild_process_find(later, NULL, NULL), GUILD_PROCESS_NONE);
	assert_int_equal(guild_process_find("1 2 host other-boot pid:[1]", NULL, NULL),
		GUILD_PROCESS_AWAY);
	assert_int_equal(guild_process_find("garbage", NULL, NULL), GUILD_PROCESS_NONE);
	free(later);
	free(host);
	free(me);
}

static void test_created_once(void **state)
{
	char *dir = guild_tmp_dir("records", NULL);
	char *path = guild_path_join(dir, "a");
	struct sched_record r;
	struct guild_strs names = {0};
	assert_int_equal(sched_record_parse(guild_str(whole), &r, NULL), 0);
	assert_int_equal(sched_record_create(path, &r, NULL), 0);
	assert_int_equal(sched_record_create(path, &r, NULL), GUILD_EEXISTS);
	assert_int_equal(guild_dir_list(dir, &names, NULL), 0);
	assert_int_equal(names.n, 1);
	guild_strs_fini(&names);
	sched_record_fini(&r);
	(void)guild_rmtree(dir, NULL);
	free(path);
	free(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_torn),
		cmocka_unit_test(test_process_names),
		cmocka_unit_test(test_created_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
