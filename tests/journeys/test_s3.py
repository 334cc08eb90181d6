"""One order, end to end, with objects and log in a bucket."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from auditor.report import Trust
from service.audit.audit import Asked, audit
from service.demo import story
from service.health import health_of, try_bucket
from service.runtime import Runtime
from service.settings import load_settings
from storage.ledger.records import State
from tests.journeys.conftest import ENVIRONMENT, Seller
from tests.seaweed import ACCESS, SECRET, Seaweed
from tests.service.test_cli import orderproof

pytestmark = pytest.mark.embedded  # but for the bucket; in the scaled shape every journey has one

S3_TABLE = """
[s3]
bucket = "{bucket}"
endpoint = "{endpoint}"
prefix = "{prefix}"
access_key_env = "S3_ACCESS"
secret_key_env = "S3_SECRET"
"""
SECRETS = ENVIRONMENT | {"S3_ACCESS": ACCESS, "S3_SECRET": SECRET}


def in_bucket(seller: Seller, s3: Seaweed, *, bucket: str = "evidence") -> None:
    table = S3_TABLE.format(bucket=bucket, endpoint=s3.endpoint, prefix=seller.folder.name)
    with seller.config.open("a", encoding="utf-8") as file:
        file.write(table)


async def test_an_order_is_sealed_audited_and_bundled_out_of_a_bucket(
    seller: Seller, s3: Seaweed, tmp_path: Path
) -> None:
    in_bucket(seller, s3)
    settings = load_settings(seller.config, environment=SECRETS)
    async with await Runtime.open(settings) as runtime:
        made, _ = await runtime.request_collection(story.ORDER, tenant=settings.tenant)
        assert await runtime.walk(settings.tenant, made.id) is State.SEALED
        bundle = tmp_path / "bundle.zip"
        await runtime.bundle(settings.tenant, story.ORDER, profile="bagit", to=bundle)
        stored = {
            line.stored for line in (await runtime.account(settings.tenant, story.ORDER)).items
        }
    folders = {path.name for path in settings.data.iterdir()}
    assert "objects" not in folders and "log" not in folders

    said = await asyncio.to_thread(orderproof, "verify", str(bundle), "--json", cwd=tmp_path)
    assert json.loads(said.out)["answer"] == "ok"
    report = await asyncio.to_thread(audit, Asked(opening=True), lambda: settings)
    assert report.ok, report.to_json()
    assert report.trust is Trust.BUNDLE
    assert report.counts["objects"] == len(stored)

    versions = s3.client.list_object_versions(Bucket="evidence", Prefix=f"{seller.folder.name}/obj")
    assert {v["Key"].rpartition("/")[2] for v in versions["Versions"]} == stored
    for version in versions["Versions"]:
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.client.delete_object(
                Bucket="evidence", Key=version["Key"], VersionId=version["VersionId"]
            )


async def test_doctor_tells_a_bucket_that_locks_from_one_that_does_not(
    seller: Seller, s3: Seaweed
) -> None:
    plain = seller.config.read_text(encoding="utf-8")
    in_bucket(seller, s3)
    settings = load_settings(seller.config, environment=SECRETS)
    async with await Runtime.open(settings) as runtime:
        for part in (*await try_bucket(runtime), *await health_of(runtime)):
            if part.part == "bucket":
                assert part.ok, part.detail
    s3.bucket("unlocked", locks=False)
    seller.config.write_text(plain, encoding="utf-8")
    in_bucket(seller, s3, bucket="unlocked")
    words = ("--config", str(seller.config), "doctor", "--json")
    said = await asyncio.to_thread(orderproof, *words, cwd=seller.folder, **SECRETS)
    parts = {part["part"]: part for part in json.loads(said.out)["parts"]}
    assert said.code == 1
    assert "it keeps no versions" in parts["service"]["detail"]
