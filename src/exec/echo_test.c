/* Copies that never block: readers that are slow, gone, or always there. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "supervise.h"

#include <cmocka.h>

enum { MUCH = 300000 };

struct ends {
	int read_fd, write_fd;
};

static struct ends make_pipe(void)
{
	int fds[2];
	assert_int_equal(guild_fd_pipe(fds), 0);
	return (struct ends){fds[0], fds[1]};
}

static struct ends make_socket(void)
{
	int fds[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	return (struct ends){fds[0], fds[1]};
}

static char *make_data(void)
{
	char *data = guild_alloc(MUCH);
	for (size_t i = 0; i < MUCH; i++) {
		data[i] = (char)(i * 2654435761U >> 13);
	}
	return data;
}

/* Puts more than fits, then reads and resumes in turns: every byte arrives, in order, and the descriptor of the
 * others stays a blocking one. */
static void check_slow_reader(struct ends ends, bool cannot_reopen)
{
	struct guild_troubles troubles = {0};
	struct guild_echo e;
	guild_echo_init(&e, ends.write_fd, &troubles);
	if (cannot_reopen && e.owns_fd) {
		guild_fd_close(&e.fd);
		e.fd = ends.write_fd;
		e.owns_fd = false;
		e.chunk = 4096;
	}
	char *data = make_data();
	guild_echo_put(&e, data, MUCH - 1000);
	size_t kept = guild_echo_pending(&e);
	assert_true(kept > 0);
	guild_echo_put(&e, data + MUCH - 1000, 1000);
	assert_int_equal(guild_echo_pending(&e), kept + 1000);
	assert_int_equal(fcntl(ends.write_fd, F_GETFL) & O_NONBLOCK, 0);
	char *got = guild_alloc(MUCH);
	size_t n = 0;
	while (n < MUCH) {
		ssize_t k = read(ends.read_fd, got + n, 10000);
		assert_true(k > 0);
		n += (size_t)k;
		guild_echo_resume(&e);
	}
	assert_memory_equal(got, data, MUCH);
	assert_int_equal(guild_echo_pending(&e), 0);
	guild_echo_fini(&e);
	free(got);
	free(data);
	close(ends.read_fd);
	close(ends.write_fd);
}

static void slow_readers_get_everything(void **state)
{
	(void)state;
	check_slow_reader(make_pipe(), false);
	check_slow_reader(make_pipe(), true);
	check_slow_reader(make_socket(), false);
}

static void count(void *arg, const char *level, const char *text)
{
	(void)level;
	(void)text;
	++*(int *)arg;
}

static void readers_that_are_gone_are_forgotten(void **state)
{
	(void)state;
	int said = 0;
	struct guild_log log = {.emit = count, .arg = &said};
	for (int i = 0; i < 2; i++) {
		struct ends ends = i == 0 ? make_pipe() : make_socket();
		struct guild_troubles troubles = {.log = &log};
		struct guild_echo e;
		guild_echo_init(&e, ends.write_fd, &troubles);
		close(ends.read_fd);
		guild_echo_put(&e, "x", 1);
		guild_echo_put(&e, "y", 1);
		assert_int_equal(e.fd, -1);
		assert_int_equal(guild_echo_pending(&e), 0);
		guild_echo_fini(&e);
		close(ends.write_fd);
	}
	assert_int_equal(said, 0);
}

static void a_full_disk_is_said_once(void **state)
{
	(void)state;
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	if (fd < 0) {
		skip();
	}
	int said = 0;
	struct guild_log log = {.emit = count, .arg = &said};
	struct guild_troubles troubles = {.log = &log};
	struct guild_echo e;
	guild_echo_init(&e, fd, &troubles);
	guild_echo_put(&e, "x", 1);
	guild_echo_put(&e, "y", 1);
	assert_int_equal(said, 1);
	assert_int_equal(e.fd, fd);
	guild_echo_fini(&e);
	close(fd);
}

static void closed_descriptors_are_nobody(void **state)
{
	(void)state;
	struct guild_troubles troubles = {0};
	struct guild_echo e;
	guild_echo_init(&e, 999, &troubles);
	guild_echo_put(&e, "x", 1);
	assert_int_equal(guild_echo_pending(&e), 0);
	guild_echo_fini(&e);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slow_readers_get_everything),
		cmocka_unit_test(readers_that_are_gone_are_forgotten),
		cmocka_unit_test(a_full_disk_is_said_once),
		cmocka_unit_test(closed_descriptors_are_nobody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
