"""A client of the HTTP API: a method for each call, typed by openapi.yaml.

from evidence.orders import order_ref
from service.client import Client

async with Client("https://proof.example", token="opt_...") as proof:
    order = order_ref("amazon", "112-4872913-5531402")
    made = await proof.request_collection(order, idempotency_key="claim-7", wait_s=60)
    if made["state"] == "sealed":
        bundle = await proof.get_bundle(order)

A long list is gone through with `async for`, which asks page by page. Nothing is tried again by
itself: an answer that is an error raises ProblemError, whose `retry_after_s` says how long to wait
where waiting helps; where nobody answers it is aiohttp.ClientError or TimeoutError. A collection
asked for again under its idempotency key is the same one.
"""

from service.client.client import Client, ProblemError

__all__ = ["Client", "ProblemError"]
