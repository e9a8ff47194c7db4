"""OAuth: who gets a token, and whom a token stands for."""

from __future__ import annotations

import base64
import binascii
import hashlib
import time
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import jwt

from connectors.sandbox.calls import Reply
from connectors.sandbox.salesforce.strike import bearer
from connectors.sandbox.salesforce.wire import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.sandbox.calls import Call
    from connectors.sandbox.salesforce.org import Org

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LONGEST_ASSERTION = 300
AUDIENCES = frozenset({"https://login.salesforce.com", "https://test.salesforce.com"})
LEEWAY = 60


def token(org: Org, call: Call) -> Reply:
    """``POST /services/oauth2/token``."""
    form = dict(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True)) or dict(call.query)
    match form.get("grant_type"):
        case "client_credentials":
            return _checked_client(org, call, form) or _granted(org, call, org.company.seeding.integration)
        case "refresh_token":
            return _refresh(org, call, form)
        case grant if grant == JWT_GRANT:
            return _assertion(org, call, form.get("assertion", ""))
        case "password":
            return _denied("invalid_grant", "authentication failure")
        case None:
            return _denied("invalid_request", "grant type not specified")
        case _:
            return _denied("unsupported_grant_type", "grant type not supported")


def revoke(org: Org, call: Call) -> Reply:
    """``/services/oauth2/revoke``: the token is refused from now on."""
    form = dict(parse_qsl(call.body.decode("utf-8", "replace"))) or dict(call.query)
    if org.sessions.user_of(form.get("token", "")) is None:
        return _denied("unsupported_token_type", "this token type is not supported")
    org.sessions.expire(form["token"])
    return Reply(200)


def _client_of(call: Call, form: Mapping[str, str]) -> tuple[str, str]:
    scheme, _, text = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        name, _, secret = base64.b64decode(text).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, secret


def _checked_client(org: Org, call: Call, form: Mapping[str, str]) -> Reply | None:
    name, secret = _client_of(call, form)
    if name != org.client_id:
        return _denied("invalid_client_id", "client identifier invalid")
    if secret != org.client_secret:
        return _denied("invalid_client", "invalid client credentials")
    return None


def _refresh(org: Org, call: Call, form: Mapping[str, str]) -> Reply:
    name, secret = _client_of(call, form)
    if name != org.client_id:
        return _denied("invalid_client_id", "client identifier invalid")
    if secret not in {"", org.client_secret}:
        return _denied("invalid_client", "invalid client credentials")
    if form.get("refresh_token") != org.refresh_token:
        return _denied("invalid_grant", "expired access/refresh token")
    return _granted(org, call, org.company.seeding.integration)


def _assertion(org: Org, call: Call, assertion: str) -> Reply:
    if not org.settings.jwt_key:
        return _denied("invalid_grant", "user hasn't approved this consumer")
    try:
        # Clients write exp as a text as well as a number, so it is checked below.
        claims = jwt.decode(
            assertion,
            org.settings.jwt_key,
            algorithms=["RS256"],
            options={"verify_aud": False, "verify_exp": False, "verify_sub": False, "verify_iss": False},
        )
        expires = int(str(claims.get("exp", "")))
    except (jwt.PyJWTError, ValueError):
        return _denied("invalid_grant", "invalid assertion")
    now = time.time()
    if not now - LEEWAY < expires <= now + LONGEST_ASSERTION + LEEWAY:
        return _denied(
            "invalid_grant", "expired authorization code" if expires < now else "expiration too far in the future"
        )
    if claims.get("iss") != org.client_id:
        return _denied("invalid_client_id", "client identifier invalid")
    if not _is_audience(call, claims.get("aud")):
        return _denied("invalid_grant", "audience is invalid")
    return _person(org, call, str(claims.get("sub", "")))


def _is_audience(call: Call, given: object) -> bool:
    """Salesforce takes its log-in hosts, a My Domain of its own, and here the sandbox's own address."""
    if not isinstance(given, str):
        return False
    bare = given.rstrip("/").removesuffix("/services/oauth2/token")
    return bare in AUDIENCES or bare == call.base or (bare.startswith("https://") and bare.endswith(".salesforce.com"))


def _person(org: Org, call: Call, username: str) -> Reply:
    for id_, row in org.company.tables["User"].items():
        if row.get("Username") == username:
            return _granted(org, call, id_) if row.get("IsActive") else _denied("inactive_user", "user is inactive")
    return _denied("invalid_grant", "user hasn't approved this consumer")


def _granted(org: Org, call: Call, user: str) -> Reply:
    issued = str(int(org.company.clock.now().timestamp() * 1000))
    identity = f"{call.base}/id/{org.company.seeding.org}/{user}"
    digest = hashlib.sha256(f"{identity} {issued} {org.client_secret}".encode()).digest()
    body = {
        "access_token": org.sessions.token_for(user),
        "signature": base64.b64encode(digest).decode(),
        "scope": "api refresh_token",
        "instance_url": call.base,
        "id": identity,
        "token_type": "Bearer",
        "issued_at": issued,
    }
    return Reply(200, body, {"Cache-Control": "no-cache, no-store", "Pragma": "no-cache"})


def _denied(error: str, description: str) -> Reply:
    return Reply(400, {"error": error, "error_description": description})


def soap(_org: Org, _call: Call) -> Reply:
    """``POST /services/Soap/u/V``: logging in with a password is off, as in new orgs."""
    code, message = "INVALID_OPERATION", "SOAP API login() is disabled by default in this org."
    fault = f"<faultcode>sf:{code}</faultcode><faultstring>{code}: {message}</faultstring>"
    detail = f"<sf:exceptionCode>{code}</sf:exceptionCode><sf:exceptionMessage>{message}</sf:exceptionMessage>"
    names = 'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:sf="urn:fault.partner.soap.sforce.com"'
    inner = f"<soapenv:Fault>{fault}<detail><sf:LoginFault>{detail}</sf:LoginFault></detail></soapenv:Fault>"
    body = f"<soapenv:Envelope {names}><soapenv:Body>{inner}</soapenv:Body></soapenv:Envelope>"
    return Reply(500, f"<?xml version='1.0' encoding='UTF-8'?>{body}".encode(), content_type="text/xml; charset=UTF-8")


def actor_of(org: Org, call: Call) -> str:
    """The user whose token the call carries. Raises Refused INVALID_SESSION_ID."""
    user = org.sessions.user_of(bearer(call))
    if user is None:
        raise Refused(401, "INVALID_SESSION_ID", "Session expired or invalid")
    return user


def userinfo(org: Org, call: Call) -> Reply:
    """``GET /services/oauth2/userinfo`` and the identity address: who the token stands for."""
    row, base = org.company.tables["User"][call.actor], call.base
    names = {"name": row.get("Name"), "given_name": row.get("FirstName"), "family_name": row.get("LastName")}
    urls = {
        "rest": f"{base}/services/data/v{{version}}/",
        "sobjects": f"{base}/services/data/v{{version}}/sobjects/",
        "query": f"{base}/services/data/v{{version}}/query/",
    }
    body = {
        "sub": f"{base}/id/{org.company.seeding.org}/{call.actor}",
        "id": f"{base}/id/{org.company.seeding.org}/{call.actor}",
        "user_id": call.actor,
        "organization_id": org.company.seeding.org,
        "preferred_username": row.get("Username"),
        "username": row.get("Username"),
        "display_name": row.get("Name"),
        "nick_name": row.get("Alias"),
        "email": row.get("Email"),
        "email_verified": True,
        **names,
        "active": row.get("IsActive"),
        "is_app_installed": True,
        "zoneinfo": row.get("TimeZoneSidKey"),
        "locale": row.get("LocaleSidKey"),
        "language": row.get("LanguageLocaleKey"),
        "user_type": "STANDARD",
        "urls": urls,
        "updated_at": row.get("SystemModstamp"),
    }
    return Reply(200, body)
