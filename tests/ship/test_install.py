# SPDX-License-Identifier: Apache-2.0
"""What make install and make deb leave: every file in its place and nothing
behind it, a manual page and completions that name all there is, a unit that
systemd takes and that is told when the server is ready, and a package that is
built from what make needs.

A tool that is not there skips its tests, by name; `make wider` installs them.
Completions are tried in the shells themselves, at a terminal."""
import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import time

import pytest

MOCK = os.environ["MOCK"]
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WAIT_S = 20

FILES = {
    "bin/mock-kanta-phr": 0o755,
    "lib/systemd/system/mock-kanta-phr.service": 0o644,
    "share/bash-completion/completions/mock-kanta-phr": 0o644,
    "share/doc/mock-kanta-phr/LICENSE": 0o644,
    "share/doc/mock-kanta-phr/README.md": 0o644,
    "share/fish/vendor_completions.d/mock-kanta-phr.fish": 0o644,
    "share/man/man1/mock-kanta-phr.1": 0o644,
    "share/zsh/site-functions/_mock-kanta-phr": 0o644,
}


def commands():
    text = subprocess.run([MOCK, "--help"], text=True, capture_output=True,
                          timeout=60).stdout.split("Commands:")[1]
    names = re.findall(r"^  ([a-z]+) +\S", text, re.M)
    assert {"serve", "validate", "completion", "man"} < set(names)
    return names


COMMANDS = commands()


def need(tool):
    if not shutil.which(tool):
        pytest.skip("%s is not installed" % tool)


def make(*words, **variables):
    told = ["%s=%s" % pair for pair in variables.items()]
    env = {k: v for k, v in os.environ.items()
           if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    done = subprocess.run(["make", "--no-print-directory", *words, *told],
                          cwd=TOP, env=env, text=True, timeout=900,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout[-3000:]
    return done.stdout


def found(root):
    """{path below root: mode} of all files."""
    out = {}
    for folder, _, names in os.walk(root):
        for name in names:
            path = os.path.join(folder, name)
            out[os.path.relpath(path, root)] = os.stat(path).st_mode & 0o777
    return out


def run(*words, **keywords):
    return subprocess.run(words, text=True, capture_output=True, timeout=60,
                          **keywords)


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A prefix that everything is installed into."""
    prefix = str(tmp_path_factory.mktemp("prefix"))
    make("install", prefix=prefix)
    return prefix


@pytest.fixture(scope="module")
def options():
    """{command: the options that its help lists}"""
    out = {}
    for command in COMMANDS:
        text = run(MOCK, command, "--help").stdout
        out[command] = set(re.findall(r"^  (--[a-z-]+)", text, re.M))
        assert "--help" in out[command], command
    return out


@pytest.fixture(scope="module")
def switches():
    text = run(MOCK, "serve", "--help").stdout.split("Switches for")[1]
    names = set(re.findall(r"^  ([a-z0-9_]+) +\S", text, re.M))
    assert len(names) > 50
    return names


# ---- files -------------------------------------------------------------------

def test_install_and_uninstall(tmp_path):
    root = str(tmp_path / "root")
    make("install", DESTDIR=root, prefix="/usr")
    assert found(os.path.join(root, "usr")) == FILES
    unit = open(root + "/usr/lib/systemd/system/mock-kanta-phr.service",
                encoding="utf-8").read()
    assert "ExecStart=/usr/bin/mock-kanta-phr serve\n" in unit
    assert "@" not in unit.replace("~@privileged @resources", "").replace(
        "@system-service", "")
    make("uninstall", DESTDIR=root, prefix="/usr")
    assert found(root) == {}
    assert not os.path.exists(root + "/usr/share/doc/mock-kanta-phr")


def test_places_can_be_told(tmp_path):
    root = str(tmp_path / "root")
    places = {"DESTDIR": root, "prefix": "/opt/phr", "bindir": "/usr/sbin",
              "mandir": "/man", "systemdsystemunitdir": "/units"}
    make("install", **places)
    there = found(root)
    assert there["usr/sbin/mock-kanta-phr"] == 0o755
    assert {"man/man1/mock-kanta-phr.1", "units/mock-kanta-phr.service"} \
        < set(there)
    assert "ExecStart=/usr/sbin/mock-kanta-phr serve" in open(
        root + "/units/mock-kanta-phr.service", encoding="utf-8").read()
    make("uninstall", **places)
    assert found(root) == {}


def test_the_installed_program_runs(installed):
    done = run(installed + "/bin/mock-kanta-phr", "--version")
    assert done.returncode == 0 and done.stdout.startswith("mock-kanta-phr ")


# ---- manual page ---------------------------------------------------------------

def manual_text(installed):
    """The page as words, without marks and line breaks."""
    need("mandoc")
    page = installed + "/share/man/man1/mock-kanta-phr.1"
    text = run("mandoc", "-Tutf8", page).stdout
    return re.sub(r"\s+", " ", re.sub(".\b", "", text))


def test_manual_names_everything(installed, options, switches):
    text = manual_text(installed)
    words = set(re.findall(r"[\w-]+", text))
    missing = [name for some in options.values() for name in some
               if name not in words]
    missing += [name for name in switches if name not in words]
    missing += [name for name in COMMANDS if name not in words]
    missing += ["MOCK_PHR_" + name[2:].upper().replace("-", "_")
                for some in options.values() for name in some
                if name not in ("--help", "--version") and
                "MOCK_PHR_" + name[2:].upper().replace("-", "_") not in words]
    assert not missing
    for section in ("EXIT STATUS", "SIGNALS", "ENVIRONMENT", "EXAMPLES"):
        assert section in text


def test_manual_is_sound_mdoc(installed):
    need("mandoc")
    done = run("mandoc", "-Tlint",
               installed + "/share/man/man1/mock-kanta-phr.1")
    assert done.stdout + done.stderr == ""


def test_manual_is_sound_groff(installed):
    need("man")
    done = run("man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z",
               installed + "/share/man/man1/mock-kanta-phr.1")
    assert done.returncode == 0 and done.stderr == ""


# ---- completion ------------------------------------------------------------------

class Terminal:
    """A shell at a terminal of its own."""

    def __init__(self, words, env):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvpe(words[0], words, dict(os.environ, **env))
        self.seen = ""

    def type(self, text):
        self.seen = ""
        os.write(self.fd, text.encode())

    def read_until(self, word, wait_s=WAIT_S):
        """All until the word came; what is there when it does not."""
        end = time.monotonic() + wait_s
        while word not in self.seen and time.monotonic() < end:
            if select.select([self.fd], [], [], 1)[0]:
                try:
                    self.seen += os.read(self.fd, 65536).decode(
                        "utf-8", "replace")
                except OSError:
                    break
        return self.seen

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.close(self.fd)
        os.waitpid(self.pid, 0)


# what is typed before the key is pressed, and what must stand there after it
LINES = [
    ("mock-kanta-phr --environment cl", "client-test"),
    ("mock-kanta-phr --environment=cl", "client-test"),
    ("mock-kanta-phr serve --log off --oa", "--oauth"),
    ("mock-kanta-phr valid", "validate"),
    ("mock-kanta-phr validate --format ju", "junit"),
    ("mock-kanta-phr validate --explain-", "--explain-rule"),
    ("mock-kanta-phr --set refresh_rot", "refresh_rotation="),
    ("mock-kanta-phr --set refresh_rotation=ro", "rotate"),
    ("mock-kanta-phr --unknown-profile wa", "warn"),
    ("mock-kanta-phr completion fi", "fish"),
    ("mock-kanta-phr --config exam", "example-file"),
    ("mock-kanta-phr report di", "diff"),
    ("mock-kanta-phr report diff exam", "example-file"),
    ("mock-kanta-phr validate exam", "example-file"),
]


def at_a_terminal(shell, lines):
    """Each line typed, with the key, and what the shell made of it."""
    wrong = []
    for typed, wanted in lines:
        shell.type(typed + "\t")
        seen = shell.read_until(wanted, 0 if wrong else WAIT_S)
        if wanted not in seen:
            wrong.append((typed, wanted, seen))
        shell.type("\x15")  # the line is taken away
    return wrong


def test_completion_bash(installed, tmp_path):
    (tmp_path / "example-file.json").write_text("{}")
    script = installed + "/share/bash-completion/completions/mock-kanta-phr"
    shell = Terminal(["bash", "--norc", "-i"], {
        "PS1": "here> ", "TERM": "dumb", "INPUTRC": "/dev/null",
        "HOME": str(tmp_path)})
    try:
        shell.type("cd %s; . %s; echo rea''dy\n"
                   % (tmp_path, script))
        assert "ready" in shell.read_until("ready")
        wrong = at_a_terminal(shell, LINES)
    finally:
        shell.close()
    assert not wrong


def bash_words(script, line):
    """What the function offers for a line that readline would cut like this."""
    words = [w for w in re.split(r"(=)|\s+", line) if w] + (
        [""] if line.endswith(" ") else [])
    program = '. "$1"; shift; COMP_WORDS=("$@"); ' \
        'COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); ' \
        'compopt() { :; }; _mock_kanta_phr; printf "%s\\n" "${COMPREPLY[@]}"'
    done = run("bash", "-c", program, "bash", script, *words)
    assert done.stderr == "", done.stderr
    return set(done.stdout.split("\n")) - {""}


def test_completion_bash_is_complete(installed, options, switches):
    script = installed + "/share/bash-completion/completions/mock-kanta-phr"
    for command, names in options.items():
        assert bash_words(script, "mock-kanta-phr %s --" % command) == names
    assert bash_words(script, "mock-kanta-phr --") == options["serve"]
    assert set(COMMANDS) <= bash_words(script, "mock-kanta-phr ")
    assert bash_words(script, "mock-kanta-phr --set ") == {
        name + "=" for name in switches}
    assert bash_words(script, "mock-kanta-phr serve --environment ") == {
        "sandbox", "sandbox-open", "client-test", "production"}
    assert bash_words(script, "mock-kanta-phr --set=errors=") == {
        "kanta", "explain"}
    assert bash_words(script, "mock-kanta-phr --set pkce_methods=") == {
        "plain\\ S256", "S256"}
    assert bash_words(script, "mock-kanta-phr --clock ") == set()


def values_of(command):
    """{option: the words that the program names when it refuses another}"""
    out = {}
    for option in ("--environment", "--profiles", "--oauth", "--log"):
        done = run(MOCK, command, option, "zzzzzzzzzz")
        assert done.returncode == 78
        out[option] = set(done.stderr.split("allowed: ")[1].split())
        out[option].discard("|")
    return out


def test_completion_offers_what_is_taken(installed):
    script = installed + "/share/bash-completion/completions/mock-kanta-phr"
    for option, words in values_of("serve").items():
        assert bash_words(script, "mock-kanta-phr %s " % option) == words


def test_completion_zsh(installed, tmp_path):
    need("zsh")
    (tmp_path / "example-file.json").write_text("{}")
    shell = Terminal(["zsh", "-f", "-i"], {
        "PS1": "here> ", "TERM": "dumb", "HOME": str(tmp_path),
        "ZDOTDIR": str(tmp_path)})
    try:
        shell.type("cd %s; fpath=(%s/share/zsh/site-functions $fpath); "
                   "autoload -U compinit; compinit -u -D; echo rea''dy\n"
                   % (tmp_path, installed))
        assert "ready" in shell.read_until("ready\r\n")
        wrong = at_a_terminal(shell, LINES)
    finally:
        shell.close()
    assert not wrong


def test_completion_fish(installed, tmp_path, options):
    need("fish")
    (tmp_path / "example-file.json").write_text("{}")
    script = installed + "/share/fish/vendor_completions.d/mock-kanta-phr.fish"

    def offered(line):
        done = run("fish", "--no-config", "-c", "source $argv[1]; "
                   "complete --do-complete $argv[2]", script, line,
                   cwd=str(tmp_path), env=dict(os.environ, HOME=str(tmp_path)))
        assert done.returncode == 0 and done.stderr == "", done.stderr
        return {l.split("\t")[0] for l in done.stdout.splitlines()}

    for line, wanted in LINES:
        assert any(w.startswith(wanted) or w.endswith(wanted)
                   for w in offered(line)), (line, offered(line))
    for command, names in options.items():
        there = offered("mock-kanta-phr %s --" % command)
        assert names <= there, (command, names - there)


def test_completion_wants_a_shell():
    for words in ([], ["tcsh"], ["bash", "zsh"]):
        done = run(MOCK, "completion", *words)
        assert done.returncode == 2 and "bash" in done.stderr
    assert run(MOCK, "man", "x").returncode == 2


# ---- systemd -----------------------------------------------------------------------

def test_unit(installed):
    need("systemd-analyze")
    unit = installed + "/lib/systemd/system/mock-kanta-phr.service"
    done = run("systemd-analyze", "verify", "--man=no", unit)
    ours = [l for l in (done.stdout + done.stderr).splitlines()
            if "mock-kanta-phr" in l]
    assert not ours
    done = run("systemd-analyze", "security", "--offline=yes",
               "--threshold=20", unit)
    assert done.returncode == 0, done.stdout[-500:]


@pytest.mark.parametrize("abstract", [False, True])
def test_ready_is_told(tmp_path, abstract):
    """One datagram, when the port is open."""
    name = "\0mock-%d" % os.getpid() if abstract else str(tmp_path / "notify")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(name)
    listener.settimeout(WAIT_S)
    env = dict(os.environ, NOTIFY_SOCKET=name.replace("\0", "@"))
    server = subprocess.Popen(
        [MOCK, "--listen", "http://127.0.0.1:0", "--log", "off"],
        env=env, stdout=subprocess.PIPE)
    try:
        assert listener.recv(4096) == b"READY=1"
        ready = json.loads(server.stdout.readline())
        port = int(ready["listeners"][0]["url"].rsplit(":", 1)[1])
        socket.create_connection(("127.0.0.1", port), WAIT_S).close()
    finally:
        server.terminate()
        assert server.wait(WAIT_S) == 0
        server.stdout.close()
        listener.close()


@pytest.mark.parametrize("name", ["relative", "/no/such/socket", "@", "",
                                  "/" + "x" * 200])
def test_a_manager_that_is_not_there_is_logged(name):
    env = dict(os.environ, NOTIFY_SOCKET=name)
    server = subprocess.Popen(
        [MOCK, "--listen", "http://127.0.0.1:0", "--log", "text"], env=env,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert json.loads(server.stdout.readline())["event"] == "ready"
    server.terminate()
    _, log = server.communicate(timeout=WAIT_S)
    assert server.returncode == 0
    assert "notify" in log


# ---- package -------------------------------------------------------------------------

@pytest.fixture(scope="module")
def package():
    need("dh")
    need("dpkg-buildpackage")
    make("deb")
    folder = os.path.join(TOP, "build", "deb")
    debs = [n for n in os.listdir(folder) if n.endswith(".deb") and
            "dbgsym" not in n]
    assert len(debs) == 1
    return os.path.join(folder, debs[0])


def test_package_holds_what_is_installed(package, tmp_path):
    assert run("dpkg", "-x", package, str(tmp_path)).returncode == 0
    there = found(tmp_path)
    for path, mode in FILES.items():
        if path.endswith("LICENSE"):  # Debian has one copy of its text
            continue
        place = "lib/" + path[4:] if path.startswith("lib/") else "usr/" + path
        assert there.get(place) == mode or \
            there.get(place + ".gz") == mode, place
    program = str(tmp_path / "usr/bin/mock-kanta-phr")
    assert run(program, "--version").stdout == run(MOCK, "--version").stdout
    assert run(program, "profiles").stdout == run(MOCK, "profiles").stdout
    assert "ExecStart=/usr/bin/mock-kanta-phr" in open(
        tmp_path / "lib/systemd/system/mock-kanta-phr.service",
        encoding="utf-8").read()


def test_package_names_its_libraries(package):
    text = run("dpkg", "-I", package).stdout
    for library in ("libmicrohttpd", "libsqlite3", "libssl", "libgnutls"):
        assert library in text


def test_package_is_clean(package):
    need("lintian")
    changes = [n for n in os.listdir(os.path.dirname(package))
               if n.endswith(".changes")]
    done = run("lintian", "--allow-root", "--fail-on", "error,warning",
               os.path.join(os.path.dirname(package), changes[0]))
    assert done.returncode == 0, done.stdout
