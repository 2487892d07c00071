/* What the files of this room share. */
#ifndef GUILD_SCHED_PRIVATE_H
#define GUILD_SCHED_PRIVATE_H

#include "guild/sched.h"

/* ---- records: who has claimed a run, who holds a GPU (docs/formats/queues.md) ------------------------------------------- */

enum { SCHED_RECORD_MAX = 8 << 10, SCHED_TOKEN_LEN = 32 };

/* Strings are owned; NULL: not there. */
struct sched_record {
	char *run;       /* id */
	char *token;     /* of this claim: it changes hands only with it */
	char *queue;     /* name; "": a person started the run */
	char *owner;     /* the queue's process, as guild_process_name */
	char *runner;    /* the process that executes the run */
	char *gpu;       /* of leases: key of the GPU */
	int64_t index;   /* of leases: number of the GPU on its machine, -1 unknown */
	int64_t per_gpu; /* of leases: so many may hold it at once */
};
void sched_record_fini(struct sched_record *r);
/* GUILD_EINVALID: no record, or half of one. Lines that are not known are passed over. */
int sched_record_parse(struct guild_str text, struct sched_record *out, struct guild_error *err);
void sched_record_format(const struct sched_record *r, struct guild_buf *out);
int sched_record_read(const char *path, struct sched_record *out, struct guild_error *err);
int sched_record_write(const char *path, const struct sched_record *r, struct guild_error *err);
/* Makes the file; GUILD_EEXISTS where it is there. Also on NFS it is made once, and whole. */
int sched_record_create(const char *path, const struct sched_record *r, struct guild_error *err);
/* The process of `name` lives: here, or elsewhere and `path` was touched lately. */
bool sched_process_is_live(const char *name, const char *path);
/* Queue, runner, or the run's own process lives. */
bool sched_record_is_live(const struct guild_home *home, const struct sched_record *r,
	const char *path);
void sched_touch(const char *path);
void sched_new_token(char out[SCHED_TOKEN_LEN + 1]);

/* HOME/queues/NAME…; the caller frees. */
char *sched_path(const struct guild_home *home, const char *dir, const char *name);
/* 0: HOME/locks/NAME is held by this process alone, as Guild AI 0.9.0 does it; GUILD_EBUSY after wait_ms. */
int sched_lock(const struct guild_home *home, const char *name, int wait_ms, int *fd,
	struct guild_error *err);
void sched_unlock(int *fd);
enum { SCHED_LOCK_WAIT_MS = 30000 };
#define SCHED_STATUS_LOCK "run-status"
#define SCHED_GPU_LOCK "gpu-leases"
bool sched_has_marker(const struct guild_run *run, const char *name);

/* ---- claims ----------------------------------------------------------------------------------------------------------- */

/* Under the lock run-status: claims a staged run. GUILD_EBUSY: it is not staged any more. */
int sched_claim(const struct guild_home *home, const struct guild_run *run, const char *queue,
	const char *token, struct guild_error *err);
/* The same for another process. */
int sched_claim_for(const struct guild_home *home, const struct guild_run *run, const char *queue,
	const char *token, pid_t pid, struct guild_error *err);
/* After its runner ended, or before it was started: what is to become of a run that did not start. */
enum sched_unclaim { SCHED_TO_STAGED, SCHED_TO_ERROR };
/* True when the run had not been started. The claim is gone; nothing happens where it is another's by now. */
bool sched_unclaim(const struct guild_home *home, const struct guild_run *run, const char *token,
	enum sched_unclaim what);
/* Puts back what dead queues and runners had claimed and not started; how many. */
size_t sched_recover(const struct guild_home *home, const struct guild_log *log);

/* ---- GPUs ---------------------------------------------------------------------------------------------------------------- */

struct sched_gpu {
	char *key;     /* its UUID, or BOOTID-INDEX */
	char *name;    /* as CUDA_VISIBLE_DEVICES takes it */
	int64_t index; /* -1: not known */
};
struct sched_gpus {
	struct sched_gpu *v;
	size_t n, cap;
};
void sched_gpus_fini(struct sched_gpus *g);
/* "all", "0-3,6", UUIDs; what is there is asked of the machine. GUILD_EINVALID, GUILD_ENOTFOUND. */
int sched_gpus_parse(const char *text, struct sched_gpus *out, struct guild_error *err);

struct sched_lease_request {
	const struct guild_home *home;
	const char *run_id, *queue, *token;
	int64_t per_gpu;
	double min_free_mb; /* 0: any */
};
struct sched_lease {
	struct guild_strs paths; /* of the files */
	struct guild_strs names; /* of the GPUs */
};
/* Takes one of `from`, the one with the fewest holders first. GUILD_EBUSY: all are taken. */
int sched_lease_any(const struct sched_lease_request *req, const struct sched_gpus *from,
	struct sched_lease *out, struct guild_error *err);
/* Takes all of `these`, or none. */
int sched_lease_all(const struct sched_lease_request *req, const struct sched_gpus *these,
	struct sched_lease *out, struct guild_error *err);
void sched_lease_release(const struct guild_home *home, struct sched_lease *lease,
	const char *token);
void sched_lease_fini(struct sched_lease *lease);

#endif
