"""Where reading processes come from: one process that has everything imported, and forks.

To start Python and import every reader takes a second of processor time; to fork a process that
has done so takes some milliseconds. So the first reading starts a nursery, and each reading process
is a copy of it: as empty as on its first day, however many there were before.

The nursery reads nothing from outside itself. It is told to fork by a message that carries the
child's end of a socket, and tells how each child ended. It is told too whose items there are, so
that what reads these is imported once, and not by each child, as are the models that recognise a
picture's text. It ends, with all children, when the parent does. It knows no secret of ours: none
is in its command line or its environment.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import socket
import sys
from array import array
from collections import deque
from collections.abc import Callable, Iterable

from evidence.errors import OutageError

# What is to be known where there are pictures; no collector has this name.
PICTURES = "pictures"
# What a message may be; the kernel keeps them apart (SOCK_SEQPACKET).
MESSAGE_BYTES = 64
# A body of an item goes into the socket in a few pieces.
_BUFFER_BYTES = 1 << 20
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")


class Forked:
    """A reading process. What it is told and answers goes through one socket."""

    def __init__(
        self, nursery: Nursery, pid: int, reader: asyncio.StreamReader, to: asyncio.StreamWriter
    ) -> None:
        self.pid = pid
        self.reader = reader
        self.to = to
        self.returncode: int | None = None
        self.ended = asyncio.Event()
        self._nursery = nursery

    def kill(self) -> None:
        """It is gone soon, if it is not already; `wait` waits for that."""
        self.to.close()
        if self.returncode is None:
            self._nursery.say(f"kill {self.pid}")

    async def wait(self) -> int | None:
        await self.ended.wait()
        return self.returncode

    def end(self, returncode: int) -> None:
        self.returncode = returncode
        self.ended.set()


class Nursery:
    """The parent's side of one. Make it with `start`."""

    def __init__(self, process: asyncio.subprocess.Process, ours: socket.socket) -> None:
        self._process = process
        self._socket = ours
        self._born: deque[asyncio.Future[int]] = deque()
        self._children: dict[int, Forked] = {}
        self._known: set[str] = set()
        self._ends: dict[int, int] = {}  # of those whose birth nobody has taken notice of yet
        self.is_gone = False
        asyncio.get_running_loop().add_reader(ours, self._hear)

    @classmethod
    async def start(cls, memory: int, cpu_s: float) -> Nursery:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            ours.setblocking(False)
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "service.reading.child",
                str(memory),
                str(cpu_s),
                stdin=theirs.fileno(),
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                # No secret of ours is in the environment of a process that parses hostile bytes.
                env={
                    "PATH": os.environ.get("PATH", ""),
                    "PYTHONPATH": os.pathsep.join(sys.path),
                    # A reading takes one core; numpy's libraries would start a thread for each.
                    **dict.fromkeys(_ONE_THREAD, "1"),
                },
            )
        return cls(process, ours)

    async def fork(self) -> Forked:
        """A new reading process. Raises OutageError if the nursery has died."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        born: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        try:
            with theirs:
                ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)
                if self.is_gone:
                    raise _gone()
                self._born.append(born)
                try:
                    socket.send_fds(self._socket, [b"fork"], [theirs.fileno()])
                except OSError as problem:
                    self._lose()
                    raise _gone() from problem
            pid = await asyncio.shield(born)
            reader, to = await asyncio.open_unix_connection(sock=ours, limit=_BUFFER_BYTES)
        except BaseException:
            ours.close()  # a child that was born meanwhile ends when it finds that out
            raise
        child = self._children[pid] = Forked(self, pid, reader, to)
        if pid in self._ends:
            child.end(self._ends.pop(pid))
        return child

    def know(self, sources: Iterable[str]) -> None:
        """Who is forked from now on has loaded what reads these sources' items, or PICTURES."""
        for name in sources:
            said = f"know {name}"
            if name not in self._known and len(said.encode()) <= MESSAGE_BYTES:
                self._known.add(name)
                self.say(said)

    def say(self, words: str) -> None:
        with contextlib.suppress(OSError):  # then it is gone, and so is whoever is meant
            self._socket.send(words.encode())

    async def close(self) -> None:
        self._lose()
        self._socket.close()
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

    def _hear(self) -> None:
        try:
            said = self._socket.recv(MESSAGE_BYTES).decode()
        except BlockingIOError:
            return
        except OSError:
            said = ""
        match said.split():
            case ["born", pid]:
                self._ends.pop(int(pid), None)  # of another that had the same number
                born = self._born.popleft()
                if not born.done():
                    born.set_result(int(pid))
            case ["ended", pid, code]:
                child = self._children.pop(int(pid), None)
                if child is None:
                    self._ends[int(pid)] = int(code)
                else:
                    child.end(int(code))
            case _:
                self._lose()

    def _lose(self) -> None:
        """The nursery is no more: nobody will tell how its children end, and they do."""
        if self.is_gone:
            return
        self.is_gone = True
        asyncio.get_running_loop().remove_reader(self._socket)
        for born in self._born:
            if not born.done():
                born.set_exception(_gone())
        for child in self._children.values():
            child.to.close()
            child.end(-signal.SIGKILL)
        self._born.clear()
        self._children.clear()


def _gone() -> OutageError:
    return OutageError(source="Reading", why="the process that starts readers died")


def serve_nursery(
    control: socket.socket, know: Callable[[str], None] = lambda _: None
) -> socket.socket | None:
    """Fork whenever the parent asks. Returns in each child, with its socket; None at the end.

    know   is called with the name of a source whose items there are, or with PICTURES
    Must run while the process has one thread.
    """
    wake_read, wake_write = os.pipe()
    for end in (wake_read, wake_write):
        os.set_blocking(end, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    alive: set[int] = set()
    while True:
        _wait(control.fileno(), wake_read)
        for pid, code in _ended(alive):
            control.send(f"ended {pid} {code}".encode())
        try:
            said, ends = _heard(control)
        except BlockingIOError:
            continue
        if said == b"fork":
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for end in (wake_read, wake_write, control.detach()):
                    os.close(end)
                return socket.socket(fileno=ends[0])
            os.close(ends[0])
            alive.add(pid)
            control.send(f"born {pid}".encode())
        elif said.startswith(b"know "):
            know(said[5:].decode())
        elif said.startswith(b"kill "):
            if (pid := int(said[5:])) in alive:
                os.kill(pid, signal.SIGKILL)
        else:  # the parent has closed its end, or died
            for pid in alive:
                os.kill(pid, signal.SIGKILL)
            return None


def _heard(control: socket.socket) -> tuple[bytes, list[int]]:
    """A message, and the descriptor that came with it. BlockingIOError if there is none.

    `socket.recv_fds` takes flags and drops them, so it would wait, and children that end meanwhile
    would be told of when the next message comes.
    """
    room = socket.CMSG_LEN(array("i").itemsize)
    said, beside, _, _ = control.recvmsg(MESSAGE_BYTES, room, socket.MSG_DONTWAIT)
    ends = array("i")
    for level, kind, data in beside:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            ends.frombytes(data[: len(data) - len(data) % ends.itemsize])
    return said, list(ends)


def _wait(*ends: int) -> None:
    ready, _, _ = select.select(ends, [], [])
    with contextlib.suppress(BlockingIOError):
        if ends[1] in ready:
            os.read(ends[1], 4096)


def _ended(alive: set[int]) -> list[tuple[int, int]]:
    """Those that have ended, each with how: an exit code, or the negative of a signal."""
    found = []
    while alive:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            break
        alive.discard(pid)
        found.append((pid, os.waitstatus_to_exitcode(status)))
    return found
