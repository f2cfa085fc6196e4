/* SPDX-License-Identifier: Apache-2.0
 *
 * name: texts that come again and again, as numbers.
 *
 * A type, an owner, a parameter or a system is written once, in a row of name,
 * and stands in all other tables by the number of that row: index rows are
 * short, and comparing them is cheap. Rows of name are never changed; they go
 * only with a reset, and an owner when it is erased.
 *
 * Every create needs a dozen of them, so those met of late are remembered in a
 * table of fixed size: a name has one slot, by its hash, and whoever comes
 * later takes it. Whatever may change a number under us (a rollback, a reset,
 * another process) empties the table by counting its generation up. Names that
 * were not found are not remembered.
 */
#include "store/store_int.h"

#include <string.h>

static struct name_slot *slot_of(struct store *s, enum name_class class,
				 int64_t of, const char *text)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325) ^ (uint64_t) class;
	h = (h ^ (uint64_t)of) * UINT64_C(0x100000001b3);
	for (const char *p = text; *p != '\0'; p++)
		h = (h ^ (unsigned char)*p) * UINT64_C(0x100000001b3);
	return &s->name[(h ^ h >> 29) % NAME_SLOTS];
}

static bool is_in(const struct store *s, const struct name_slot *slot,
		  enum name_class class, int64_t of, const char *text)
{
	return slot->generation == s->generation && slot->class == (int)class &&
	       slot->of == of && strcmp(slot->text, text) == 0;
}

static void remember(struct store *s, struct name_slot *slot,
		     enum name_class class, int64_t of, const char *text,
		     int64_t id)
{
	size_t n = strlen(text);
	if (id == 0 || n >= NAME_BYTES)
		return;
	slot->id = id;
	slot->of = of;
	slot->class = (int)class;
	slot->generation = s->generation;
	memcpy(slot->text, text, n + 1);
}

int64_t store_name_find(struct store *s, enum name_class class, int64_t of,
			const char *text)
{
	struct name_slot *slot = slot_of(s, class, of, text);
	if (is_in(s, slot, class, of, text))
		return slot->id;
	int64_t id = store_number(
	    s, ST_NAME_FIND, ARGS(INT((int64_t) class), INT(of), TEXT(text)));
	remember(s, slot, class, of, text, id);
	return id;
}

int64_t store_name_put(struct store *s, enum name_class class, int64_t of,
		       const char *text)
{
	int64_t id = store_name_find(s, class, of, text);
	if (id != 0 ||
	    !store_run(s, ST_NAME_INSERT,
		       ARGS(INT((int64_t) class), INT(of), TEXT(text))))
		return id;
	id = sqlite3_last_insert_rowid(s->db);
	remember(s, slot_of(s, class, of, text), class, of, text, id);
	return id;
}

int64_t store_system_find(struct store *s, const char *system)
{
	if (system == NULL || system[0] == '\0')
		return 0;
	int64_t id = store_name_find(s, NAME_SYSTEM, 0, system);
	return id != 0 ? id : -1;
}

int64_t store_system_put(struct store *s, const char *system)
{
	if (system == NULL || system[0] == '\0')
		return 0;
	return store_name_put(s, NAME_SYSTEM, 0, system);
}
