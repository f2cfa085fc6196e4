/* SPDX-License-Identifier: Apache-2.0
 *
 * Completion for bash, zsh and fish, from the tables of options and commands.
 *
 * What is printed is a whole script that needs nothing else: the shell does not
 * ask this program while somebody types. Options are offered by command, values
 * where they are words (words.c), a file or a folder; for --set first the
 * switch, then its value. The address of a listener or a personal identity code
 * nobody can guess.
 *
 * bash cuts a line into words at "=" too, so there the option before one is
 * looked for on both sides of it.
 */
#include "cli/cli_int.h"

#include <stdio.h>
#include <string.h>

/* What the value of an option is, when it is no word of a set. */
enum holds { HOLDS_NOTHING, HOLDS_TEXT, HOLDS_FILE, HOLDS_FOLDER };

static enum holds holds(const struct option *o)
{
	if (o->kind == OPT_FLAG)
		return HOLDS_NOTHING;
	if (strcmp(o->value, "FILE") == 0 ||
	    (strcmp(o->value, "PATH") == 0 && !strstr(o->name, "-path")))
		return HOLDS_FILE;
	return strcmp(o->value, "DIR") == 0 ? HOLDS_FOLDER : HOLDS_TEXT;
}

static bool takes(enum command c, const struct option *o)
{
	return (o->commands & FOR(c)) != 0;
}

/* Does a command name files without an option? */
static bool names_files(enum command c)
{
	const char *operands = command_row(c)->operands;

	return strstr(operands, "FILE") || strstr(operands, "DIR") ||
	       strstr(operands, "OLD");
}

static void put_words(struct buf *b, const char *const *words,
		      const char *between, const char *quote)
{
	for (size_t i = 0; words[i]; i++)
		buf_printf(b, "%s%s%s%s", i > 0 ? between : "", quote, words[i],
			   quote);
}

/* The words that an operand may be, with spaces; "": others. */
static const char *operand_words(struct arena *a, enum command c)
{
	struct buf b;

	if (c == CMD_COMPLETION)
		return "bash zsh fish";
	if (c == CMD_REPORT)
		return "diff";
	if (c != CMD_ENVIRONMENTS)
		return "";
	buf_init(&b, a);
	put_words(&b, words_environments(a), " ", "");
	return b.p;
}

/* ---- bash ---------------------------------------------------------------- */

static const char bash_head[] =
    "# bash completion for mock-kanta-phr, printed by\n"
    "# mock-kanta-phr completion bash\n"
    "\n"
    "_mock_kanta_phr_words()\n"
    "{\n"
    "\tlocal IFS=$'\\n'\n"
    "\tCOMPREPLY=($(compgen -W \"$1\" -- \"$cur\"))\n"
    "\t[[ ${#COMPREPLY[@]} == 0 ]] ||\n"
    "\t\tCOMPREPLY=($(printf '%q\\n' \"${COMPREPLY[@]}\"))\n"
    "}\n"
    "\n"
    "_mock_kanta_phr()\n"
    "{\n"
    "\tlocal cur=${COMP_WORDS[COMP_CWORD]} at=$((COMP_CWORD - 1))\n"
    "\tlocal command=serve option= setting= i\n"
    "\n"
    "\tif [[ $cur == \"=\" ]]; then\n"
    "\t\tcur= at=$COMP_CWORD\n"
    "\tfi\n"
    "\tif [[ ${COMP_WORDS[at]} == \"=\" ]]; then\n"
    "\t\toption=${COMP_WORDS[at - 1]}\n"
    "\t\tif [[ $option != --* ]]; then\n"
    "\t\t\tsetting=$option option=${COMP_WORDS[at - 2]}\n"
    "\t\t\t[[ $option != \"=\" ]] || option=${COMP_WORDS[at - 3]}\n"
    "\t\tfi\n"
    "\telif [[ ${COMP_WORDS[at]} == --* ]]; then\n"
    "\t\toption=${COMP_WORDS[at]}\n"
    "\tfi\n"
    "\tCOMPREPLY=()\n";

static void bash_commands(struct buf *b)
{
	buf_puts(b, "\tif [[ $COMP_CWORD == 1 && $cur != -* ]]; then\n"
		    "\t\t_mock_kanta_phr_words $'");
	for (size_t i = 0; i < command_count(); i++)
		buf_printf(b, "%s%s", i > 0 ? "\\n" : "",
			   command_row((enum command)i)->name);
	buf_puts(b, "'\n\t\treturn\n\tfi\n\tcase ${COMP_WORDS[1]} in\n\t");
	for (size_t i = 0; i < command_count(); i++)
		buf_printf(b, "%s%s", i > 0 ? "|" : "",
			   command_row((enum command)i)->name);
	buf_puts(b, ") command=${COMP_WORDS[1]} ;;\n\tesac\n");
}

static void bash_switches(struct buf *b, struct arena *a)
{
	struct settings s;
	struct setting_info info;

	settings_init(&s);
	buf_puts(b, "\tif [[ $option == --set && -n $setting ]]; then\n"
		    "\t\tcase $setting in\n");
	for (size_t i = 0; settings_list(&s, a, i, &info); i++) {
		const char *const *words = words_allowed(a, info.allowed);

		if (!words)
			continue;
		buf_printf(b, "\t\t%s) _mock_kanta_phr_words $'", info.name);
		put_words(b, words, "\\n", "");
		buf_puts(b, "' ;;\n");
	}
	buf_puts(b, "\t\tesac\n\t\treturn\n\tfi\n");
	buf_puts(b, "\tif [[ $option == --set ]]; then\n"
		    "\t\tcompopt -o nospace\n\t\t_mock_kanta_phr_words $'");
	for (size_t i = 0; settings_list(&s, a, i, &info); i++)
		buf_printf(b, "%s%s=", i > 0 ? "\\n" : "", info.name);
	buf_puts(b, "'\n\t\treturn\n\tfi\n");
}

/* The value of one option of one command. */
static void bash_value(struct buf *b, struct arena *a, enum command c,
		       const struct option *o)
{
	const char *const *words = words_to(a, c, o);

	if (holds(o) == HOLDS_NOTHING || o->kind == OPT_OPTIONAL ||
	    o->kind == OPT_SET)
		return;
	buf_printf(b, "\t\"%s --%s\")\n", command_row(c)->name, o->name);
	if (words) {
		buf_puts(b, "\t\t_mock_kanta_phr_words $'");
		put_words(b, words, "\\n", "");
		buf_puts(b, "'\n");
	} else if (holds(o) != HOLDS_TEXT) {
		buf_printf(b,
			   "\t\tcompopt -o filenames\n"
			   "\t\tCOMPREPLY=($(compgen -%c -- \"$cur\"))\n",
			   holds(o) == HOLDS_FILE ? 'f' : 'd');
	}
	buf_puts(b, "\t\treturn ;;\n");
}

static void bash_options(struct buf *b, enum command c)
{
	const struct option *o;

	buf_printf(b, "\t%s)\n\t\t_mock_kanta_phr_words $'",
		   command_row(c)->name);
	for (size_t i = 0; (o = option_at(i)); i++)
		if (takes(c, o))
			buf_printf(b, "--%s\\n", o->name);
	buf_puts(b, "--help\\n--version' ;;\n");
}

static void bash_operands(struct buf *b, struct arena *a)
{
	buf_puts(b, "\tcase $command in\n");
	for (size_t i = 0; i < command_count(); i++) {
		const struct command_row *row = command_row((enum command)i);
		const char *words = operand_words(a, (enum command)i);

		if (*words && names_files((enum command)i))
			buf_printf(b,
				   "\t%s)\n\t\tCOMPREPLY=($(compgen -W \"%s\" "
				   "-- \"$cur\"))\n"
				   "\t\t[[ $COMP_CWORD == 2 ]] && return\n"
				   "\t\tcompopt -o filenames\n"
				   "\t\tCOMPREPLY=($(compgen -f -- \"$cur\")) "
				   ";;\n",
				   row->name, words);
		else if (*words)
			buf_printf(b,
				   "\t%s) COMPREPLY=($(compgen -W \"%s\" -- "
				   "\"$cur\")) ;;\n",
				   row->name, words);
		else if (names_files((enum command)i))
			buf_printf(b,
				   "\t%s) compopt -o filenames\n"
				   "\t\tCOMPREPLY=($(compgen -f -- \"$cur\")) "
				   ";;\n",
				   row->name);
	}
	buf_puts(b, "\tesac\n");
}

static void bash(struct buf *b, struct arena *a)
{
	const struct option *o;

	buf_puts(b, bash_head);
	bash_commands(b);
	bash_switches(b, a);
	buf_puts(b, "\tcase \"$command $option\" in\n");
	for (size_t c = 0; c < command_count(); c++)
		for (size_t i = 0; (o = option_at(i)); i++)
			if (takes((enum command)c, o))
				bash_value(b, a, (enum command)c, o);
	buf_puts(b, "\tesac\n\tif [[ $cur == -* ]]; then\n"
		    "\t\tcase $command in\n");
	for (size_t c = 0; c < command_count(); c++)
		bash_options(b, (enum command)c);
	buf_puts(b, "\t\tesac\n\t\treturn\n\tfi\n");
	bash_operands(b, a);
	buf_puts(b, "}\ncomplete -F _mock_kanta_phr mock-kanta-phr\n");
}

/* ---- zsh ----------------------------------------------------------------- */

/* The text between single quotes, with what _arguments reads escaped. */
static void zsh_text(struct buf *b, const char *s)
{
	for (; *s; s++) {
		if (*s == '\'')
			buf_puts(b, "'\\'");
		else if (strchr("[]:\\()", *s))
			buf_putc(b, '\\');
		buf_putc(b, *s);
	}
}

static void zsh_option(struct buf *b, struct arena *a, enum command c,
		       const struct option *o)
{
	const char *const *words = words_to(a, c, o);
	const char *initial;
	const bool many = o->kind == OPT_LIST || o->kind == OPT_SET;

	buf_printf(b, "\t\t\t'%s--%s%s[", many ? "*" : "", o->name,
		   holds(o) == HOLDS_NOTHING ? ""
		   : o->kind == OPT_OPTIONAL ? "=-"
					     : "=");
	zsh_text(b, option_what(c, o, &initial));
	buf_putc(b, ']');
	if (holds(o) != HOLDS_NOTHING)
		buf_printf(b, "%s:%s:", o->kind == OPT_OPTIONAL ? ":" : "",
			   o->value);
	if (o->kind == OPT_SET) {
		buf_puts(b, "_mock_kanta_phr_set");
	} else if (words) {
		buf_putc(b, '(');
		put_words(b, words, " ", "\"");
		buf_putc(b, ')');
	} else if (holds(o) == HOLDS_FILE) {
		buf_puts(b, "_files");
	} else if (holds(o) == HOLDS_FOLDER) {
		buf_puts(b, "_files -/");
	}
	buf_puts(b, "' \\\n");
}

static void zsh_switches(struct buf *b, struct arena *a)
{
	struct settings s;
	struct setting_info info;

	settings_init(&s);
	buf_puts(b, "_mock_kanta_phr_set() {\n\t_values -S = switch \\\n");
	for (size_t i = 0; settings_list(&s, a, i, &info); i++) {
		const char *const *words = words_allowed(a, info.allowed);

		buf_printf(b, "\t\t'%s[", info.name);
		zsh_text(b, info.what);
		buf_puts(b, "]:value:");
		if (words) {
			buf_putc(b, '(');
			put_words(b, words, " ", "\"");
			buf_putc(b, ')');
		}
		buf_puts(b, "' \\\n");
	}
	buf_puts(b, "\t\t&& return\n}\n\n");
}

static void zsh_command(struct buf *b, struct arena *a, enum command c)
{
	const struct option *o;

	buf_printf(b, "\t%s)\n\t\t_arguments -S \\\n", command_row(c)->name);
	for (size_t i = 0; (o = option_at(i)); i++)
		if (takes(c, o))
			zsh_option(b, a, c, o);
	if (*operand_words(a, c))
		buf_printf(b, "\t\t\t'%s:word:(%s)' \\\n",
			   names_files(c) ? "1" : "*", operand_words(a, c));
	if (names_files(c))
		buf_puts(b, "\t\t\t'*:file:_files' \\\n");
	buf_puts(b, "\t\t\t'--help[examples and options]' \\\n"
		    "\t\t\t'--version[the version]' ;;\n");
}

static void zsh(struct buf *b, struct arena *a)
{
	buf_puts(b, "#compdef mock-kanta-phr\n"
		    "# printed by mock-kanta-phr completion zsh\n\n");
	zsh_switches(b, a);
	buf_puts(b, "_mock_kanta_phr() {\n\tlocal command=serve\n"
		    "\tlocal -a commands=(\n");
	for (size_t i = 0; i < command_count(); i++) {
		buf_printf(b, "\t\t'%s:", command_row((enum command)i)->name);
		zsh_text(b, command_row((enum command)i)->what);
		buf_puts(b, "'\n");
	}
	buf_puts(b, "\t)\n\tif (( CURRENT == 2 )) && [[ $words[2] != -* ]]; "
		    "then\n\t\t_describe command commands\n\t\treturn\n\tfi\n"
		    "\tcase $words[2] in\n\t(");
	for (size_t i = 0; i < command_count(); i++)
		buf_printf(b, "%s%s", i > 0 ? "|" : "",
			   command_row((enum command)i)->name);
	buf_puts(b, ")\n\t\tcommand=$words[2]\n\t\tshift words\n"
		    "\t\t(( CURRENT-- )) ;;\n\tesac\n\tcase $command in\n");
	for (size_t c = 0; c < command_count(); c++)
		zsh_command(b, a, (enum command)c);
	buf_puts(b, "\tesac\n}\n\n"
		    "if [[ $funcstack[1] == _mock-kanta-phr ]]; then\n"
		    "\t_mock_kanta_phr \"$@\"\nelse\n"
		    "\tcompdef _mock_kanta_phr mock-kanta-phr\nfi\n");
}

/* ---- fish ---------------------------------------------------------------- */

static void fish_text(struct buf *b, const char *s)
{
	buf_putc(b, '\'');
	for (; *s; s++) {
		if (*s == '\'' || *s == '\\')
			buf_putc(b, '\\');
		buf_putc(b, *s);
	}
	buf_putc(b, '\'');
}

static void fish_line(struct buf *b, enum command c)
{
	buf_puts(b, "complete -c mock-kanta-phr -n '");
	if (c == CMD_SERVE) {
		buf_puts(b, "not __fish_seen_subcommand_from");
		for (size_t i = 0; i < command_count(); i++)
			if (i != CMD_SERVE)
				buf_printf(b, " %s",
					   command_row((enum command)i)->name);
	} else {
		buf_printf(b, "__fish_seen_subcommand_from %s",
			   command_row(c)->name);
	}
	buf_putc(b, '\'');
}

static void fish_set(struct buf *b, struct arena *a)
{
	struct settings s;
	struct setting_info info;

	settings_init(&s);
	buf_puts(b, " -a '");
	for (size_t i = 0; settings_list(&s, a, i, &info); i++) {
		const char *const *words = words_allowed(a, info.allowed);

		for (size_t k = 0; words && words[k]; k++)
			buf_printf(b, "\"%s=%s\" ", info.name, words[k]);
		if (!words)
			buf_printf(b, "%s= ", info.name);
	}
	buf_putc(b, '\'');
}

static void fish_option(struct buf *b, struct arena *a, enum command c,
			const struct option *o)
{
	const char *const *words = words_to(a, c, o);
	const char *initial;

	fish_line(b, c);
	buf_printf(b, " -l %s", o->name);
	if (o->kind == OPT_SET || words || holds(o) == HOLDS_TEXT)
		buf_puts(b, o->kind == OPT_OPTIONAL ? " -f" : " -x");
	else if (holds(o) != HOLDS_NOTHING)
		buf_puts(b, " -r");
	if (o->kind == OPT_SET) {
		fish_set(b, a);
	} else if (words) {
		buf_puts(b, " -a '");
		put_words(b, words, " ", "\"");
		buf_putc(b, '\'');
	} else if (holds(o) == HOLDS_FOLDER) {
		buf_puts(b, " -f -a '(__fish_complete_directories)'");
	} else if (holds(o) == HOLDS_FILE) {
		buf_puts(b, " -F");
	}
	buf_puts(b, " -d ");
	fish_text(b, option_what(c, o, &initial));
	buf_putc(b, '\n');
}

static void fish_command(struct buf *b, struct arena *a, enum command c)
{
	const struct command_row *row = command_row(c);
	const struct option *o;

	buf_printf(b,
		   "complete -c mock-kanta-phr -n __fish_use_subcommand "
		   "-a %s -d ",
		   row->name);
	fish_text(b, row->what);
	buf_putc(b, '\n');
	for (size_t i = 0; (o = option_at(i)); i++)
		if (takes(c, o))
			fish_option(b, a, c, o);
	if (*operand_words(a, c)) {
		fish_line(b, c);
		buf_printf(b, " -a '%s'\n", operand_words(a, c));
	}
	if (names_files(c)) {
		fish_line(b, c);
		buf_puts(b, " -F\n");
	}
}

static void fish(struct buf *b, struct arena *a)
{
	buf_puts(b, "# printed by mock-kanta-phr completion fish\n"
		    "complete -c mock-kanta-phr -f\n");
	for (size_t c = 0; c < command_count(); c++)
		fish_command(b, a, (enum command)c);
	buf_puts(b, "complete -c mock-kanta-phr -l help "
		    "-d 'examples and options'\n"
		    "complete -c mock-kanta-phr -l version -d 'the version'\n");
}

/* ---- the command --------------------------------------------------------- */

int cli_completion(struct arena *boot, const struct config *c)
{
	static const struct {
		const char *shell;
		void (*print)(struct buf *, struct arena *);
	} shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};
	struct buf b;

	for (size_t i = 0; i < LEN(shells); i++) {
		if (strcmp(c->operand[0], shells[i].shell) != 0)
			continue;
		buf_init(&b, boot);
		shells[i].print(&b, boot);
		return fputs(b.p, stdout) < 0 || fflush(stdout) != 0
			   ? EXIT_FAILED
			   : EXIT_DONE;
	}
	fprintf(stderr,
		"mock-kanta-phr: completion knows no shell \"%s\"; allowed: "
		"bash | zsh | fish\n",
		c->operand[0]);
	return EXIT_USAGE_ERROR;
}
