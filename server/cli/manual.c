/* SPDX-License-Identifier: Apache-2.0
 *
 * The manual page, in mdoc(7): the tables of options and commands once more.
 *
 * What --help prints is made of option_at() and command_row(); so is this, so
 * neither can know an option that the other does not. Only what no table has
 * (signals, exit codes, files) is written here.
 *
 * Text comes as words between which a line may be broken: roff's own characters
 * are escaped, and no line begins with a control character.
 */
#include "cli/cli_int.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define COLUMNS 72

struct manual {
	struct arena *arena;
	struct buf b;
	size_t column; /* in a line of text; 0: at its beginning */
};

static const struct {
	char c;
	const char *roff;
} escapes[] = {
    {'\\', "\\e"},  {'-', "\\-"},    {'~', "\\(ti"}, {'^', "\\(ha"},
    {'`', "\\(ga"}, {'\'', "\\(aq"}, {'"', "\\(dq"},
};

static void put_escaped(struct manual *m, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *roff = NULL;

		for (size_t k = 0; k < LEN(escapes); k++)
			if (escapes[k].c == s[i])
				roff = escapes[k].roff;
		if (roff)
			buf_puts(&m->b, roff);
		else
			buf_putc(&m->b, s[i]);
	}
}

static void end_line(struct manual *m)
{
	if (m->column > 0)
		buf_putc(&m->b, '\n');
	m->column = 0;
}

/* A line of its own that is for roff. */
static void macro(struct manual *m, const char *line)
{
	end_line(m);
	buf_puts(&m->b, line);
	buf_putc(&m->b, '\n');
}

/* Does a sentence end with the word? The next one begins a line. */
static bool ends_sentence(const char *word, size_t n)
{
	return n > 1 && word[n - 1] == '.' && word[n - 2] != '.';
}

static void put_word(struct manual *m, const char *word, size_t n)
{
	if (m->column > 0 && m->column + 1 + n > COLUMNS)
		end_line(m);
	if (m->column > 0)
		buf_putc(&m->b, ' ');
	else if (*word == '.' || *word == '\'')
		buf_puts(&m->b, "\\&");
	put_escaped(m, word, n);
	m->column += n + 1;
	if (ends_sentence(word, n))
		end_line(m);
}

/* Words of running text; a "\n" in it ends nothing. */
static void text(struct manual *m, const char *s)
{
	while (*s) {
		const size_t n = strcspn(s, " \n");

		if (n > 0)
			put_word(m, s, n);
		s += n;
		s += strspn(s, " \n");
	}
}

/* ---- commands ------------------------------------------------------------ */

static void write_commands(struct manual *m)
{
	macro(m, ".Sh COMMANDS");
	text(m, "Without a command the server is started.");
	macro(m, ".Bl -tag -width Ds");
	for (size_t i = 0; i < command_count(); i++) {
		const struct command_row *row = command_row((enum command)i);

		macro(m,
		      arena_printf(m->arena, ".It Cm %s%s%s", row->name,
				   *row->operands ? " Ar" : "", row->operands));
		text(m, row->what);
	}
	macro(m, ".El");
}

/* As they are, with the two spaces of help before them. */
static void put_lines(struct manual *m, const char *lines)
{
	end_line(m);
	while (*lines) {
		size_t n;

		lines += strspn(lines, " ");
		n = strcspn(lines, "\n");
		put_escaped(m, lines, n);
		buf_putc(&m->b, '\n');
		lines += n + (lines[n] == '\n');
	}
}

static void write_examples(struct manual *m)
{
	macro(m, ".Sh EXAMPLES");
	for (size_t i = 0; i < command_count(); i++) {
		const struct command_row *row = command_row((enum command)i);

		if (i > 0)
			macro(m, ".Pp");
		text(m,
		     arena_printf(m->arena, "%s: %s:", row->name, row->what));
		macro(m, ".Bd -literal -offset indent");
		put_lines(m, row->examples);
		macro(m, ".Ed");
	}
}

/* ---- options ------------------------------------------------------------- */

static void write_initial(struct manual *m, const char *initial)
{
	if (initial)
		text(m, arena_printf(m->arena, "[%s]", initial));
}

/* Which commands take it, and what it is to those that read it differently. */
static void write_takers(struct manual *m, const struct option *o)
{
	const char *initial, *between = "Taken by ";
	struct buf takers;

	buf_init(&takers, m->arena);
	for (size_t i = 0; i < command_count(); i++) {
		if (!(o->commands & FOR(i)))
			continue;
		buf_printf(&takers, "%s%s", between,
			   command_row((enum command)i)->name);
		between = ", ";
	}
	buf_printf(&takers, "; %s.", option_env(m->arena, o));
	for (size_t i = 0; i < command_count(); i++) {
		const char *what = option_what((enum command)i, o, &initial);

		if (!(o->commands & FOR(i)) || what == o->what)
			continue;
		macro(m, ".Pp");
		text(m, arena_printf(m->arena, "For %s: %s",
				     command_row((enum command)i)->name, what));
		write_initial(m, initial);
	}
	macro(m, ".Pp");
	text(m, takers.p);
}

static void write_option(struct manual *m, const struct option *o)
{
	const char *item = "";

	if (o->kind == OPT_OPTIONAL)
		item = arena_printf(m->arena, " Ns Op = Ns Ar %s", o->value);
	else if (o->value)
		item = arena_printf(m->arena, " Ar %s", o->value);
	macro(m, arena_printf(m->arena, ".It Fl \\-%s%s", o->name, item));
	text(m, o->what);
	write_initial(m, o->initial);
	write_takers(m, o);
}

static void write_options(struct manual *m)
{
	const struct option *o;

	macro(m, ".Sh OPTIONS");
	text(m, "The default stands in brackets. A repeatable option takes a "
		"list with commas in the environment. "
		"A flag wins over the environment, the environment over the "
		"file of --config.");
	macro(m, ".Bl -tag -width Ds");
	for (size_t i = 0; (o = option_at(i)); i++)
		write_option(m, o);
	macro(m, ".It Fl h , Fl \\-help");
	text(m, "Print examples and the options of the command.");
	macro(m, ".It Fl V , Fl \\-version");
	text(m, "Print the version.");
	macro(m, ".El");
}

static void write_switches(struct manual *m)
{
	struct settings s;
	struct setting_info info;

	settings_init(&s);
	macro(m, ".Sh SWITCHES");
	text(m, "For --set NAME=VALUE, the file of --config, and PUT "
		"/__admin/settings while the server runs. In brackets where "
		"the default is known from: [Q] official text, [C] seen in a "
		"client or in data, [M] stock behaviour of the software of "
		"the service, [I] inference. Defaults are those of the "
		"environment sandbox.");
	macro(m, ".Bl -tag -width Ds");
	for (size_t i = 0; settings_list(&s, m->arena, i, &info); i++) {
		macro(m, arena_printf(m->arena, ".It Cm %s", info.name));
		text(m, info.what);
		text(m, arena_printf(m->arena, "(%s%s) [%s]", info.allowed,
				     info.at_start ? "; only at start" : "",
				     info.value));
	}
	macro(m, ".El");
}

/* ---- what no table has --------------------------------------------------- */

static const struct {
	enum exit_code code;
	const char *what;
} codes[] = {
    {EXIT_DONE, "Done; for validate: every resource is valid."},
    {EXIT_FAILED,
     "Failed; for validate: a resource is not valid; for healthcheck: the "
     "server does not answer healthy."},
    {EXIT_USAGE_ERROR, "A wrong command line."},
    {EXIT_BAD_DATA, "Bad data: a fixture, a package, an expression."},
    {EXIT_ADDRESS_IN_USE, "An address to listen on is taken."},
    {EXIT_STORAGE, "The database file cannot be used."},
    {EXIT_CONFIGURATION,
     "A wrong value in an option, the environment or the file of --config."},
};

static void write_exit(struct manual *m)
{
	macro(m, ".Sh EXIT STATUS");
	macro(m, ".Bl -tag -width Ds");
	for (size_t i = 0; i < LEN(codes); i++) {
		macro(m, arena_printf(m->arena, ".It %d", codes[i].code));
		text(m, codes[i].what);
	}
	macro(m, ".El");
}

static void write_environment(struct manual *m)
{
	macro(m, ".Sh ENVIRONMENT");
	macro(m, ".Bl -tag -width Ds");
	macro(m, ".It Ev MOCK_PHR_NAME");
	text(m, "The value of the option --name, in capitals and with _ for "
		"each -, where no flag gives one. An unknown NAME is refused.");
	macro(m, ".It Ev NOTIFY_SOCKET");
	text(m, "Where a service manager is told that the server is ready, as "
		"sd_notify(3) does.");
	macro(m, ".El");
}

static void write_signals(struct manual *m)
{
	macro(m, ".Sh SIGNALS");
	macro(m, ".Bl -tag -width Ds");
	macro(m, ".It Dv SIGTERM , Dv SIGINT");
	text(m, "Accept nothing more, finish what is under way within two "
		"seconds, exit 0.");
	macro(m, ".It Dv SIGHUP");
	text(m, "Read certificates and revocation lists again.");
	macro(m, ".El");
}

static void write_head(struct manual *m)
{
	macro(m, ".Dd " PROGRAM_DATE);
	macro(m, ".Dt MOCK-KANTA-PHR 1");
	macro(m, ".Os");
	macro(m, ".Sh NAME");
	macro(m, ".Nm mock-kanta-phr");
	macro(m, ".Nd stand-in for Kanta PHR: OAuth and FHIR, for tests");
	macro(m, ".Sh SYNOPSIS");
	macro(m, ".Nm");
	macro(m, ".Op Ar COMMAND");
	macro(m, ".Op Ar options");
	macro(m, ".Op Ar operand ...");
	macro(m, ".Sh DESCRIPTION");
	macro(m, ".Nm");
	text(m, "stands in for the authorization server and the FHIR resource "
		"server (STU3 and R4) of Kanta PHR, Finland's national "
		"repository of citizens' wellbeing data, in tests of "
		"applications. It keeps everything in one SQLite database, "
		"refuses what does not conform to the national profiles, and "
		"is scripted by the control API below /__admin, which "
		"describes itself at /__admin/openapi.json. "
		"It holds no real data: only personal identity codes of the "
		"900 series.");
	macro(m, ".Pp");
	text(m, "When the server is ready it writes one line of JSON to "
		"standard output, with the addresses; its log goes to "
		"standard error.");
}

int cli_man(struct arena *boot)
{
	struct manual m = {.arena = boot};

	buf_init(&m.b, boot);
	write_head(&m);
	write_commands(&m);
	write_options(&m);
	write_switches(&m);
	write_environment(&m);
	write_signals(&m);
	write_exit(&m);
	write_examples(&m);
	end_line(&m);
	return fputs(m.b.p, stdout) < 0 || fflush(stdout) != 0 ? EXIT_FAILED
							       : EXIT_DONE;
}
