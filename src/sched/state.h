/* What a queue says of itself and is told. */
#ifndef GUILD_SCHED_STATE_H
#define GUILD_SCHED_STATE_H

#include "sched_private.h"

struct sched_state {
	const struct guild_home *home;
	char *name, *owner_path, *state_path, *control_path;
	uint64_t control_stamp;
};
struct sched_orders {
	bool is_paused, is_draining, is_stopping;
	int64_t slots;
};
/* Takes the name for this process; NULL: the machine's, with a number where that is taken. GUILD_EBUSY. */
int sched_state_open(const struct guild_home *home, const char *name, struct sched_state *out,
	struct guild_error *err);
void sched_state_write(struct sched_state *s, const struct guild_value *state);
void sched_state_close(struct sched_state *s);
/* Reads new orders; false: there are none. */
bool sched_state_orders(struct sched_state *s, struct sched_orders *out);

#endif
