"""How eBay's sources sign in: a seller's refresh token buys access tokens of two hours.

The REST interfaces want the word `Bearer` before the token, the older Post-Order interface wants
`IAF` and answers 401 to anything else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from collectors.answers import Request
from collectors.auth import ClientCredentials, TokenAsk, secret_of, setting_of, with_headers
from collectors.secrets import Secret

TOKEN_URL = "https://api.ebay.com/identity/v1/oauth2/token"
_SCOPE = "https://api.ebay.com/oauth/api_scope"


@dataclass(frozen=True, slots=True)
class EbayAuth:
    tokens: ClientCredentials

    @property
    def secrets(self) -> tuple[Secret, ...]:
        return self.tokens.secrets

    @property
    def secret_headers(self) -> tuple[str, ...]:
        return self.tokens.secret_headers

    async def signed(self, request: Request, ask: TokenAsk, now: datetime) -> Request:
        signed = await self.tokens.signed(request, ask, now)
        if "/post-order/" not in request.url.path:
            return signed
        return _worded(signed, "Bearer ", "IAF ")

    def refused(self, request: Request) -> bool:
        return self.tokens.refused(_worded(request, "IAF ", "Bearer "))


def _worded(request: Request, before: str, after: str) -> Request:
    said = request.headers.get("Authorization", "")
    if not said.startswith(before):
        return request
    return with_headers(request, {"Authorization": after + said.removeprefix(before)})


def ebay_auth(
    options: Mapping[str, Any], secrets: Mapping[str, Secret], *, source: str, scopes: str
) -> EbayAuth:
    """`client_id`; the secrets `client_secret` and `refresh_token`.

    scopes   the last words of those asked for, beside the one that every token has: a token gets
             no others, whatever the seller consented to
    """
    asked = [_SCOPE, *(f"{_SCOPE}/{scope}" for scope in scopes.split())]
    return EbayAuth(
        ClientCredentials(
            source=source,
            token_url=str(options.get("token_url") or TOKEN_URL),
            client_id=setting_of(options, secrets, "client_id", source=source),
            client_secret=secret_of(secrets, "client_secret", source=source),
            refresh=secret_of(secrets, "refresh_token", source=source),
            extra={"scope": " ".join(asked)},
        )
    )
