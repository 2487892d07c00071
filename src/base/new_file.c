/* Files that are written piece after piece and appear when they are whole. */
#include <guild/base.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct guild_new_file {
	char *path; /* for messages: as it was given */
	char *real; /* what is replaced */
	char *tmp;  /* NULL: written in place */
	int fd;
	int errnum; /* of the first write that failed */
};

static void free_file(struct guild_new_file *f)
{
	if (f->fd >= 0) {
		close(f->fd);
	}
	free(f->path);
	free(f->real);
	free(f->tmp);
	free(f);
}

static char *temporary_name(const char *path)
{
	uint64_t r;
	guild_random_bytes(&r, sizeof r);
	char *dir = guild_path_dirname(path);
	char *name = guild_format("%s/.tmp-%s-%016llx", dir[0] ? dir : ".",
		guild_path_basename(path), (unsigned long long)r);
	free(dir);
	return name;
}

int guild_new_file_open(const char *path, struct guild_new_file **out, struct guild_error *err)
{
	struct guild_new_file *f = guild_alloc(sizeof *f);
	struct stat st;
	bool exists = stat(path, &st) == 0;
	f->path = guild_strdup(path);
	if (exists && !S_ISREG(st.st_mode)) {
		f->fd = open(path, O_WRONLY | O_CLOEXEC); /* EISDIR for a directory */
	} else {
		f->real = exists ? guild_path_real(path) : guild_strdup(path);
		f->tmp = temporary_name(f->real);
		f->fd = open(f->tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	}
	if (f->fd < 0) {
		int rc = guild_error_errno(err, errno, "cannot write '%s'", path);
		free_file(f);
		return rc;
	}
	if (exists && f->tmp != NULL) {
		(void)fchmod(f->fd, st.st_mode & 07777); /* another's file keeps ours */
	}
	*out = f;
	return 0;
}

static int write_piece(void *arg, const void *p, size_t n, struct guild_error *err)
{
	struct guild_new_file *f = arg;
	if (f->errnum == 0) {
		f->errnum = -guild_fd_write_all(f->fd, p, n);
	}
	return f->errnum ? guild_error_errno(err, f->errnum, "cannot write '%s'", f->path) : 0;
}

struct guild_sink guild_new_file_sink(struct guild_new_file *f)
{
	return (struct guild_sink){.write = write_piece, .arg = f};
}

static int sync_directory(const char *path)
{
	char *dir = guild_path_dirname(path);
	int fd = open(dir[0] ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(dir);
	if (fd < 0) {
		return errno;
	}
	int errnum = fsync(fd) ? errno : 0;
	close(fd);
	return errnum;
}

int guild_new_file_commit(struct guild_new_file *f, bool durable, struct guild_error *err)
{
	int errnum = f->errnum;
	if (errnum == 0 && durable && f->tmp != NULL && fsync(f->fd)) {
		errnum = errno;
	}
	if (close(f->fd) && errnum == 0) {
		errnum = errno;
	}
	f->fd = -1;
	if (errnum == 0 && f->tmp != NULL && rename(f->tmp, f->real)) {
		errnum = errno;
	}
	if (errnum != 0 && f->tmp != NULL) {
		unlink(f->tmp);
	}
	if (errnum == 0 && durable && f->tmp != NULL) {
		errnum = sync_directory(f->real);
	}
	int rc = errnum ? guild_error_errno(err, errnum, "cannot write '%s'", f->path) : 0;
	free_file(f);
	return rc;
}

void guild_new_file_discard(struct guild_new_file *f)
{
	if (f == NULL) {
		return;
	}
	if (f->tmp != NULL) {
		unlink(f->tmp);
	}
	free_file(f);
}
