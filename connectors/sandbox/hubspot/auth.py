"""Who may call: the app's key, OAuth tokens, and how a refused call is told."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from connectors.sandbox.calls import Reply
from connectors.sandbox.hubspot.portal import INTEGRATION
from connectors.sandbox.hubspot.strike import bearer
from connectors.sandbox.hubspot.wire import JSON, Detail, Refused, body_of, not_found

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from connectors.sandbox.calls import Call
    from connectors.sandbox.hubspot.hub import Grant, Hub

SCOPES = [
    "oauth",
    "crm.objects.companies.read",
    "crm.objects.companies.write",
    "crm.objects.contacts.read",
    "crm.objects.deals.read",
    "crm.objects.owners.read",
    "crm.schemas.companies.read",
    "crm.schemas.companies.write",
]
APP = 3_817_446
CLIENT_CREDENTIALS = "client_credentials"
_WITH_CREDENTIALS = frozenset({"v3", "2026-03"})
"""Versions whose description lets an app come with nothing but its secret."""
SCOPE = "crm.objects.{}.read"


def grant_of(hub: Hub, call: Call) -> Grant:
    """What the call's token allows. Raises Refused 401."""
    token, now = bearer(call), hub.portal.clock.now()
    grant = hub.tokens.grant(token, now)
    if grant is not None:
        return grant
    ended = hub.tokens.expired_at(token)
    if ended is not None:
        ago = max(0, int((now - ended).total_seconds()))
        message = f"The OAuth token used to make this call expired {ago} second(s) ago."
        raise Refused(401, "EXPIRED_AUTHENTICATION", message, context={"expire time": [ended.isoformat()]})
    missing = "Authentication credentials not found. Send a bearer token in the Authorization header."
    wrong = "Authentication credentials are invalid. This API takes OAuth 2.0 tokens and private keys."
    raise Refused(401, "INVALID_AUTHENTICATION", wrong if token else missing)


def check_scopes(hub: Hub, name: str) -> None:
    """Raises Refused 403 if the app may not see this object type."""
    if name in hub.portal.hidden_types:
        detail = Detail(
            "One or more of these scopes are required.", "", {"requiredGranularScopes": [SCOPE.format(name)]}
        )
        raise Refused(403, "MISSING_SCOPES", "This app has not been granted all required scopes", details=[detail])


def token(hub: Hub, call: Call) -> Reply:
    """``POST /oauth/v1/token`` and its later versions: a refresh token brings a new one, or the app's own secret."""
    form = _form(call)
    refused = _denied(hub, call, form)
    if refused is not None:
        return refused
    refreshed = form["grant_type"] == "refresh_token"
    body: dict[str, object] = {
        "token_type": "bearer",
        "access_token": hub.tokens.issue(INTEGRATION, hub.portal.clock.now()),
        "expires_in": hub.settings.token_seconds,
        "hub_id": hub.settings.hub_id,
        "scopes": SCOPES,
    }
    body |= {"refresh_token": hub.refresh_token} if refreshed else {}
    if call.version != "v1":
        body["token_use"] = "access_token" if refreshed else CLIENT_CREDENTIALS
    return Reply(200, body, {"Cache-Control": "no-store"}, JSON)


def _form(call: Call) -> dict[str, str]:
    """What the call says: a form by HubSpot's description, JSON from HubSpot's own newest client."""
    if "json" in call.headers.get("content-type", ""):
        return {name: str(value) for name, value in body_of(call).items() if value is not None}
    return dict(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True)) or dict(call.query)


def _denied(hub: Hub, call: Call, form: Mapping[str, str]) -> Reply | None:
    grant = form.get("grant_type")
    of_app = grant == CLIENT_CREDENTIALS and call.version in _WITH_CREDENTIALS
    if grant not in {"refresh_token", "authorization_code"} and not of_app:
        return _wrong(call, "BAD_GRANT_TYPE", "unsupported_grant_type", f"missing or unknown grant type: {grant}")
    if form.get("client_id") != hub.client_id:
        return _wrong(call, "BAD_CLIENT_ID", "invalid_client", "missing or unknown client id")
    if form.get("client_secret") != hub.client_secret:
        return _wrong(call, "BAD_CLIENT_SECRET", "invalid_client", "missing or wrong client secret")
    if grant == "authorization_code":
        return _wrong(call, "BAD_AUTH_CODE", "invalid_grant", "missing or unknown auth code")
    if not of_app and form.get("refresh_token") != hub.refresh_token:
        return _wrong(call, "BAD_REFRESH_TOKEN", "invalid_grant", "missing or invalid refresh token")
    return None


def _wrong(call: Call, status: str, error: str, message: str) -> Reply:
    body = {
        "status": status,
        "message": message,
        "correlationId": call.request_id,
        "category": status,
        "error": error,
        "error_description": message,
    }
    return Reply(400, body, content_type=JSON)


def _identity(hub: Hub, token_: str) -> dict[str, object]:
    seeded = hub.portal.owners[hub.portal.owner_ids[hub.portal.seeding.admin]]
    return {
        "token": token_,
        "user": seeded.email,
        "user_id": seeded.user_id,
        "hub_domain": "acme.example",
        "scopes": SCOPES,
        "hub_id": hub.settings.hub_id,
    }


def access_token_info(hub: Hub, _call: Call, text: str) -> Reply:
    """``GET /oauth/v1/access-tokens/{token}``."""
    now = hub.portal.clock.now()
    grant = hub.tokens.grant(text, now)
    if grant is None:
        raise not_found("access token not found")
    left = _seconds_left(hub, grant, now)
    body = {**_identity(hub, text), "app_id": APP, "expires_in": left, "token_type": "access"}
    return Reply(200, body, content_type=JSON)


def refresh_token_info(hub: Hub, _call: Call, text: str) -> Reply:
    """``GET /oauth/v1/refresh-tokens/{token}``."""
    if text != hub.refresh_token:
        raise not_found("refresh token not found")
    body = {**_identity(hub, text), "client_id": hub.client_id, "token_type": "refresh"}
    return Reply(200, body, content_type=JSON)


def revoke_refresh_token(_hub: Hub, _call: Call, text: str) -> Reply:
    """``DELETE /oauth/v1/refresh-tokens/{token}``: told as done. The sandbox's own token stays good."""
    del text
    return Reply(204)


def introspect(hub: Hub, call: Call) -> Reply:
    """``POST /oauth/{version}/token/introspect``."""
    text, now = _form(call).get("token", ""), hub.portal.clock.now()
    common = {"active": True, "app_id": APP, "client_id": hub.client_id}
    if text == hub.refresh_token:
        use = {"token_type": "refresh", "token_use": "refresh_token"}
        return Reply(200, {**common, **_identity(hub, text), **use}, content_type=JSON)
    grant = hub.tokens.grant(text, now)
    if grant is None:
        return Reply(200, {"active": False}, content_type=JSON)
    use = {"token_type": "access", "token_use": "access_token"}
    more = {"expires_in": _seconds_left(hub, grant, now), "is_private_distribution": True}
    return Reply(200, {**common, **_identity(hub, text), **use, **more}, content_type=JSON)


def _seconds_left(hub: Hub, grant: Grant, now: datetime) -> int:
    """How long a token lives; the app's key, which does not end, tells the length of any other."""
    return int((grant.ends - now).total_seconds()) if grant.ends else hub.settings.token_seconds


def private_app_info(hub: Hub, call: Call) -> Reply:
    """``POST /oauth/v2/private-apps/get/access-token-info`` ``{"tokenKey"}``: whose key it is."""
    text = str(body_of(call).get("tokenKey") or "")
    if hub.tokens.grant(text, hub.portal.clock.now()) is None:
        raise not_found("access token not found")
    told = _identity(hub, text)
    body = {"userId": told["user_id"], "hubId": told["hub_id"], "appId": APP, "scopes": SCOPES}
    return Reply(200, body, content_type=JSON)


def revoke(hub: Hub, call: Call) -> Reply:
    """``POST /oauth/{version}/token/revoke``."""
    hub.tokens.expire(_form(call).get("token", ""), hub.portal.clock.now())
    return Reply(204)
