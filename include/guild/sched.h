/*
 * Scheduling: slots, queues, leases of GPUs. Knows exec, store.
 */
#ifndef GUILD_SCHED_H
#define GUILD_SCHED_H

#include <guild/exec.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __cplusplus
}
#endif

#endif
