/* SPDX-License-Identifier: Apache-2.0
 *
 * random: chance that depends on its key alone.
 *
 * There is no generator with a state: every thing that may turn out one way or
 * another has a key, made of the seed, the citizen, the profile, the day, its
 * place in the day and what it is, by steps of splitmix64 (Steele, Lea, Flood:
 * Fast Splittable Pseudorandom Number Generators, 2014). So a resource is the
 * same whatever was or was not made before it.
 *
 * Whole numbers only. A deviation is the sum of four even ones, which is near
 * enough to a bell and never further than three and a half from the middle.
 */
#include "generate/generate_int.h"

#define GOLDEN 0x9e3779b97f4a7c15ULL

/* sqrt(3) in millionths: four even numbers in [-1/2, 1/2) have a variance of
 * 4/12. */
#define ROOT_3 INT64_C(1732051)

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

uint64_t gen_key(uint64_t key, uint64_t n)
{
	return mix(key + GOLDEN * (n + 1));
}

uint64_t gen_key_text(uint64_t key, const char *s)
{
	return gen_key(key, hash_bytes(HASH_START, s, strlen(s)));
}

/* The first factor up to NUMBER_MAX, the second too when it has few millions:
 * nothing overflows below a product of NUMBER_MAX. */
int64_t gen_times(int64_t a, int64_t b)
{
	return a * (b / MILLION) + a * (b % MILLION) / MILLION;
}

int64_t gen_uniform(uint64_t key)
{
	return (int64_t)((mix(key + GOLDEN) >> 32) * (uint64_t)MILLION >> 32);
}

int64_t gen_between(uint64_t key, int64_t lo, int64_t hi)
{
	return lo + (int64_t)(mix(key + GOLDEN) % (uint64_t)(hi - lo + 1));
}

int64_t gen_normal(uint64_t key, int64_t deviation)
{
	const uint64_t x = mix(key + GOLDEN);
	const int64_t sum = (int64_t)((x & 0xffff) + (x >> 16 & 0xffff) +
				      (x >> 32 & 0xffff) + (x >> 48)) -
			    INT64_C(2) * 0xffff;

	return gen_times(deviation, sum * ROOT_3 / 0xffff);
}

/* Of version 4 by its form (RFC 9562 5.4). */
void gen_uuid(char out[UUID_TEXT], uint64_t key)
{
	static const char form[] = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx";
	static const char digits[] = "0123456789abcdef";
	uint64_t half = gen_key(key, 1);

	for (size_t i = 0; form[i]; i++) {
		if (i == 18)
			half = gen_key(key, 2);
		out[i] = form[i];
		if (form[i] == 'x')
			out[i] = digits[half & 15];
		else if (form[i] == 'y')
			out[i] = digits[8 + (half & 3)];
		if (form[i] == 'x' || form[i] == 'y')
			half >>= 4;
	}
	out[UUID_TEXT - 1] = '\0';
}
