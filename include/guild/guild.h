#ifndef GUILD_GUILD_H
#define GUILD_GUILD_H

/* Every public header of libguild. */
#include <guild/archive.h>
#include <guild/base.h>
#include <guild/collect.h>
#include <guild/diff.h>
#include <guild/exec.h>
#include <guild/flags.h>
#include <guild/formats.h>
#include <guild/net.h>
#include <guild/plot.h>
#include <guild/project.h>
#include <guild/run.h>
#include <guild/sched.h>
#include <guild/search.h>
#include <guild/store.h>
#include <guild/trackers.h>

#endif
