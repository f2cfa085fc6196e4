#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The project's own rules, checked: layers, doors, banned functions, SQL only
in store, writable globals, sizes, opening essays, the lock file, and that the
texts of the pages are there in every language.

    lint.py [--root DIR] [--objects DIR] [RULE...]

Prints one line a violation, "file:line: rule: what", and exits 1 if there was
any. Each rule is a function over a Tree and stands in RULES; test_lint.py
plants a violation of each one and sees it found.
"""
import argparse
import os
import re
import subprocess
import sys

LAYERS = {
    "base": 0,
    "json": 1,
    "fhirpath": 2, "jose": 2,
    "http": 3, "store": 3, "profile": 3, "page": 3, "pki": 3,
    "record": 4, "generate": 4,
    "site": 5,
    "fhir": 6, "oauth": 6, "admin": 6, "web": 6,
    "cli": 7, "main": 8,
}
TOOLS_MAY_USE = {"base", "json", "fhirpath", "profile"}

# library: (the folders that may, its headers, its names)
DOORS = {
    "libmicrohttpd": ("http", r"microhttpd", r"\bMHD_\w+"),
    "GnuTLS": ("http", r"gnutls/", r"\bgnutls_\w+"),
    "SQLite": ("store", r"sqlite3", r"\bsqlite3_?\w*"),
    "OpenSSL": ("jose pki", r"openssl/", r"\b(?:EVP|X509|RAND|RSA|BIO|PEM)_\w+"),
    "cJSON": ("json", r"(?:cjson/)?cJSON", r"\bcJSON\w*"),
    "libuuid": ("base", r"uuid/", r"\buuid_generate\w*"),
    "zlib": ("base", r"zlib", r"\b(?:inflate|deflate)(?:Init|End)?2?_?\("),
}

BANNED = {
    "strcpy": "arena_strdup or buf", "strcat": "buf", "strncat": "buf",
    "strncpy": "arena_strndup", "sprintf": "snprintf or buf_printf",
    "vsprintf": "vsnprintf", "gets": "read", "strtok": "strcspn",
    "atoi": "strtol", "atol": "strtol", "atof": "strtod",
    "alloca": "arena_alloc", "system": "nothing: no shell here",
    "popen": "nothing: no shell here", "scanf": "a parser",
    "sscanf": "a parser", "fscanf": "a parser", "rand": "jose_random",
    "srand": "jose_random", "localtime": "time_finnish",
    "mktime": "time_parse", "gmtime": "time_http", "sleep": "a timer",
    "usleep": "a timer", "nanosleep": "a timer", "setlocale": "nothing",
}

FILE_LINES = 1000
FUNCTION_LINES = 80
DEEP = 4           # braces, the function's own included
DEEP_SHARE = 0.02  # of all function lines may be deeper
DEEPEST = 6
SQL = re.compile(r'"\s*(SELECT|INSERT|UPDATE (?=\w)|DELETE FROM|CREATE (?:TABLE|INDEX)'
                 r'|PRAGMA|SAVEPOINT|ROLLBACK|BEGIN IMMEDIATE)\b')


class Tree:
    """The C files below server/, read once."""

    def __init__(self, root, objects=None):
        self.root = root
        self.objects = objects
        self.files = {}
        for folder, _, names in sorted(os.walk(os.path.join(root, "server"))):
            for name in sorted(names):
                if name.endswith((".c", ".h")):
                    path = os.path.relpath(os.path.join(folder, name), root)
                    with open(os.path.join(root, path), encoding="utf-8") as f:
                        self.files[path] = f.read()

    def module(self, path):
        parts = path.split("/")
        return parts[1] if len(parts) > 2 else "main"


def bare(text, strings=True):
    """The text without comments (and without the insides of strings), line by
    line as it was."""
    out = []
    i = 0
    while i < len(text):
        two = text[i:i + 2]
        if two == "/*":
            end = text.find("*/", i + 2)
            end = len(text) if end < 0 else end + 2
            out.append("\n" * text.count("\n", i, end))
            i = end
        elif two == "//":
            end = text.find("\n", i)
            i = len(text) if end < 0 else end
        elif text[i] in "\"'":
            end = i + 1
            while end < len(text) and text[end] != text[i]:
                end += 2 if text[end] == "\\" else 1
            out.append('""' if strings and text[i] == '"' else
                       "' '" if strings else text[i:end + 1])
            i = end + 1
        else:
            out.append(text[i])
            i += 1
    return "".join(out)


def lines_with(text, pattern):
    for number, line in enumerate(text.split("\n"), 1):
        for match in re.finditer(pattern, line):
            yield number, match


def layers(tree):
    for path, text in tree.files.items():
        module = tree.module(path)
        for number, match in lines_with(
                bare(text, strings=False), r'#\s*include\s+"([^"]+)"'):
            target = match.group(1)
            folder, _, name = target.rpartition("/")
            if folder in ("", module):
                continue
            if name != folder + ".h":
                yield path, number, f"{target} is not a public header"
            elif module == "tools":
                if folder not in TOOLS_MAY_USE:
                    yield path, number, f"tools may not use {folder}"
            elif LAYERS.get(folder, 99) >= LAYERS.get(module, -1):
                yield path, number, f"{module} may not include {target}: " \
                    "only strictly lower layers"


def one_header(tree):
    for path in tree.files:
        module = tree.module(path)
        folder, name = path.rsplit("/", 1)
        public = tree.files.get(f"{folder}/{module}.h", "")
        # one that has become long may have a part that it includes itself
        part = f'#include "{module}/{name}"' in public
        if name.endswith(".h") and name != module + ".h" and \
                not name.endswith("_int.h") and not part:
            yield path, 1, f"a module has {module}.h; others are *_int.h"


def doors(tree):
    for path, text in tree.files.items():
        module = tree.module(path)
        code = bare(text)
        for library, (owner, header, names) in DOORS.items():
            if module in owner.split():
                continue
            for number, _ in lines_with(
                    text, r"#\s*include\s+[<\"]" + header):
                yield path, number, f"{library} belongs to {owner.replace(' ', '/, ')}/"
            for number, match in lines_with(code, names):
                yield path, number, \
                    f"{match.group(0)}: {library} belongs to {owner.replace(' ', '/, ')}/"


def sql(tree):
    for path, text in tree.files.items():
        if tree.module(path) != "store":
            for number, match in lines_with(bare(text, strings=False), SQL):
                yield path, number, f"SQL ({match.group(1)}) outside store/"


def banned(tree):
    pattern = r"(?<![\w.>])(" + "|".join(BANNED) + r")\s*\("
    for path, text in tree.files.items():
        for number, match in lines_with(bare(text), pattern):
            name = match.group(1)
            yield path, number, f"{name}(): use {BANNED[name]}"


def writable(tree):
    """Reads the symbol tables of the built objects: what lies in .data or .bss
    can be written. (Constant tables of pointers lie in .data.rel.ro.)"""
    if not tree.objects or not os.path.isdir(tree.objects):
        yield "build", 1, "no objects to look at: run make first"
        return
    for folder, _, names in sorted(os.walk(tree.objects)):
        for name in sorted(n for n in names if n.endswith(".o")):
            path = os.path.join(folder, name)
            table = subprocess.run(["objdump", "-t", path], text=True,
                                   capture_output=True, check=True).stdout
            for line in table.split("\n"):
                match = re.match(r"^[0-9a-f]+ (.{7}) (\S+)\s+[0-9a-f]+ (.*)$",
                                 line)
                if not match:
                    continue
                section = match.group(2)
                if "O" not in match.group(1) and \
                        not re.match(r"\*COM\*|\.tbss|\.tdata", section):
                    continue
                if not re.match(r"\.data(?!\.rel\.ro)|\.bss|\*COM\*|\.tbss"
                                r"|\.tdata", section):
                    continue
                symbol = match.group(3).strip().split(" ")[-1]
                yield os.path.relpath(path, tree.root), 1, \
                    f"{symbol} is a writable variable ({section})"


def functions(text):
    """(name, first line, last line) of the function bodies of the house style:
    the opening brace stands alone in the first column, as does the closing."""
    lines = bare(text).split("\n")
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start:
            head = " ".join(lines[max(0, start - 6):start - 1])
            names = re.findall(r"(\w+)\s*\(", head)
            yield names[-1] if names else "?", start, number
            start = None


def sizes(tree):
    total = deep = 0
    for path, text in tree.files.items():
        count = text.count("\n")
        if count > FILE_LINES:
            yield path, count, f"{count} lines; at most {FILE_LINES}"
        lines = bare(text).split("\n")
        for name, first, last in functions(text):
            if last - first + 1 > FUNCTION_LINES:
                yield path, first, f"{name}: {last - first + 1} lines; " \
                    f"at most {FUNCTION_LINES}"
            depth = 0
            for number in range(first, last + 1):
                line = lines[number - 1]
                here = max(depth, depth + line.count("{"))
                depth += line.count("{") - line.count("}")
                total += 1
                deep += here > DEEP
                if here > DEEPEST:
                    yield path, number, f"{name}: {here} braces deep; " \
                        f"at most {DEEPEST}"
    if total and deep / total > DEEP_SHARE:
        yield "server", 1, f"{deep} of {total} function lines are deeper " \
            f"than {DEEP} braces; at most {DEEP_SHARE:.0%}"


def essays(tree):
    for path, text in tree.files.items():
        match = re.match(r"/\* SPDX-License-Identifier: Apache-2\.0\n"
                         r"((?: \*.*\n)*?) \*/\n", text)
        if not match:
            yield path, 1, "does not open with the SPDX line and an essay"
        elif match.group(1).count("\n") < 4 and path.endswith(".c"):
            yield path, 1, "the opening essay is too short (5-25 lines)"


def rulers(tree):
    """A heading like /* ---- x ---- */ that the formatter broke in two."""
    for path, text in tree.files.items():
        for match in re.finditer(r"/\* -{2,} .*\n\s*\*\s*-*\s*\*/", text):
            yield path, text.count("\n", 0, match.start()) + 1, \
                "a ruler of two lines: make it shorter"


def lock(tree):
    path = "profiles/package-lock.json"
    full = os.path.join(tree.root, path)
    if os.path.exists(full):
        with open(full, encoding="utf-8") as f:
            for number, _ in lines_with(f.read(), r'"resolved"|https?://'):
                yield path, number, "the lock file names a host"


# ---- the texts of the pages -------------------------------------------------

LANGUAGES = ("en", "fi", "sv")
LITERALS = r'(?:"(?:[^"\\]|\\.)*"\s*)+'
WORDS_TAG = re.compile(r"\{\{_(.*?)\}\}(?!\})", re.DOTALL)
UNTRANSLATED = {"mock-kanta-phr"}  # and what stands in <code>


def joined(literals):
    """The text of adjacent string literals."""
    parts = re.findall(r'"((?:[^"\\]|\\.)*)"', literals)
    return re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t"}.get(
        m.group(1), m.group(1)), "".join(parts))


def below_server(tree, ending):
    for folder, _, names in sorted(os.walk(os.path.join(tree.root, "server"))):
        for name in sorted(n for n in names if n.endswith(ending)):
            path = os.path.relpath(os.path.join(folder, name), tree.root)
            with open(os.path.join(tree.root, path), encoding="utf-8") as f:
                yield path, f.read()


def line_of(text, at):
    return text.count("\n", 0, at) + 1


def entries_of(text):
    """Yields (line, [English, Finnish, Swedish]) of a file of words, and
    (line, None) where an entry is broken."""
    entry = []
    for number, line in enumerate(text.split("\n"), 1):
        if line[2:3] != " " or line[:2] not in LANGUAGES:
            continue
        if LANGUAGES[len(entry)] != line[:2] or not line[3:].strip():
            yield number, None
            return
        entry.append(line[3:])
        if len(entry) == len(LANGUAGES):
            yield number - 2, entry
            entry = []
    if entry:
        yield text.count("\n"), None


def bare_words(template):
    """(place, text) of what a page says outside {{_ words}}."""
    blank = lambda m: re.sub(r"[^\n]", " ", m.group(0))
    text = re.sub(r"<code[ >].*?</code>", blank, template, flags=re.DOTALL)
    text = re.sub(r"\{\{_.*?\}\}(?!\})|\{\{.*?\}\}|<!--.*?-->", blank, text,
                  flags=re.DOTALL)
    for match in re.finditer(r'\b(?:aria-label|alt|title)="([^"]*)"', text):
        yield match.start(1), match.group(1)
    text = re.sub(r"<[^>]*>", blank, text)
    for match in re.finditer(r"\S.*", text):
        yield match.start(), re.sub("|".join(UNTRANSLATED), "",
                                    re.sub(r"&\w+;", "", match.group(0)))


def texts_said(tree):
    """Yields (path, line, text) of every text that is looked up."""
    for path, template in below_server(tree, ".html"):
        for match in WORDS_TAG.finditer(template):
            yield path, line_of(template, match.start()), \
                " ".join(match.group(1).split())
    for path, text in tree.files.items():
        code = bare(text, strings=False)
        for match in re.finditer(r"\bSAY\(\s*(" + LITERALS + r")\)", code):
            yield path, line_of(code, match.start()), joined(match.group(1))


def words(tree):
    """The three forms of each text: there, alike in their {values}, used."""
    known = {}
    for path, text in below_server(tree, ".words"):
        for number, entry in entries_of(text):
            if entry is None:
                yield path, number, "not an entry of lines en, fi, sv"
                continue
            names = [set(re.findall(r"\{\w*\}", said)) for said in entry]
            if names[0] != names[1] or names[0] != names[2]:
                yield path, number, "other {values} in another language"
            if any(said != " ".join(said.split()) for said in entry):
                yield path, number, "white space at an end, or too much"
            if entry[0] in known:
                yield path, number, "a second entry of this text, after " \
                    "%s:%d" % known[entry[0]]
            known.setdefault(entry[0], (path, number))
    said = set()
    for path, number, text in texts_said(tree):
        said.add(text)
        if text not in known:
            yield path, number, f"no *.words has: {text}"
    for text in tree.files.values():  # a refusal may be looked up as it stands
        said.update(joined(m) for m in re.findall(LITERALS, bare(
            text, strings=False)) if joined(m) in known)
    for text, (path, number) in known.items():
        if text not in said:
            yield path, number, f"nobody says: {text}"
    for path, template in below_server(tree, ".html"):
        for at, text in bare_words(template):
            if re.search(r"[^\W\d_]", text):
                yield path, line_of(template, at), \
                    f"outside {{{{_ words}}}}: {text.strip()}"
    for path, text in tree.files.items():
        code = bare(text, strings=False)
        for match in re.finditer(r'\b(?:(?:site|page)_(?:say|word)\([^;"()]*'
                                 r'|site_page\(\w+,[^,;"]*,\s*)"', code):
            yield path, line_of(code, match.start()), "not within SAY()"


RULES = {rule.__name__: rule for rule in (
    layers, one_header, doors, sql, banned, writable, sizes, essays,
    rulers, lock, words)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--root", default=".")
    parser.add_argument("--objects", default="build/obj")
    parser.add_argument("rule", nargs="*", choices=[[], *RULES])
    args = parser.parse_args()
    tree = Tree(args.root, args.objects)
    found = 0
    rules = args.rule or list(RULES)
    for name in rules:
        for path, number, what in RULES[name](tree):
            print(f"{path}:{number}: {name}: {what}")
            found += 1
    print(f"lint: {len(tree.files)} files, "
          f"{len(rules)} rules, {found} violations")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
