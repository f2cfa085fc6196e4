/* SPDX-License-Identifier: Apache-2.0
 *
 * reset: back to a fresh start.
 *
 * All rows go but the signing key (so that a key set an application has fetched
 * stays good), and the fixtures that the server was started with are loaded
 * again. Random ids and times differ from the first start; everything a fixture
 * names is the same. Settings and the clock are the control API's.
 *
 * Facts: contracts.md section 3, stand-in.md 4.1.
 */
#include "record/record_int.h"

bool record_reset(struct record *r, struct arena *a, struct err *e)
{
	store_reset(r->store);
	record_definitions_reset(r, a);
	record_official_reset(r, a);
	return record_fill(r, a, e);
}
