"""The embedded PostgreSQL starts anywhere, is shared, and ends with its last user, however that one ended."""

import contextlib
import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg
import pytest

from prima import embedded

ROOT = Path(__file__).parent.parent
AS_ROOT = os.geteuid() == 0
ACCOUNT = pwd.getpwnam("nobody") if AS_ROOT else pwd.getpwuid(os.geteuid())  # whom the server runs as
DEADLINE = 60  # seconds, only ever reached by a failure

USER = """
import importlib.util, os, signal, sys
from pathlib import Path

# The module alone: it needs nothing of PRIMA, which takes a process seconds to load.
embedded = importlib.util.module_from_spec(found := importlib.util.spec_from_file_location("embedded", sys.argv[4]))
found.loader.exec_module(embedded)
folder, account, behaviour = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
if account:  # all that is needed is imported by now: the account may not be able to read the environment
    uid, gid, programs = account.split(":", 2)
    os.setgroups([])
    os.setgid(int(gid))
    os.setuid(int(uid))
    embedded.binaries = lambda: Path(programs)
server = embedded.join(folder, testing=True)
child = 0
if behaviour == "forks":
    child = os.fork()
    if not child:
        server.leave()
        signal.pause()
print(child, server.url, flush=True)
sys.stdin.readline()
"""


def heed_ctrl_c():
    """Tests that a shell runs in the background inherit that Ctrl-C is ignored; what they start must heed it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class User:
    """Another process that joins the server and leaves it when told to."""

    def __init__(self, folder, *, account="", behaviour="", **environment):
        self.process = subprocess.Popen(
            [sys.executable, "-c", USER, str(folder), account, behaviour, embedded.__file__],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,
            preexec_fn=heed_ctrl_c,  # noqa: PLW1509 - the parent has no thread that holds a lock here
        )

    def joined(self):
        """Wait until it has joined; returns the address."""
        line = self.process.stdout.readline()
        assert line, "the other process could not join"
        child, url = line.split()
        self.child = int(child)
        return url

    def leave(self):
        self.process.communicate("\n", timeout=DEADLINE)
        assert self.process.returncode == 0

    def end(self, how=signal.SIGKILL):
        if self.process.poll() is None:
            self.process.send_signal(how)
        self.process.communicate(timeout=DEADLINE)


@pytest.fixture
def folder(tmp_path):
    yield from a_folder(tmp_path / "instance" / "postgres")


@pytest.fixture
def public():
    """A folder in a place that every account can reach, which pytest's own are not."""
    path = Path(tempfile.mkdtemp(dir="/tmp"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


def a_folder(path):
    yield path
    left = is_running(path)
    if left:
        os.kill(postmaster(path), signal.SIGQUIT)
        wait_until(lambda: not is_running(path))
    assert not left, "the test left a server behind"


def is_running(folder):
    """True while any process of the server is there: each of them holds this lock."""
    if not (folder / "server").exists():
        return False
    with open(folder / "server") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def postmaster(folder):
    return int((folder / "data" / "postmaster.pid").read_text().splitlines()[0])


def is_alive(pid):
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        if os.path.isdir("/proc/self"):
            return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
        os.kill(pid, 0)
        return True
    return False


def wait_until(true):
    end = time.monotonic() + DEADLINE
    while not true():
        assert time.monotonic() < end, "this did not happen in time"
        time.sleep(0.02)


def ask(url, question):
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        return connection.execute(question).fetchone()[0]


def do(url, statement):
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(statement)


def test_the_server_is_safe_by_default_and_listens_to_this_machine_alone(folder):
    with embedded.join(folder) as server:
        settings = {
            name: ask(server.url, f"SHOW {name}")
            for name in ("fsync", "full_page_writes", "listen_addresses", "max_connections", "timezone")
        }
        sockets = Path(ask(server.url, "SHOW unix_socket_directories"))
        assert sockets.stat().st_mode & 0o777 == 0o700
        assert ask(server.url, "SELECT current_user || ' ' || current_database()") == "postgres prima"
    assert settings == {
        "fsync": "on",
        "full_page_writes": "on",
        "listen_addresses": "",
        "max_connections": "100",
        "timezone": "UTC",
    }
    assert not sockets.exists()


def test_tests_trade_safety_for_speed(folder):
    with embedded.join(folder, testing=True) as server:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            assert ask(server.url, f"SHOW {name}") == "off"


def test_the_last_one_out_stops_the_server(folder):
    first = embedded.join(folder, testing=True)
    second = embedded.join(folder, testing=True)
    pid = postmaster(folder)
    first.leave()
    first.leave()
    assert ask(second.url, "SELECT 1") == 1
    second.leave()
    assert not is_running(folder)
    assert not is_alive(pid)


def test_what_was_written_is_there_after_the_next_start_and_each_name_is_a_database(folder):
    with embedded.join(folder, testing=True) as server:
        do(server.url, "CREATE TABLE kept AS SELECT 7 AS value")
    with embedded.join(folder, testing=True) as server, embedded.join(folder, database='O\'Neil "2"') as other:
        assert ask(server.url, "SELECT value FROM kept") == 7
        assert ask(other.url, "SELECT to_regclass('kept')") is None


def test_a_long_path_with_a_space_an_apostrophe_and_an_accent(tmp_path):
    start = tmp_path / "the team's répertoire"
    path = start / ("x" * (149 - len(str(start))))
    assert len(str(path)) == 150
    for folder in a_folder(path):
        with embedded.join(folder, testing=True) as server:
            assert ask(server.url, "SELECT 1") == 1


@pytest.mark.parametrize(
    "locale",
    [
        {"LANG": "tlh_QO.UTF-8", "LC_ALL": ""},
        {"LC_ALL": "POSIX"},
        {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
    ids=["not installed", "POSIX", "POSIX and ASCII"],
)
def test_the_shell_s_locale_does_not_matter(tmp_path, locale):
    for folder in a_folder(tmp_path / "répertoire"):
        user = User(folder, **locale, PGPORT="1", PGDATA="/nowhere", TZ="Asia/Tokyo")
        url = user.joined()
        assert ask(url, "SELECT lower('É')") == "é"
        assert ask(url, "SHOW server_encoding") == "UTF8"
        assert ask(url, "SHOW timezone") == "UTC"
        user.leave()


def test_two_first_starts_at_once_make_one_server(folder):
    users = [User(folder), User(folder)]
    urls = {user.joined() for user in users}
    assert len(urls) == 1
    users[0].leave()
    assert ask(urls.pop(), "SELECT 1") == 1
    users[1].leave()
    assert not is_running(folder)


def test_users_with_different_temporary_directories_meet(folder, public):
    with embedded.join(folder, testing=True) as server:
        user = User(folder, TMPDIR=str(public))
        assert user.joined() == server.url
        user.leave()


def test_a_killed_starter_is_not_counted(folder):
    starter = User(folder)
    url = starter.joined()
    other = User(folder)
    other.joined()
    pid = postmaster(folder)
    starter.end(signal.SIGKILL)
    assert ask(url, "SELECT 1") == 1
    other.leave()
    assert not is_running(folder)
    assert not is_alive(pid)


def test_the_next_one_out_stops_what_a_killed_one_left_alone(folder):
    user = User(folder)
    user.joined()
    pid = postmaster(folder)
    user.end(signal.SIGKILL)
    with embedded.join(folder):
        assert postmaster(folder) == pid
    assert not is_running(folder)


def test_ctrl_c_at_the_starter_does_not_reach_the_server(folder):
    starter = User(folder)
    url = starter.joined()
    with embedded.join(folder):
        os.killpg(starter.process.pid, signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            starter.process.wait(DEADLINE)
        assert starter.process.returncode
        starter.end()
        assert ask(url, "SELECT 1") == 1


def test_a_killed_server_recovers_at_once(folder):
    with embedded.join(folder) as before:
        do(before.url, "CREATE TABLE kept AS SELECT 7 AS value")
        os.kill(postmaster(folder), signal.SIGKILL)
        with embedded.join(folder) as after:
            assert ask(after.url, "SELECT value FROM kept") == 7


def test_an_old_number_of_a_living_foreign_process_is_left_in_peace(folder):
    with embedded.join(folder, testing=True) as server:
        sockets = Path(ask(server.url, "SHOW unix_socket_directories"))
        as_account = {"user": ACCOUNT.pw_uid, "group": ACCOUNT.pw_gid, "extra_groups": []} if AS_ROOT else {}
        foreigner = subprocess.Popen(["sleep", "600"], cwd="/", **as_account)
        notes = [folder / "data" / "postmaster.pid", sockets / ".s.PGSQL.5432.lock"]
        old = [note.read_text().splitlines(keepends=True) for note in notes]
        pid = postmaster(folder)
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not is_running(folder))
        for note, lines in zip(notes, old, strict=True):
            note.write_text("".join([f"{foreigner.pid}\n", *lines[1:]]))
    try:
        assert foreigner.poll() is None  # leaving a dead server signals nobody
        with embedded.join(folder, testing=True) as server:
            assert ask(server.url, "SELECT 1") == 1
            assert postmaster(folder) != foreigner.pid
        assert foreigner.poll() is None
    finally:
        foreigner.kill()
        foreigner.wait()


def test_a_forked_child_neither_keeps_the_server_alive_nor_stops_it(folder):
    user = User(folder, behaviour="forks")
    url = user.joined()
    try:
        assert ask(url, "SELECT 1") == 1  # the child has left by now, or does so later: nothing happens
        with embedded.join(folder):
            pass
        assert ask(url, "SELECT 1") == 1
        user.process.stdin.write("\n")
        user.process.stdin.flush()
        user.process.wait(DEADLINE)
        assert is_alive(user.child)
        assert not is_running(folder)
    finally:
        os.kill(user.child, signal.SIGKILL)
        user.end()


def test_a_forked_child_of_a_killed_user_is_not_counted(folder):
    user = User(folder, behaviour="forks")
    user.joined()
    try:
        user.process.kill()
        user.process.wait(DEADLINE)
        with embedded.join(folder):
            assert is_alive(user.child)
        assert not is_running(folder)
    finally:
        os.kill(user.child, signal.SIGKILL)
        user.end()


def test_root_or_not_the_server_runs_without_root_s_rights(folder, public):
    with embedded.join(folder, testing=True):
        assert os.stat(folder / "data").st_uid == ACCOUNT.pw_uid
        assert ACCOUNT.pw_uid != 0
        assert (folder / "data" / "postmaster.pid").stat().st_uid == ACCOUNT.pw_uid
    for mine in a_folder(public / "mine"):
        account = ""
        if AS_ROOT:
            mine.mkdir()
            os.chown(mine, ACCOUNT.pw_uid, ACCOUNT.pw_gid)
            account = f"{ACCOUNT.pw_uid}:{ACCOUNT.pw_gid}:{embedded._Cluster(folder, True, print)._runnable()}"
        user = User(mine, account=account)
        assert ask(user.joined(), "SELECT 1") == 1
        assert (mine / "data" / "postmaster.pid").stat().st_uid == ACCOUNT.pw_uid
        user.leave()


def test_programs_that_the_server_s_account_cannot_reach(folder, tmp_path, public, monkeypatch):
    version = embedded.binaries().parent
    home = tmp_path / "home" / "site-packages"
    for part in (version, version.parent / ".dylibs", version.parent.parent / f"{embedded.PACKAGE}.libs"):
        if part.exists():
            shutil.copytree(part, home / part.relative_to(version.parent.parent), ignore=shutil.ignore_patterns("*.a"))
    (tmp_path / "home").chmod(0o700)
    monkeypatch.setattr(embedded, "binaries", lambda: home / embedded.PACKAGE / version.name / "bin")
    monkeypatch.setattr(tempfile, "tempdir", str(public))
    with embedded.join(folder, testing=True) as server:
        assert ask(server.url, "SELECT 1") == 1
    for piece in public.rglob("*.bki"):
        piece.unlink()  # as a cleaner of temporary files may
    shutil.rmtree(folder / "data")
    with embedded.join(folder, testing=True) as server:
        assert ask(server.url, "SELECT 1") == 1


def test_somebody_else_s_folder_is_refused(public):
    folder = public if AS_ROOT else Path("/")
    if AS_ROOT:
        os.chown(folder, ACCOUNT.pw_uid, ACCOUNT.pw_gid)
    owner = pwd.getpwuid(folder.stat().st_uid).pw_name
    with pytest.raises(embedded.EmbeddedError, match=f"belongs to {owner}") as refused:
        embedded.join(folder)
    assert "\n" not in str(refused.value)


def test_an_interrupted_first_start_is_begun_again(folder):
    (folder / "data.new" / "base").mkdir(parents=True)
    with embedded.join(folder, testing=True) as server:
        assert ask(server.url, "SELECT 1") == 1


def test_a_server_that_cannot_start_says_why(folder, public, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(public))
    embedded.join(folder, testing=True).leave()
    (folder / "data" / "PG_VERSION").write_text("9.6\n")
    with pytest.raises(embedded.EmbeddedError, match=r"initialized by PostgreSQL version 9\.6"):
        embedded.join(folder)
    assert not is_running(folder)
    assert not list(public.iterdir())


def test_a_full_disk_is_called_so(folder, public, monkeypatch):
    for name in ("postgres", "initdb"):
        (public / name).write_text("#!/bin/sh\necho 'could not extend file: No space left on device'\nexit $#\n")
        (public / name).chmod(0o755)
    monkeypatch.setattr(embedded, "binaries", lambda: public)
    monkeypatch.setattr(embedded._Cluster, "_runs", lambda self, programs: True)
    with pytest.raises(embedded.EmbeddedError, match=r"The disk of .* is full") as refused:
        embedded.join(folder)
    assert "\n" not in str(refused.value)


def test_missing_programs_are_called_so(folder, monkeypatch):
    monkeypatch.setattr(embedded, "PACKAGE", "not_installed")
    with pytest.raises(embedded.EmbeddedError, match=r"install requirements\.txt"):
        embedded.join(folder)


def test_a_slow_start_is_waited_for_aloud(folder):
    with embedded.join(folder, testing=True):
        pid = postmaster(folder)
        os.kill(pid, signal.SIGSTOP)
        said = []

        def say(sentence):
            said.append(sentence)
            os.kill(pid, signal.SIGCONT)

        with embedded.join(folder, say=say) as server:
            assert ask(server.url, "SELECT 1") == 1
    assert "Waiting for PostgreSQL to be ready" in said[0]
