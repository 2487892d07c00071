/* Editing the text of a label. Private to cmd/. */
#ifndef GUILD_CMD_LABEL_EDIT_H
#define GUILD_CMD_LABEL_EDIT_H

#include "guild/base.h"

/* Takes out of `label` every match of the regular expression that stands between blanks, then superfluous blanks.
 * GUILD_EINVALID for a bad pattern, GUILD_ELIMIT for one that takes too long. */
int guild_label_remove(struct guild_buf *label, const char *pattern, struct guild_error *err);

#endif
