/* SPDX-License-Identifier: Apache-2.0
 *
 * My Kanta: line charts, drawn as inline SVG by the page's template.
 *
 * What was measured alone has a chart of its own for each thing that it was
 * (steps of a day, steps of a week); what was measured together and has one
 * unit is lines of one chart, as the two blood pressures are. The picture is
 * 360 x 180 units wide; the plot has the room that the labels leave. The
 * vertical axis goes from a round number to a round number; it need not begin
 * at zero, since these are lines, not bars. The horizontal one is time.
 *
 * A chart is an image with a label that says its range; the table beside it is
 * the form for those who cannot see it. No style stands in it: classes do.
 *
 * Bounded: the newest OM_CHART_ENTRIES entries, CHARTS charts, three lines
 * each. A number that is too large to be told apart is not drawn.
 */
#include "web/omakanta_int.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define CHARTS	  6
#define LINES	  3
#define TICKS	  10
#define DOTS_MAX  60 /* more would run into each other */
#define TOO_LARGE 1e12
#define TOO_SMALL 1e-12 /* of what an axis spans: a tick has its digits */

/* The plot within the picture. */
#define LEFT   46.0
#define RIGHT  350.0
#define TOP    10.0
#define BOTTOM 152.0

static const char *const line_styles[LINES] = {"", "two", "three"};

struct dot {
	int64_t at_ms;
	const struct record_point *p;
};
struct line {
	const char *series;
	struct dot *v; /* room for one of each entry */
	size_t n;
};
struct chart {
	const char *unit;
	const char *title;
	bool parts;
	struct line line[LINES];
	size_t lines, dots;
	double lo, hi; /* values; then ends of the axis */
	const char *lo_text, *hi_text;
	int64_t from_ms, to_ms;
};
struct charts {
	struct rq *rq;
	struct chart v[CHARTS];
	size_t n, entries;
};

/* ---- which point is on which line ------------------------------------- */

static struct line *line_of(struct charts *all, struct chart *c,
			    const char *series)
{
	for (size_t i = 0; i < c->lines; i++)
		if (strcmp(c->line[i].series, series) == 0)
			return &c->line[i];
	if (c->lines == LINES)
		return NULL;
	struct line *l = &c->line[c->lines++];
	*l = (struct line){
	    .series = series,
	    .v = arena_alloc(all->rq->arena, all->entries * sizeof(*l->v))};
	return l;
}

static bool belongs(const struct chart *c, const struct record_point *p)
{
	if (c->parts != p->part || strcmp(c->unit, p->unit) != 0)
		return false;
	return p->part || strcmp(c->line[0].series, p->series) == 0;
}

static struct line *find_line(struct charts *all, const struct om_entry *e,
			      const struct record_point *p, struct chart **in)
{
	for (size_t i = 0; i < all->n; i++) {
		if (!belongs(&all->v[i], p))
			continue;
		*in = &all->v[i];
		return line_of(all, *in, p->series);
	}
	if (all->n == CHARTS)
		return NULL;
	*in = &all->v[all->n++];
	**in = (struct chart){
	    .unit = p->unit,
	    .title = p->part ? e->display.title : p->series,
	    .parts = p->part,
	};
	return line_of(all, *in, p->series);
}

static void widen(struct chart *c, const struct dot *d)
{
	bool first = c->dots++ == 0;

	if (first || d->p->value < c->lo) {
		c->lo = d->p->value;
		c->lo_text = d->p->text;
	}
	if (first || d->p->value > c->hi) {
		c->hi = d->p->value;
		c->hi_text = d->p->text;
	}
	if (first || d->at_ms < c->from_ms)
		c->from_ms = d->at_ms;
	if (first || d->at_ms > c->to_ms)
		c->to_ms = d->at_ms;
}

static void take(struct charts *all, const struct om_entry *e)
{
	for (size_t i = 0; i < e->display.points; i++) {
		struct dot d = {e->display.at_ms, &e->display.point[i]};
		struct chart *c = NULL;
		struct line *l = NULL;

		if (d.at_ms != INT64_MIN && fabs(d.p->value) < TOO_LARGE)
			l = find_line(all, e, d.p, &c);
		if (l == NULL || l->n == all->entries)
			continue;
		l->v[l->n++] = d;
		widen(c, &d);
	}
}

/* ---- the axes --------------------------------------------------------- */

/* 1, 2 or 5 times a power of ten, at least x. */
static double round_step(double x)
{
	double power = pow(10, floor(log10(x)));

	if (x <= power)
		return power;
	if (x <= 2 * power)
		return 2 * power;
	return x <= 5 * power ? 5 * power : 10 * power;
}

/* The step; lo and hi become multiples of it. */
static double make_axis(struct chart *c)
{
	double span = c->hi - c->lo;

	if (span <= fabs(c->hi) * 1e-9)
		span = fabs(c->hi) * 0.1;
	if (span < TOO_SMALL)
		span = 1;
	double step = round_step(span / 4);
	c->lo = floor(c->lo / step) * step;
	c->hi = ceil(c->hi / step) * step;
	if (c->hi <= c->lo)
		c->hi = c->lo + step;
	return step;
}

static double y_of(const struct chart *c, double value)
{
	return BOTTOM - (value - c->lo) / (c->hi - c->lo) * (BOTTOM - TOP);
}

static double x_of(const struct chart *c, int64_t ms)
{
	if (c->to_ms == c->from_ms)
		return (LEFT + RIGHT) / 2;
	return LEFT + (double)(ms - c->from_ms) /
			  (double)(c->to_ms - c->from_ms) * (RIGHT - LEFT);
}

static const char *number(struct rq *rq, double v)
{
	return arena_printf(rq->arena, "%.1f", v);
}

static struct page_value y_ticks(struct rq *rq, const struct chart *c,
				 double step)
{
	struct page_values *row =
	    arena_alloc(rq->arena, (TICKS + 1) * sizeof(*row));
	int digits = step < 1 ? (int)ceil(-log10(step) - 1e-9) : 0;
	size_t n = 0;

	for (double v = c->lo; n < TICKS && v <= c->hi + step / 2;
	     v = c->lo + step * (double)n) {
		double shown = fabs(v) < step / 2 ? 0 : v;
		const struct page_value value[] = {
		    {.name = "y", .text = number(rq, y_of(c, v))},
		    {.name = "text_x", .text = number(rq, LEFT - 5)},
		    {.name = "text_y", .text = number(rq, y_of(c, v) + 4)},
		    {.name = "text",
		     .text = arena_printf(rq->arena, "%.*f", digits, shown)},
		};
		row[n++] = page_row(rq->arena, value, LEN(value));
	}
	return (struct page_value){
	    .name = "ticks", .rows = row, .row_count = n};
}

static const char *day(struct rq *rq, int64_t ms)
{
	struct page_locale locale = site_locale(rq);
	char text[TIME_TEXT];

	time_finnish(text, ms);
	text[10] = '\0';
	return record_when(rq->arena, &locale, text);
}

static struct page_value x_days(struct rq *rq, const struct chart *c)
{
	static const char *const anchors[] = {"start", "middle", "end"};
	struct page_values *row = arena_alloc(rq->arena, 3 * sizeof(*row));
	size_t n = 0;

	for (int i = 0; i < 3; i++) {
		int64_t at = c->from_ms + (c->to_ms - c->from_ms) / 2 * i;
		if (i == 2)
			at = c->to_ms;
		if (c->to_ms == c->from_ms && i != 1)
			continue;
		const struct page_value value[] = {
		    {.name = "x", .text = number(rq, x_of(c, at))},
		    {.name = "anchor", .text = anchors[i]},
		    {.name = "text", .text = day(rq, at)},
		};
		row[n++] = page_row(rq->arena, value, LEN(value));
	}
	return (struct page_value){.name = "days", .rows = row, .row_count = n};
}

/* ---- the lines -------------------------------------------------------- */

static struct page_value dots(struct rq *rq, const struct chart *c,
			      const struct line *l, const char *style)
{
	size_t n = l->n <= DOTS_MAX ? l->n : 0;
	struct page_values *row =
	    arena_alloc(rq->arena, (n + 1) * sizeof(*row));

	for (size_t i = 0; i < n; i++) {
		const struct page_value value[] = {
		    {.name = "x", .text = number(rq, x_of(c, l->v[i].at_ms))},
		    {.name = "y",
		     .text = number(rq, y_of(c, l->v[i].p->value))},
		    {.name = "style", .text = style},
		};
		row[i] = page_row(rq->arena, value, LEN(value));
	}
	return (struct page_value){.name = "dots", .rows = row, .row_count = n};
}

static struct page_values line_row(struct rq *rq, const struct chart *c,
				   size_t i)
{
	const struct line *l = &c->line[i];
	struct buf points;

	assert(i < LINES);
	buf_init(&points, rq->arena);
	for (size_t k = 0; k < l->n; k++)
		buf_printf(&points, "%s%.1f,%.1f", k > 0 ? " " : "",
			   x_of(c, l->v[k].at_ms), y_of(c, l->v[k].p->value));
	const struct page_value v[] = {
	    {.name = "points", .text = points.p},
	    {.name = "style", .text = line_styles[i]},
	    {.name = "name", .text = l->series},
	    dots(rq, c, l, line_styles[i]),
	};
	return page_row(rq->arena, v, LEN(v));
}

static const char *label(struct rq *rq, const struct chart *c)
{
	const char *unit =
	    c->unit[0] != '\0' ? arena_cat(rq->arena, " ", c->unit, NULL) : "";
	const struct page_value v[] = {
	    {.name = "title", .text = c->title},
	    {.name = "n", .text = arena_printf(rq->arena, "%zu", c->dots)},
	    {.name = "from", .text = day(rq, c->from_ms)},
	    {.name = "to", .text = day(rq, c->to_ms)},
	    {.name = "low",
	     .text = arena_cat(rq->arena, c->lo_text, unit, NULL)},
	    {.name = "high",
	     .text = arena_cat(rq->arena, c->hi_text, unit, NULL)},
	};

	return site_say(rq,
			SAY("Line chart: {title}, {n} values from {from} to "
			    "{to}; the lowest is {low}, the highest {high}. "
			    "The table has the values."),
			&(struct page_values){v, LEN(v)});
}

static struct page_values chart_row(struct rq *rq, struct chart *c)
{
	struct page_values *lines =
	    arena_alloc(rq->arena, LINES * sizeof(*lines));
	const char *said = label(rq, c);
	double step = make_axis(c);

	for (size_t i = 0; i < c->lines; i++)
		lines[i] = line_row(rq, c, i);
	const struct page_value v[] = {
	    {.name = "label", .text = said},
	    {.name = "caption", .text = c->title},
	    {.name = "unit", .text = c->unit},
	    {.name = "left", .text = number(rq, LEFT)},
	    {.name = "right", .text = number(rq, RIGHT)},
	    {.name = "top", .text = number(rq, TOP)},
	    {.name = "bottom", .text = number(rq, BOTTOM)},
	    y_ticks(rq, c, step),
	    x_days(rq, c),
	    {.name = "lines", .rows = lines, .row_count = c->lines},
	    {.name = "keys",
	     .rows = lines,
	     .row_count = c->lines > 1 ? c->lines : 0},
	};
	return page_row(rq->arena, v, LEN(v));
}

struct page_value om_charts(struct rq *rq, const struct om_entry *e, size_t n)
{
	struct charts *all = arena_alloc(rq->arena, sizeof(*all));
	struct page_values *row = arena_alloc(rq->arena, CHARTS * sizeof(*row));

	all->rq = rq;
	all->entries = n;
	for (size_t i = n; i-- > 0;)
		take(all, &e[i]);
	for (size_t i = 0; i < all->n; i++)
		row[i] = chart_row(rq, &all->v[i]);
	return (struct page_value){
	    .name = "charts", .rows = row, .row_count = all->n};
}
