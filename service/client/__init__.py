"""A client of the HTTP API: a method for each call, typed by openapi.yaml.

async with Client("https://proof.example", token="opt_...") as proof:
    made = await proof.request_collection(order_ref("amazon", "112-4872913-5531402"), wait_s=60)
    if made["state"] == "sealed":
        bundle = await proof.get_bundle(order_ref("amazon", "112-4872913-5531402"))
"""

from service.client.client import Client, ProblemError

__all__ = ["Client", "ProblemError"]
