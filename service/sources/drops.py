"""Where a source's files lie: a folder here, or the drop at an address, S3 or SFTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from yarl import URL

from collectors.collector import Files
from collectors.files.folder_access import Folder
from evidence.errors import ConfigError
from evidence.items import Spool
from service.settings import SourceSettings

SCHEMES = ("s3", "sftp")


@contextmanager
def files_of(settings: SourceSettings, spool: Spool) -> Iterator[Files | None]:
    """The source's files, or None if it has none; connections end with the block.

    ConfigError for a folder that is none, an address of another kind, or an extra that is absent.
    """
    drop = settings.options.get("drop")
    if drop is None:
        yield _folder(settings, spool)
        return
    try:
        url = URL(str(drop))
    except ValueError:
        raise _wrong(settings, "it is not an address") from None
    if settings.folder is not None:
        raise _wrong(settings, "there is a `folder` as well")
    if url.scheme not in SCHEMES or not url.host:
        raise _wrong(settings, "it is neither s3://bucket/prefix nor sftp://user@host/folder")
    if url.password is not None:
        raise _wrong(settings, "a secret does not belong into an address: use password_env")
    try:
        if url.scheme == "s3":
            yield _s3(url, settings, spool)
        else:
            with _sftp(url, settings, spool) as files:
                yield files
    except ImportError as problem:
        raise _wrong(settings, f"install the extra: pip install 'orderproof[{url.scheme}]'") from (
            problem
        )


def _folder(settings: SourceSettings, spool: Spool) -> Folder | None:
    if settings.folder is None:
        return None
    if not settings.folder.is_dir():
        # It is sealed with the order, whose readers need not know where our folders lie.
        raise ConfigError(
            what=f"the folder of {settings.name}", why="what `folder` names is not one"
        )
    return Folder(settings.folder, spool=spool)


def _s3(url: URL, settings: SourceSettings, spool: Spool) -> Files:
    from collectors.files.s3_drop import S3Drop

    return S3Drop(
        bucket=url.host or "",
        prefix=url.path,
        spool=spool,
        access_key=settings.secrets.get("access_key"),
        secret_key=settings.secrets.get("secret_key"),
        endpoint=settings.options.get("endpoint"),
        region=str(settings.options.get("region", "us-east-1")),
    )


@contextmanager
def _sftp(url: URL, settings: SourceSettings, spool: Spool) -> Iterator[Files]:
    from collectors.files.sftp_drop import SftpDrop

    files = SftpDrop(
        host=url.host or "",
        port=url.port or 22,
        user=url.user or "",
        folder=url.path.rstrip("/"),
        host_key=str(settings.options.get("host_key", "")),
        spool=spool,
        password=settings.secrets.get("password"),
        private_key=settings.secrets.get("private_key"),
    )
    try:
        yield files
    finally:
        files.close()


def _wrong(settings: SourceSettings, why: str) -> ConfigError:
    return ConfigError(what=f"the drop of {settings.name}", why=why)
