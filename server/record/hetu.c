/* SPDX-License-Identifier: Apache-2.0
 *
 * hetu: Finnish personal identity codes (henkilotunnus).
 *
 *	DDMMYY s NNN c		010190-900P
 *
 * s is the sign of the century, NNN an individual number (900-999 are given to
 * nobody: they are for tests, and the only ones accepted here), and c the
 * remainder of DDMMYYNNN by 31 as one of 31 characters. Since 2023 a century
 *has several signs, so that individual numbers do not run out.
 *
 * A code that belongs to a person must not get into a test system: it is
 * refused with words that say so, and no code is ever repeated in a message.
 * Days are Finnish days, as in meta.lastUpdated.
 *
 * Facts: kanta.md 2.1, oauth.md 18.14.
 */
#include "record/record_int.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const char check_characters[] = "0123456789ABCDEFHJKLMNPRSTUVWXY";

static const struct {
	const char *signs;
	int year;
} centuries[] = {
    {"+", 1800},
    {"-YXWVU", 1900},
    {"ABCDEF", 2000},
};

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static bool is_digits(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
	}
	return true;
}

static int number(const char *s, size_t n)
{
	int value = 0;

	for (size_t i = 0; i < n; i++)
		value = value * 10 + (s[i] - '0');
	return value;
}

/* The first year of the sign's century; 0 for a sign that there is not. */
static int century(char sign)
{
	sign = upper(sign);
	for (size_t i = 0; i < LEN(centuries); i++) {
		if (sign != '\0' && strchr(centuries[i].signs, sign) != NULL)
			return centuries[i].year;
	}
	return 0;
}

static struct date birth_date(const char *hetu)
{
	struct date d = {
	    .year = century(hetu[6]) + number(hetu + 4, 2),
	    .month = number(hetu + 2, 2),
	    .day = number(hetu, 2),
	};

	return d;
}

static char check_character(const char *hetu)
{
	int n = number(hetu, 6) * 1000 + number(hetu + 7, 3);

	return check_characters[n % 31];
}

enum hetu_fault hetu_fault(const char *hetu)
{
	if (strlen(hetu) != HETU_TEXT - 1)
		return HETU_LENGTH;
	if (!is_digits(hetu, 6) || !is_digits(hetu + 7, 3))
		return HETU_DIGITS;
	if (century(hetu[6]) == 0)
		return HETU_SIGN;
	if (!date_exists(birth_date(hetu)))
		return HETU_DAY;
	if (upper(hetu[10]) != check_character(hetu))
		return HETU_CHARACTER;
	int individual = number(hetu + 7, 3);
	if (individual < 2)
		return HETU_NUMBER;
	return individual < 900 ? HETU_REAL : HETU_SOUND;
}

static const char *const faults[] = {
    [HETU_LENGTH] = ("it must have 11 characters, DDMMYY, a century sign, NNN "
		     "and a check character"),
    [HETU_DIGITS] = "the date and the individual number must be digits",
    [HETU_SIGN] = "unknown century sign",
    [HETU_DAY] = "the calendar has no such day of birth",
    [HETU_CHARACTER] = "the check character does not fit",
    [HETU_NUMBER] = "individual numbers begin with 002",
};

bool hetu_check(const char *hetu, struct err *e)
{
	enum hetu_fault f = hetu_fault(hetu);

	if (f == HETU_SOUND)
		return true;
	if (f == HETU_REAL)
		return err_set(e, ERR_INVALID, "real_hetu", "hetu",
			       "this may be a real person's code; only test "
			       "codes, whose individual number is 900-999, are "
			       "accepted here");
	return err_set(e, ERR_INVALID, "invalid_hetu", "hetu",
		       "not a personal identity code: %s", faults[f]);
}

const char *hetu_canonical(struct arena *a, const char *hetu)
{
	char *s = arena_strdup(a, hetu);

	for (char *c = s; *c != '\0'; c++)
		*c = upper(*c);
	return s;
}

/* ---- age -------------------------------------------------------------- */

/* The Finnish day of an instant. */
static struct date day_of(int64_t ms)
{
	char text[TIME_TEXT];
	struct date d;

	time_finnish(text, ms);
	d.year = number(text, 4);
	d.month = number(text + 5, 2);
	d.day = number(text + 8, 2);
	return d;
}

static int age_on(const struct date *birth, const struct date *day)
{
	bool birthday_past =
	    day->month > birth->month ||
	    (day->month == birth->month && day->day >= birth->day);

	return day->year - birth->year - !birthday_past;
}

int hetu_age(const char *hetu, int64_t now_ms)
{
	struct date birth = birth_date(hetu);
	struct date today = day_of(now_ms);

	return age_on(&birth, &today);
}

/* ---- fresh codes ------------------------------------------------------ */

/* A random number below n; the small bias does no harm here. */
static int below(struct record *r, int n)
{
	uint32_t random;

	assert(n > 0);
	record_random(r, &(struct chance){.purpose = "hetu"}, &random,
		      sizeof random);
	return (int)(random % (uint32_t)n);
}

/* Any day on which somebody of that age today may have been born: a random day
 * of the two years in question, until one fits (about every second does). */
static struct date birth_at_age(struct record *r, int age,
				const struct date *today)
{
	struct date d;

	do {
		d.year = today->year - age - below(r, 2);
		d.month = 1 + below(r, 12);
		d.day = 1 + below(r, date_month_days(d.year, d.month));
	} while (age_on(&d, today) != age);
	return d;
}

bool hetu_make(struct record *r, char out[HETU_TEXT], int age, int64_t now_ms)
{
	struct date today = day_of(now_ms);
	struct date birth;
	size_t c;

	assert(age >= 0 && age <= HETU_AGE_MAX);
	if (today.year - age - 1 < 1800 || today.year > 2099)
		return false;
	birth = birth_at_age(r, age, &today);
	c = (size_t)(birth.year / 100 - 18);
	snprintf(out, HETU_TEXT, "%02u%02u%02u%c%03u", birth.day % 100u,
		 birth.month % 100u, birth.year % 100u, centuries[c].signs[0],
		 900u + (unsigned)below(r, 100));
	out[10] = check_character(out);
	out[11] = '\0';
	return true;
}
