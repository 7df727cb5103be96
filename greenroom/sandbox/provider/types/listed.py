"""Resources that AWS lists and does not describe: found by reading the list, page by page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.errors import AwsRefusedError
from greenroom.sandbox.provider.resource_type import ResourceType

# The member that says there is more, and the one of the next request that asks for it.
TOKENS = (("NextToken", "NextToken"), ("nextToken", "nextToken"), ("NextMarker", "Marker"), ("Marker", "Marker"))


def pages(
    session: AccountSession, service: str, operation: str, request: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """All pages of a listing."""
    asked = dict(request)
    while True:
        response = session.call(service, operation, asked)
        yield response
        token = next(((to, response[member]) for member, to in TOKENS if response.get(member)), None)
        if token is None:
            return
        asked = {**request, token[0]: token[1]}


@dataclass(frozen=True, kw_only=True)
class ListedType(ResourceType):
    """A type that is found in a list.

    Attributes:
        matched: member of a listed item → the property that it must be equal to.
    """

    matched: Mapping[str, str]

    def live(self, session: AccountSession, known: Mapping[str, Any]) -> dict[str, Any] | None:
        """The one item of the list that has the identity; None when the list, or what it hangs on, has it not."""
        try:
            for page in pages(session, self.service, self.read, self.request(self.read, known)):
                found = self.pick(page, known)
                if found is not None:
                    identity = {name: known[name] for name in self.identity if name in known}
                    return self.completed(session, {**identity, **self.live_codec.decode(found)}, found)
        except AwsRefusedError as refused:
            if not self.is_gone(refused):
                raise
        return None

    def pick(self, response: Mapping[str, Any], known: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The item on this page."""
        items = response.get(str(self.found[0]), [])
        return next((item for item in items if self._is_it(item, known)), None)

    def _is_it(self, item: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
        return all(item.get(member) == known.get(name) for member, name in self.matched.items())
