"""Our nouns as the JSON that openapi.yaml describes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from evidence.manifest import Manifest
from evidence.orders import OrderRef
from evidence.policy import Policy
from evidence.times import rfc3339
from service.api.ports import Collection, KeptItem, Task

ENDED = frozenset({"sealed", "failed"})


def order_path(ref: OrderRef, below: str = "", *, query: str = "") -> str:
    """Path of an order, or of something below it, on this service."""
    place = f"/v1/orders/{ref.platform}/{quote(ref.id, safe='')}{below}"
    return f"{place}?site={ref.site}" + (f"&{query}" if query else "")


def collection_path(id: str) -> str:
    return f"/v1/collections/{id}"


def collection_json(collection: Collection, tasks: Sequence[Task], ref: OrderRef) -> dict[str, Any]:
    links = {
        "self": collection_path(collection.id),
        "events": collection_path(collection.id) + "/events",
        "order": order_path(ref),
    }
    if collection.state == "sealed":
        links["manifest"] = order_path(ref, "/manifest")
        links["bundle"] = order_path(ref, "/bundle")
    return {
        "id": collection.id,
        "state": str(collection.state),
        "complete": collection.complete,
        "policy": collection.policy,
        "requested_at": rfc3339(collection.requested_at),
        "updated_at": rfc3339(max([collection.updated_at, *(task.updated_at for task in tasks)])),
        "sealed_at": rfc3339(collection.at) if collection.at else None,
        "failure": collection.failure,
        "sources": [task_json(task) for task in tasks],
        "links": links,
    }


def task_json(task: Task) -> dict[str, Any]:
    return {
        "source": task.source,
        "state": str(task.state),
        "items": task.items,
        "attempts": task.attempts,
        "why": task.why,
        "since": rfc3339(task.since) if task.since else None,
    }


def item_json(item: KeptItem, ref: OrderRef) -> dict[str, Any]:
    return {
        "sha256": item.sha256,
        "role": str(item.role),
        "size": item.size,
        "media_type": item.media_type,
        "name": item.name,
        "source": item.source,
        "collector": item.collector,
        "origin": item.origin,
        "provenance": str(item.provenance),
        "collected_at": rfc3339(item.collected_at),
        "collection": item.collection,
        "seq": item.receipt.seq if item.receipt else None,
        "links": {"content": order_path(ref, f"/items/{item.sha256}")},
    }


def sealed_json(manifest: Manifest, *, sha256: str) -> dict[str, Any]:
    """What the newest manifest says, in short. `sha256` is its envelope's."""
    return {
        "at": rfc3339(manifest.at),
        "complete": manifest.complete,
        "policy": manifest.policy.id,
        "policy_version": manifest.policy.version,
        "sha256": sha256,
        "verdicts": [judged.to_json() for judged in manifest.judgements],
        "coverage": [line.to_json() for line in manifest.coverage],
    }


def policy_summary_json(policy: Policy) -> dict[str, Any]:
    return {
        "id": policy.id,
        "version": policy.version,
        "platform": str(policy.platform),
        "title": policy.title,
        "defect_kinds": list(policy.defect_kinds),
        "sha256": policy.sha256,
        "links": {"self": f"/v1/policies/{policy.id}"},
    }


def policy_json(policy: Policy) -> dict[str, Any]:
    return policy_summary_json(policy) | {
        "requirements": [
            {
                "id": rule.id,
                "text": rule.text,
                "any_of": [str(role) for role in rule.any_of],
                "level": str(rule.level),
                "least_provenance": str(rule.least_provenance),
                "when": [str(condition) for condition in rule.when],
                "where": rule.where,
                "source": rule.source,
                "source_date": rule.source_date,
                "confidence": str(rule.confidence),
                "conflict": rule.conflict,
            }
            for rule in policy.requirements
        ],
        "deadlines": [
            {
                "id": rule.id,
                "step": rule.step,
                "starts": rule.starts,
                "amount": rule.amount,
                "unit": str(rule.unit),
                "clock": rule.clock,
                "source": rule.source,
                "source_date": rule.source_date,
                "confidence": str(rule.confidence),
                "conflict": rule.conflict,
            }
            for rule in policy.deadlines
        ],
        "limits": [
            {
                "key": rule.key,
                "value": rule.value,
                "source": rule.source,
                "source_date": rule.source_date,
                "confidence": str(rule.confidence),
                "conflict": rule.conflict,
            }
            for rule in policy.limits
        ],
        "toml": policy.raw.decode("utf-8"),
    }
