"""How the sources of Amazon's Selling Partner API sign in: Login with Amazon.

A seller's consent gave a refresh token; it buys access tokens of an hour. Source: SP-API
documentation, "Connecting to the SP-API". Restricted data tokens are not needed: Orders 2026-01-01
gives buyer and address by the application's roles ("Access Orders PII").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from collectors.auth import ClientCredentials, secret_of, setting_of
from collectors.secrets import Secret

TOKEN_URL = "https://api.amazon.com/auth/o2/token"


def login_with_amazon(
    options: Mapping[str, Any], secrets: Mapping[str, Secret], *, source: str
) -> ClientCredentials:
    """One store's credentials; ConfigError or RequestError naming the setting that is missing."""
    return ClientCredentials(
        source=source,
        token_url=str(options.get("token_url") or TOKEN_URL),
        client_id=setting_of(options, secrets, "client_id", source=source),
        client_secret=secret_of(secrets, "client_secret", source=source),
        refresh=secret_of(secrets, "refresh_token", source=source),
        in_form=True,
        header="x-amz-access-token",
        scheme="",
    )
