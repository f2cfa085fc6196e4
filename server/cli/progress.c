/* SPDX-License-Identifier: Apache-2.0
 *
 * progress: a line on the terminal that says how far a long run is.
 *
 *	 42 % [########            ] 214000/510000  9100/s  32 s left
 *
 * Only when standard error is a terminal, and a few times a second, so it costs
 * nothing; it is wiped out before anything else is said. What is left is
 * reckoned from the mean rate so far. A log file or another program that reads
 * standard error never sees any of it.
 */
#include "cli/cli_int.h"

#include <stdio.h>

#define EVERY	   256 /* steps between looks at the clock */
#define REFRESH_US 100000
#define WIDTH	   20
#define WIPE	   "\r\033[K"

static const char bar[] = "####################";

void progress_start(struct progress *p, bool shown, size_t all)
{
	*p = (struct progress){
	    .shown = shown && all > 0,
	    .all = all,
	    .started_us = clock_steady_us(),
	};
}

static void show(const struct progress *p, int64_t now_us)
{
	const double s = (double)(now_us - p->started_us) / 1e6;
	const double rate = (double)p->done / (s > 0 ? s : 1);
	const size_t done = p->done < p->all ? p->done : p->all;
	const int filled = (int)(WIDTH * done / p->all);

	fprintf(stderr, "\r%3zu %% [%-*.*s] %zu/%zu  %.0f/s  %.0f s left\033[K",
		100 * done / p->all, WIDTH, filled, bar, done, p->all, rate,
		rate > 0 ? (double)(p->all - done) / rate : 0.0);
	fflush(stderr);
}

void progress_step(struct progress *p)
{
	int64_t now_us;

	if (++p->done % EVERY != 0 || !p->shown)
		return;
	now_us = clock_steady_us();
	if (now_us < p->next_us)
		return;
	p->next_us = now_us + REFRESH_US;
	show(p, now_us);
}

void progress_end(struct progress *p)
{
	if (p->shown)
		fputs(WIPE, stderr);
	p->shown = false;
}
