"""hubspot-api-client on our own session: the requests that the connector makes, with their replies checked for shape.

Used of the library: its API objects, each built once and held, which know HubSpot's paths and parameters. Not used,
because each would break a promise: its connection pool (it repeats a GET that was throttled, for as long as Retry-After
says, and has no time limit of its own), its token, and its models (they drop what they do not know, and fail on what a
reply lacks). Its documented ``api_factory`` puts a wire of ours in the pool's place, so every request leaves through
the transport, which raises on errors first; replies come back raw. The wire also knows where a path of the library's
versions lies in a dated one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from hubspot import HubSpot  # type: ignore[import-untyped] # the library has no types of its own
from hubspot.discovery.discovery_base import DiscoveryBase  # type: ignore[import-untyped] # the same

from connectors.hubspot.endpoints import versioned
from connectors.hubspot.replies import (
    BatchReply,
    Links,
    ListPage,
    SearchPage,
    after_of,
    batch_of,
    check_complete,
    links_of,
    objects_of,
    records_of,
    rows_of,
)
from connectors.port import BadReply
from connectors.transport import Garbled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from requests import Response

    from connectors.hubspot.pace import Pace
    from connectors.hubspot.replies import Row
    from connectors.hubspot.settings import RefreshToken
    from connectors.transport import Transport

IN_LIST = 100
IN_SEARCH = 200
IN_BATCH = 100
IN_LINKS = 1000
RAW = {"_preload_content": False}


@dataclass(frozen=True, slots=True)
class _Reply:
    """What the library looks at in a reply that it is not to read."""

    status: int
    response: Response


class Wire:
    """Stands in the place of the library's connection pool: the same call, through the transport."""

    def __init__(self, transport: Transport, version: str, pace: Pace) -> None:
        self._transport, self._version, self._pace = transport, version, pace

    def request(
        self,
        method: str,
        url: str,
        *,
        body: str | None = None,
        fields: object = None,
        headers: Mapping[str, str] | None = None,
        **_: object,
    ) -> _Reply:
        """Send once. The transport's own time limits hold; raises CrmError for every reply that is no success."""
        parts = urlsplit(url)
        path = versioned(parts.path, self._version)
        if not path.startswith("/oauth/"):
            self._pace.wait(searching=path.endswith("/search"), writing=path.endswith("/batch/update"))
        response = self._transport.session.request(
            method,
            urlunsplit((parts.scheme, parts.netloc, path, parts.query, "")),
            params=fields if method == "GET" else None,  # type: ignore[arg-type] # pairs, as requests takes them
            data=body if body is not None else (fields if method != "GET" else None),  # type: ignore[arg-type] # the same
            headers=dict(headers or {}),
        )
        self._pace.note(response.headers)
        return _Reply(response.status_code, response)


class Client:
    """HubSpot's CRM calls, one method per request. Reads are repeated by the policy, writes pass once."""

    def __init__(self, transport: Transport, version: str, pace: Pace) -> None:
        self._transport = transport
        self._wire = Wire(transport, version, pace)
        library = HubSpot(host=transport.origin.url, api_factory=self._built)
        self._basic = library.crm.objects.basic_api
        self._batch = library.crm.objects.batch_api
        self._search = library.crm.objects.search_api
        self._owners = library.crm.owners.owners_api
        self._properties = library.crm.properties.core_api
        self._associations = library.crm.associations.v4.batch_api
        self._tokens = library.oauth.tokens_api
        self._names_none = False
        """Whether replies have been seen to name records without associations."""

    def _built(self, package: object, name: str, config: Mapping[str, object]) -> Any:  # noqa: ANN401 - untyped library
        api = DiscoveryBase._default_api_factory(package, name, config)  # noqa: SLF001 - what api_factory stands in for
        api.api_client.rest_client.pool_manager = self._wire
        api.api_client.user_agent = "sync-worker"
        return api

    def token(self, auth: RefreshToken) -> object:
        """A new access token for the refresh token."""
        return self._read(
            lambda: self._tokens.create(
                grant_type="refresh_token",
                client_id=auth.client_id,
                client_secret=auth.client_secret,
                refresh_token=auth.refresh_token,
                **RAW,
            )
        )

    def latest_time(self) -> datetime | None:
        """UTC by HubSpot's clock; None when there has been no reply yet."""
        return self._transport.clock.now()

    def server_time(self) -> datetime:
        """UTC by HubSpot's clock; costs a call only when there has been no reply yet."""
        if self.latest_time() is None:
            self._read(lambda: self._owners.get_page(limit=1, **RAW))
        now = self.latest_time()
        if now is None:
            raise BadReply("HubSpot's replies bear no Date", hint="a proxy may strip the header: let Date pass")
        return now

    def properties(self, entity: str) -> Mapping[str, Row]:
        """Every property of the object by name."""
        reply = self._read(lambda: self._properties.get_all(entity, **RAW))
        found = rows_of(reply, f"the properties of {entity}")
        if not all(isinstance(each.get("name"), str) and isinstance(each.get("type"), str) for each in found):
            raise BadReply(f"the properties of {entity} hold something without a name or a type")
        return {str(each["name"]): each for each in found}

    def owners(self, *, archived: bool) -> list[Row]:
        """All owners that are active, or all that are archived."""
        found: list[Row] = []
        after = ""
        while True:
            page = self._owner_page(after, archived=archived)
            found += page.rows
            if not page.after:
                return found
            if page.after == after:
                raise BadReply("HubSpot's list of owners does not move on")
            after = page.after

    def _owner_page(self, after: str, *, archived: bool) -> ListPage:
        more = {"after": after} if after else {}
        reply = self._read(lambda: self._owners.get_page(limit=IN_LIST, archived=archived, **more, **RAW))
        return ListPage(records_of(reply, "owners"), after_of(reply))

    def list(
        self,
        entity: str,
        properties: Sequence[str],
        *,
        links: Sequence[str] = (),
        after: str = "",
        archived: bool = False,
    ) -> ListPage:
        """One page of all records, from the primary store, with the records that they are associated with."""
        more: dict[str, object] = {"after": after} if after else {}
        more |= {"associations": list(links)} if links else {}
        reply = self._read(
            lambda: self._basic.get_page(
                entity, limit=IN_LIST, properties=[",".join(properties)], archived=archived, **more, **RAW
            )
        )
        return ListPage(objects_of(reply, entity), after_of(reply))

    def search(self, entity: str, filters: Sequence[Mapping[str, str]], limit: int = IN_SEARCH) -> SearchPage:
        """The first records, by id, that meet all filters, from an index that runs behind. Ids only."""
        body = {
            "filterGroups": [{"filters": list(filters)}] if filters else [],
            "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
            "properties": ["hs_object_id"],
            "limit": limit,
        }
        reply = self._read(lambda: self._search.do_search(entity, body, **RAW))
        total = reply.get("total")
        if not isinstance(total, int):
            raise Garbled("a search's reply lacks its total")
        return SearchPage(records_of(reply, entity), total, bool(after_of(reply)))

    def read(
        self, entity: str, ids: Sequence[str], properties: Sequence[str], history: Sequence[str] = ()
    ) -> BatchReply:
        """Up to 100 records as they are now, from the primary store. A retired id brings the record it was merged into.

        Garbled when a record is neither there, nor merged into one that is, nor named in an error.
        """
        body = {
            "inputs": [{"id": each} for each in ids],
            "properties": list(properties),
            "propertiesWithHistory": list(history),
        }

        def ask() -> BatchReply:
            reply = batch_of(_body(self._batch.read(entity, body, **RAW)), entity)
            check_complete(reply, ids, entity)
            return reply

        return self._transport.read(ask)

    def associations(self, entity: str, to: str, ids: Sequence[str]) -> Mapping[str, str]:
        """Which record each is associated with, the primary one where it has several. Up to 1,000 ids.

        HubSpot names each record that has none, which its description of the newest version leaves out. So silence
        means none only where no reply has ever named one, and only when asked twice; else it is Garbled.
        """
        links = self._links(entity, to, ids)
        if not links.silent:
            return links.ends
        again = self._links(entity, to, sorted(links.silent, key=int))
        return {**links.ends, **again.ends}

    def _links(self, entity: str, to: str, ids: Sequence[str]) -> Links:
        body = {"inputs": [{"id": each} for each in ids]}

        def ask() -> Links:
            links = links_of(_body(self._associations.get_page(entity, to, body, **RAW)), ids, entity)
            self._names_none = self._names_none or bool(links.none)
            if links.silent and self._names_none:
                raise Garbled(f"the associations of {entity} say nothing of {len(links.silent)} of its records")
            return links

        return self._transport.read(ask)

    def write(self, entity: str, inputs: Sequence[Mapping[str, object]]) -> BatchReply:
        """Up to 100 records in one batch update, sent once; whatever came back."""
        return batch_of(_body(self._batch.update(entity, {"inputs": list(inputs)}, **RAW)), entity)

    def _read(self, ask: Callable[[], _Reply]) -> Any:  # noqa: ANN401 - JSON, checked by the caller
        return self._transport.read(lambda: _body(ask()))


def _body(reply: _Reply) -> dict[str, Any]:
    body = reply.response.json()
    if not isinstance(body, dict):
        raise Garbled("the reply is no JSON object")
    return body
