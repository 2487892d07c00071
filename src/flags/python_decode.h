/* Bytes of a Python source file -> normalised text. Private to the room. */
#ifndef GUILD_PYTHON_DECODE_H
#define GUILD_PYTHON_DECODE_H

#include "guild/base.h"

/* Appends the text as UTF-8 with '\n' line ends and without byte order mark. Honours the encoding line of PEP 263 for UTF-8
 * and the single-byte Latin family; another encoding is read as Latin-1, which keeps names and ASCII right.
 * GUILD_EINVALID for NUL bytes and for text that is no UTF-8 and does not say what it is. */
int guild_py_decode(const char *path, const char *p, size_t n, struct guild_buf *out,
	struct guild_error *err);

#endif
