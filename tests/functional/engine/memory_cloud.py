"""A cloud in memory and a provider of it, for programs that need no AWS.

Types of the package ``mem``:

- ``mem:index:Box``: ``size``, ``tags`` and whatever else update in place, ``shape`` replaces, ``slot`` replaces and
  asks for deletion first; outputs are its inputs and ``arn``, which every box has anew.
  It fails as its ``fail`` input says (``check``, ``create``, ``update``, ``delete``); with ``init`` it is made and
  left unfinished.

The package ``other`` is the same under another name.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
from pulumi.provider.experimental import provider as sdk
from pulumi.provider.experimental.property_value import Computed, PropertyValue, ResourceReference

REPLACING = ("shape", "slot")
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


class UnfinishedError(Exception):
    """The protocol's ErrorResourceInitFailed."""

    def __init__(self, resource_id: str, properties: dict[str, PropertyValue]) -> None:
        super().__init__("the box is not finished")
        self.resource_id = resource_id
        self.properties = properties
        self.reasons = ("the box is not finished",)


@dataclass
class MemoryCloud:
    """What exists, and what was done to it in order."""

    boxes: dict[str, dict[str, PropertyValue]] = field(default_factory=dict)
    log: list[tuple[str, str]] = field(default_factory=list)
    configured: list[dict[str, object]] = field(default_factory=list)
    delay_seconds: float = 0.0
    most_at_once: int = 0
    at_once: int = 0
    made: Counter[str] = field(default_factory=Counter)
    invoked: int = 0
    failures_left: int | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def provider(self) -> MemoryProvider:
        return MemoryProvider(self)

    def did(self, action: str, urn: str) -> None:
        with self.lock:
            self.log.append((action, urn.rsplit("::", 1)[-1]))

    def still_fails(self) -> bool:
        """Whether what is to fail does: as often as `failures_left` says, always where it says nothing."""
        if self.failures_left is None:
            return True
        self.failures_left -= 1
        return self.failures_left >= 0

    def actions(self, *kinds: str) -> list[tuple[str, str]]:
        return [item for item in self.log if not kinds or item[0] in kinds]


def is_unknown(value: PropertyValue | None) -> bool:
    return value is not None and (isinstance(value.value, Computed) or value.value == UNKNOWN)


def bare(value: PropertyValue | None) -> object:
    if value is None or isinstance(value.value, Computed):
        return None if value is None else UNKNOWN
    if isinstance(value.value, ResourceReference):
        return {"urn": value.value.urn}
    if isinstance(value.value, tuple):
        return [bare(item) for item in value.value]
    if isinstance(value.value, Mapping):
        return {key: bare(item) for key, item in value.value.items()}
    if isinstance(value.value, pulumi.Asset | pulumi.Archive):
        return {key: str(item) for key, item in vars(value.value).items()}
    return value.value


class MemoryProvider(sdk.Provider):
    def __init__(self, cloud: MemoryCloud) -> None:
        self.cloud = cloud

    async def configure(self, request: sdk.ConfigureRequest) -> sdk.ConfigureResponse:
        self.cloud.configured.append({key: bare(value) for key, value in request.args.items()})
        return await super().configure(request)

    async def check(self, request: sdk.CheckRequest) -> sdk.CheckResponse:
        inputs = dict(request.new_inputs)
        failures = []
        if bare(inputs.get("fail")) == "check":
            failures.append(sdk.CheckFailure("fail", "it asked for it"))
        if "size" not in inputs:
            inputs["size"] = request.old_inputs.get("size", PropertyValue(1.0))
        return sdk.CheckResponse(inputs, failures)

    async def diff(self, request: sdk.DiffRequest) -> sdk.DiffResponse:
        old = {key: value for key, value in request.old_state.items() if key not in ("arn", "secretArn")}
        new = request.new_inputs
        detailed = {}
        for key in sorted(old.keys() | new.keys()):
            if key in request.ignore_changes or bare(old.get(key)) == bare(new.get(key)):
                continue
            kind = "ADD" if key not in old else "DELETE" if key not in new else "UPDATE"
            kind += "_REPLACE" if key in REPLACING else ""
            detailed[key] = sdk.PropertyDiff(sdk.PropertyDiffKind[kind], input_diff=True)
        replaces = [key for key in detailed if key in REPLACING]
        return sdk.DiffResponse(
            changes=bool(detailed),
            replaces=replaces,
            diffs=list(detailed),
            detailed_diff=detailed,
            delete_before_replace="slot" in replaces,
        )

    def _work(self) -> None:
        with self.cloud.lock:
            self.cloud.at_once += 1
            self.cloud.most_at_once = max(self.cloud.most_at_once, self.cloud.at_once)
        time.sleep(self.cloud.delay_seconds)
        with self.cloud.lock:
            self.cloud.at_once -= 1

    def _fail_if(self, action: str, inputs: dict[str, PropertyValue]) -> None:
        if bare(inputs.get("fail")) == action and self.cloud.still_fails():
            raise ValueError(f"the box would not {action}" + (f" with {bare(inputs['pw'])}" if "pw" in inputs else ""))

    async def create(self, request: sdk.CreateRequest) -> sdk.CreateResponse:
        if request.preview:
            return sdk.CreateResponse(None, {**request.properties, "arn": PropertyValue(UNKNOWN)})
        self._work()
        self._fail_if("create", request.properties)
        with self.cloud.lock:
            name = request.urn.rsplit("::", 1)[-1]
            self.cloud.made[name] += 1
            id_ = f"{name}-{self.cloud.made[name]}"
        outputs = {**request.properties, "arn": PropertyValue(f"arn:mem:{id_}")}
        self.cloud.boxes[id_] = outputs
        self.cloud.did("create", request.urn)
        if bare(request.properties.get("fail")) == "init":
            raise UnfinishedError(id_, outputs)
        return sdk.CreateResponse(id_, outputs)

    async def update(self, request: sdk.UpdateRequest) -> sdk.UpdateResponse:
        arn = request.olds.get("arn", PropertyValue(UNKNOWN))
        if request.preview:
            return sdk.UpdateResponse({**request.news, "arn": arn})
        self._fail_if("update", request.news)
        outputs = {**request.news, "arn": arn}
        self.cloud.boxes[request.resource_id] = outputs
        self.cloud.did("update", request.urn)
        return sdk.UpdateResponse(outputs)

    async def delete(self, request: sdk.DeleteRequest) -> None:
        self._work()
        self._fail_if("delete", request.properties)
        self.cloud.boxes.pop(request.resource_id, None)
        self.cloud.did("delete", request.urn)

    async def read(self, request: sdk.ReadRequest) -> sdk.ReadResponse:
        box = self.cloud.boxes.get(request.resource_id)
        if box is None:
            return sdk.ReadResponse()
        inputs = {key: value for key, value in box.items() if key != "arn"}
        return sdk.ReadResponse(request.resource_id, box, inputs)

    async def invoke(self, request: sdk.InvokeRequest) -> sdk.InvokeResponse:
        self.cloud.invoked += 1
        if request.tok == "mem:index:fail":
            raise ValueError("no such luck")
        return sdk.InvokeResponse({"doubled": PropertyValue(2 * float(str(bare(request.args["number"]))))})
