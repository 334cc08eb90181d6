"""Drops over S3 and SFTP, on servers that we did not write: the same files as in a folder."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh
import boto3
import pytest
from moto.server import ThreadedMotoServer

from collectors.collector import Files
from collectors.files.s3_drop import S3Drop
from collectors.files.sftp_drop import SftpDrop
from collectors.secrets import Secret
from evidence.errors import AccessError, ConfigError, OutageError, RequestError, TooLargeError
from service.settings import load_settings
from service.sources.drops import files_of
from tests.collectors.http_bench import MemorySpool

FILES = {
    "exports/2026/orders.csv": "平台订单号,运单号\n".encode(),
    "exports/big.csv": b"x" * 3_000_000,
    "exports/notes.txt": b"hello",
    "other/secret.csv": b"not in the drop",
}
SPOOL = MemorySpool()


# S3


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        url = f"http://{host}:{port}"
        client: Any = boto3.client(
            "s3",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id="me",
            aws_secret_access_key="secret",
        )
        client.create_bucket(Bucket="drops")
        for key, data in FILES.items():
            client.put_object(Bucket="drops", Key=key, Body=data)
        client.put_object(Bucket="drops", Key="exports/empty/", Body=b"")
        yield url
    finally:
        server.stop()


def s3_drop(url: str, prefix: str = "/exports", bucket: str = "drops") -> S3Drop:
    return S3Drop(
        bucket=bucket,
        prefix=prefix,
        spool=SPOOL,
        access_key=Secret("access_key", "me"),
        secret_key=Secret("secret_key", "secret"),
        endpoint=url,
    )


def test_a_prefix_of_a_bucket_is_a_folder(s3: str) -> None:
    assert_is_the_folder(s3_drop(s3))


def test_an_object_that_was_replaced_is_not_read_as_the_one_listed(s3: str) -> None:
    drop = s3_drop(s3)
    (entry,) = [one for one in drop.entries() if one.path == "notes.txt"]
    client: Any = drop._s3
    client.put_object(Bucket="drops", Key="exports/notes.txt", Body=b"other")
    try:
        with pytest.raises(OutageError, match="replaced"):
            drop.open(entry, limit=100)
    finally:
        client.put_object(Bucket="drops", Key="exports/notes.txt", Body=FILES["exports/notes.txt"])


def test_a_bucket_that_is_not_there_and_a_server_that_is_away(s3: str) -> None:
    with pytest.raises(RequestError, match="404"):
        list(s3_drop(s3, bucket="nowhere").entries())
    with pytest.raises(OutageError):
        list(s3_drop("http://127.0.0.1:9").entries())


# SFTP


@dataclass
class Sftp:
    port: int
    host_key: str
    root: Path


class _Server(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == ("seller", "pass-word")


@pytest.fixture
async def sftp(tmp_path: Path) -> AsyncIterator[Sftp]:
    root = tmp_path / "root"
    for name, data in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    (root / "exports" / "link.csv").symlink_to(root / "other" / "secret.csv")
    (root / "exports" / "outside").symlink_to(tmp_path)
    key = asyncssh.generate_private_key("ssh-ed25519")
    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=_Server,
        server_host_keys=[key],
        sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=bytes(root)),
    )
    try:
        public = key.export_public_key().decode().strip()
        yield Sftp(server.get_port(), public, root)
    finally:
        server.close()
        await server.wait_closed()


def sftp_drop(server: Sftp, **settings: Any) -> SftpDrop:
    told: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": server.port,
        "user": "seller",
        "folder": "/exports",
        "host_key": server.host_key,
        "password": Secret("password", "pass-word"),
    }
    return SftpDrop(**told | settings, spool=SPOOL)


async def test_a_folder_of_an_sftp_server_is_a_folder_and_links_are_not_followed(
    sftp: Sftp,
) -> None:
    drop = sftp_drop(sftp)
    try:
        await asyncio.to_thread(assert_is_the_folder, drop)
    finally:
        drop.close()


async def test_a_server_with_another_key_is_not_spoken_to(sftp: Sftp) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    with pytest.raises(AccessError, match="key is not the one"):
        await asyncio.to_thread(lambda: list(sftp_drop(sftp, host_key=other).entries()))


async def test_a_login_that_is_refused_and_a_folder_that_is_not_there(sftp: Sftp) -> None:
    wrong = sftp_drop(sftp, password=Secret("password", "wrong-word"))
    with pytest.raises(AccessError, match="login"):
        await asyncio.to_thread(lambda: list(wrong.entries()))
    with pytest.raises(RequestError, match="no such folder"):
        await asyncio.to_thread(lambda: list(sftp_drop(sftp, folder="/nowhere").entries()))


async def test_a_private_key_signs_in(tmp_path: Path) -> None:
    ours, host = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    (tmp_path / "keys").write_bytes(ours.export_public_key())
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "a.csv").write_bytes(b"a")
    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_host_keys=[host],
        authorized_client_keys=str(tmp_path / "keys"),
        sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=bytes(tmp_path / "root")),
    )
    try:
        told = Sftp(server.get_port(), host.export_public_key().decode(), tmp_path)
        secret = Secret("private_key", ours.export_private_key("openssh").decode())
        drop = sftp_drop(told, folder="/", password=None, private_key=secret)
        found = await asyncio.to_thread(lambda: [entry.path for entry in drop.entries()])
        drop.close()
    finally:
        server.close()
        await server.wait_closed()
    assert found == ["a.csv"]


def test_a_host_key_that_is_none_is_named() -> None:
    for text in ("", "ssh-ed25519", "ssh-ed25519 !!!", "ssh-ed25519 AAAA"):
        with pytest.raises(ConfigError, match="host_key"):
            sftp_drop(Sftp(1, text, Path()))


def assert_is_the_folder(files: Files) -> None:
    entries = {entry.path: entry for entry in files.entries()}
    assert list(entries) == ["2026/orders.csv", "big.csv", "notes.txt"]
    assert [entry.path for entry in files.entries(suffixes=(".csv",))] == [
        "2026/orders.csv",
        "big.csv",
    ]
    orders = files.open(entries["2026/orders.csv"], limit=1000)
    assert orders.read(1000) == FILES["exports/2026/orders.csv"]
    big = entries["big.csv"]
    assert big.size == 3_000_000
    assert b"".join(files.stream(big, limit=4_000_000, start=2_999_990)) == b"x" * 10
    with pytest.raises(TooLargeError):
        files.open(big, limit=2_000_000)
    with pytest.raises(RequestError, match="not listed"):
        files.open(type(big)("../other/secret.csv", 1, big.modified_at), limit=100)


# The configuration


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('drop = "ftp://x/y"', "sftp://"),
        ('drop = "s3:"', "s3://"),
        ('drop = "sftp://me:word@host/x"', "password_env"),
        ('drop = "sftp://me@host/x"', "host_key"),
        ('drop = "s3://b/x"\nfolder = "y"', "folder"),
        ("drop = 7", "neither"),
    ],
)
def test_a_drop_that_cannot_be_used_is_named(tmp_path: Path, text: str, named: str) -> None:
    config = tmp_path / "orderproof.toml"
    config.write_text(f"[sources.erp]\ncollector = 'table'\n{text}\n", encoding="utf-8")
    (source,) = load_settings(config, environment={}).sources
    with pytest.raises(ConfigError, match=named), files_of(source, SPOOL):
        pass


def test_a_configured_drop_is_listed(tmp_path: Path, s3: str) -> None:
    config = tmp_path / "orderproof.toml"
    config.write_text(
        f'[sources.erp]\ncollector = "table"\ndrop = "s3://drops/exports"\nendpoint = "{s3}"\n'
        'access_key_env = "A"\nsecret_key_env = "B"\n',
        encoding="utf-8",
    )
    (source,) = load_settings(config, environment={"A": "me", "B": "secret"}).sources
    with files_of(source, SPOOL) as files:
        assert files is not None
        assert len(list(files.entries())) == 3
