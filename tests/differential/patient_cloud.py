"""A cloud in memory in which a failure comes last.

A failure ends a deployment, and what else was done by then is a matter of chance. Here whatever fails waits until
nothing else has been asked of the cloud for a while: all that does not depend on it is done by then, in either engine.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pulumi.provider.experimental import provider as sdk
from pulumi.provider.experimental.property_value import PropertyValue

from tests.differential.programs import Drift
from tests.functional.engine.memory_cloud import MemoryCloud, MemoryProvider, bare

OUTSIDE = ("out-1", "out-2")


@dataclass
class PatientCloud(MemoryCloud):
    """A cloud with two boxes that no stack has made."""

    patience_seconds: float = 0.1
    asked_at: float = field(default_factory=time.monotonic)
    mended: bool = False

    def __post_init__(self) -> None:
        for id_ in OUTSIDE:
            self.boxes[id_] = {"size": PropertyValue(7.0), "arn": PropertyValue(f"arn:mem:{id_}")}

    def provider(self) -> PatientProvider:
        return PatientProvider(self)

    def drift(self, changes: Iterable[Drift]) -> None:
        """Lets happen what happens behind the engines' backs."""
        for change in changes:
            if change.id in self.boxes and change.size is None:
                del self.boxes[change.id]
            elif change.id in self.boxes:
                self.boxes[change.id] = {**self.boxes[change.id], "size": PropertyValue(change.size)}

    def contents(self) -> dict[str, Any]:
        """Every box and its size; what else it has is in the state as well."""
        return {id_: bare(box.get("size")) for id_, box in sorted(self.boxes.items())}

    async def wait_until_quiet(self) -> None:
        """Waits until nothing else is asked."""
        while (rest := self.asked_at + self.patience_seconds - time.monotonic()) > 0:  # noqa: ASYNC110  # quiet is the absence of an event
            await asyncio.sleep(rest)


class PatientProvider(MemoryProvider):
    """Notes when it is asked, and lets failures wait."""

    cloud: PatientCloud

    async def _before(self, action: str, properties: dict[str, PropertyValue]) -> dict[str, PropertyValue]:
        self.cloud.asked_at = time.monotonic()
        if bare(properties.get("fail")) != action and not (
            action == "create" and bare(properties.get("fail")) == "init"
        ):
            return properties
        if self.cloud.mended:
            return {key: value for key, value in properties.items() if key != "fail"}
        await self.cloud.wait_until_quiet()
        return properties

    async def check(self, request: sdk.CheckRequest) -> sdk.CheckResponse:
        await self._before("check", dict(request.new_inputs))
        return await super().check(request)

    async def diff(self, request: sdk.DiffRequest) -> sdk.DiffResponse:
        self.cloud.asked_at = time.monotonic()
        return await super().diff(request)

    async def create(self, request: sdk.CreateRequest) -> sdk.CreateResponse:
        if not request.preview:
            await self._before("create", dict(request.properties))
        return await super().create(request)

    async def update(self, request: sdk.UpdateRequest) -> sdk.UpdateResponse:
        if not request.preview:
            await self._before("update", dict(request.news))
        return await super().update(request)

    async def delete(self, request: sdk.DeleteRequest) -> None:
        request.properties = await self._before("delete", dict(request.properties))
        await super().delete(request)
