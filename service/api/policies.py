"""Policies: platforms' rules as data, with where each rule comes from."""

from __future__ import annotations

from aiohttp import web

from service.api.ports import EVIDENCE
from service.api.sending import send_json
from service.api.shapes import policy_json, policy_summary_json
from service.http.contract import Given, Handler
from service.http.problems import not_found


async def list_policies(request: web.Request, given: Given) -> web.StreamResponse:
    policies = request.app[EVIDENCE].policies_in_force()
    return send_json({"policies": [policy_summary_json(policy) for policy in policies]})


async def get_policy(request: web.Request, given: Given) -> web.StreamResponse:
    """The newest version of it; the manifests that used an older one hold that one whole."""
    found = [
        policy
        for policy in request.app[EVIDENCE].policies_in_force()
        if policy.id == given.path["policy_id"]
    ]
    if not found:
        raise not_found("policy", "GET /v1/policies for those there are.")
    return send_json(policy_json(max(found, key=lambda policy: policy.version)))


OPERATIONS: dict[str, Handler] = {"listPolicies": list_policies, "getPolicy": get_policy}
