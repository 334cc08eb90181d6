"""Makes the image's file system by the Dockerfile's own steps, without Docker, and tries it.

    python -m supply.image build BASE FOLDER   BASE is a root that stands for what FROM names; each
                                               stage becomes FOLDER/<stage>, the last FOLDER/image
    python -m supply.image try FOLDER          runs it as the Dockerfile says: as its user, the root
                                               read-only, its volumes and a tmpfs on /tmp writable

Needs root, for chroot and mounts, and namespaces of its own: tests/image_root.sh makes both.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from supply.dockerfile import Stage, Step, context, environment_of, expanded, read

ROOT = Path(__file__).parents[1]
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# The machine's own way to the package index; the image keeps none of it.
CARRIED = ("PIP_", "SSL_CERT_", "HTTP_", "HTTPS_", "NO_PROXY", "http_", "https_", "no_proxy")
STARTED_WITHIN_S = 120


@dataclass
class Image:
    """What a container would be started with."""

    environment: dict[str, str] = field(default_factory=lambda: {"PATH": PATH})
    user: str = "0:0"
    folder: str = "/"
    volumes: list[str] = field(default_factory=list)
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)


def build(base: Path, folder: Path) -> None:
    stages = read((ROOT / "Dockerfile").read_text("utf-8"))
    image = Image()
    for stage in stages:
        last = stage is stages[-1]
        root = folder / ("image" if last else stage.name)
        shutil.rmtree(root, ignore_errors=True)
        subprocess.run(["cp", "-a", "--reflink=auto", str(base), str(root)], check=True)
        image = _build(stage, root, folder)
    (folder / "image.json").write_text(json.dumps(asdict(image), indent=1), "utf-8")


def _build(stage: Stage, root: Path, folder: Path) -> Image:
    image = Image()
    for step in stage.steps:
        print(f"-- {step.instruction} {step.rest[:100]}", flush=True)
        match step.instruction:
            case "RUN":
                if Container(root, image).run("/bin/sh", "-c", step.rest, more=_carried()) != 0:
                    raise SystemExit("the step failed; why stands above")
            case "COPY":
                _copy(step, root, folder, image)
            case "ENV":
                image.environment |= environment_of(step, image.environment)
            case "WORKDIR":
                image.folder = os.path.join(image.folder, expanded(step.rest, image.environment))
                (root / image.folder.lstrip("/")).mkdir(parents=True, exist_ok=True)
            case "USER":
                image.user = step.rest
            case "VOLUME":
                image.volumes = step.words()
            case "ENTRYPOINT":
                image.entrypoint = step.words()
            case "CMD":
                image.command = step.words()
            case "HEALTHCHECK":
                form = step.rest.removeprefix("CMD").strip()
                image.health = json.loads(form)
            case "EXPOSE":
                pass  # a note for people
    return image


def _copy(step: Step, root: Path, folder: Path, image: Image) -> None:
    *sources, target = step.words()
    into = root / os.path.join(image.folder, target).lstrip("/")
    if "from" in step.flags:
        for source in sources:
            found = folder / step.flags["from"] / source.lstrip("/")
            shutil.copytree(found, into, symlinks=True, dirs_exist_ok=True)
    elif sources == ["."]:
        for path in context(ROOT):
            place = into / path.relative_to(ROOT)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, place)
    else:
        raise ValueError(f"Cannot do COPY {step.rest}")


def _carried() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name.startswith(CARRIED)}
    return {**kept, "PIP_QUIET": "2"}


@dataclass(frozen=True)
class Container:
    """An image's root, entered as its user with its environment and nothing else."""

    root: Path
    image: Image

    def arguments(self, command: Sequence[str], more: Mapping[str, str]) -> list[str]:
        pairs = [f"{name}={value}" for name, value in {**self.image.environment, **more}.items()]
        inside = ["/bin/sh", "-c", 'cd "$0" && exec "$@"', self.image.folder, *command]
        user = f"--userspec={self.image.user}"
        return ["chroot", user, str(self.root), "/usr/bin/env", "-i", *pairs, *inside]

    def run(self, *command: str, more: Mapping[str, str] | None = None, quiet: bool = False) -> int:
        sink = subprocess.DEVNULL if quiet else None
        arguments = self.arguments(command, more or {})
        done = subprocess.run(
            arguments, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, check=False
        )
        return done.returncode

    def start(self, more: Mapping[str, str]) -> subprocess.Popen[bytes]:
        command = [*self.image.entrypoint, *self.image.command]
        return subprocess.Popen(self.arguments(command, more), stdin=subprocess.DEVNULL)


def attempt(folder: Path) -> int:
    """Start it, ask for its health on loopback, make a bundle and verify it. Exit status."""
    image = Image(**json.loads((folder / "image.json").read_text("utf-8")))
    inside = Container(folder / "image", image)
    _confine(inside, folder)
    _loopback_up()
    told = [_say(*one) for one in _confined(inside)]
    server = inside.start({"ORDERPROOF_API_TOKEN": os.urandom(16).hex()})
    try:
        healthy = _until(
            lambda: inside.run(*image.health, quiet=True) == 0, lambda: server.poll() is None
        )
        told.append(_say(healthy, "the Dockerfile's own health check is answered on loopback"))
        made = inside.run(*image.entrypoint, "demo", "--keep", "/tmp/demo") == 0
        told.append(_say(made, "the demo makes a bundle and verifies it"))
        again = inside.run("sh", "-c", "orderproof verify /tmp/demo/*.zip") == 0
        told.append(_say(again, "the bundle verifies again"))
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            told.append(_say(server.wait(60) == 0, "it ends by itself when told to"))
        except subprocess.TimeoutExpired:
            server.kill()
            told.append(_say(False, "it ends by itself when told to"))
    return 0 if all(told) else 1


def _confined(inside: Container) -> Iterator[tuple[bool, str]]:
    user = inside.image.user.partition(":")[0]

    def can(script: str) -> bool:
        return inside.run("sh", "-c", script, quiet=True) == 0

    yield user not in {"0", "root"} and can(f'test "$(id -u)" = {user}'), f"it runs as user {user}"
    for place in ("", "/opt/orderproof", "/etc", inside.image.folder):
        yield not can(f"echo > {place}/probe"), f"{place or '/'} cannot be written"
    for place in (*inside.image.volumes, "/tmp"):
        yield can(f"echo > {place}/probe && rm {place}/probe"), f"{place} can be written"


def _say(well: bool, what: str) -> bool:
    print(f"{'well' if well else 'ILL':<5} {what}", flush=True)
    return well


def _confine(inside: Container, folder: Path) -> None:
    root = inside.root

    def mount(*arguments: str) -> None:
        subprocess.run(["mount", *arguments], check=True)

    mount("--bind", str(root), str(root))
    mount("-t", "proc", "proc", f"{root}/proc")
    mount("-t", "tmpfs", "-o", "mode=1777,size=512m", "tmpfs", f"{root}/tmp")
    mount("-t", "tmpfs", "-o", "mode=1777,size=64m", "tmpfs", f"{root}/dev/shm")
    for number, volume in enumerate(inside.image.volumes):
        place, kept = root / volume.lstrip("/"), folder / f"volume-{number}"
        shutil.rmtree(kept, ignore_errors=True)
        subprocess.run(["cp", "-a", str(place), str(kept)], check=True)  # as Docker fills a new one
        mount("--bind", str(kept), str(place))
    mount("-o", "remount,bind,ro", str(root))


def _loopback_up() -> None:
    """A new network namespace has a loopback that is down, and nothing else."""
    asked = struct.pack("16sH14s", b"lo", 0x1, b"")  # IFF_UP
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, 0x8914, asked)  # SIOCSIFFLAGS


def _until(holds: Callable[[], bool], alive: Callable[[], bool]) -> bool:
    end = time.monotonic() + STARTED_WITHIN_S
    while time.monotonic() < end and alive():
        if holds():
            return True
        time.sleep(0.5)
    return False


def main() -> int:
    match sys.argv[1:]:
        case ["build", base, folder]:
            build(Path(base), Path(folder))
            return 0
        case ["try", folder]:
            return attempt(Path(folder))
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
