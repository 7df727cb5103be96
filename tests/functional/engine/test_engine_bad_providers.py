"""A provider that answers nonsense: one clear error that names the resource, and a state that lost nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pulumi.provider.experimental import provider as sdk
from pulumi.provider.experimental.property_value import PropertyValue

from tests.functional.engine.harness import Stage, errors
from tests.functional.engine.memory_cloud import MemoryCloud, MemoryProvider


class Nonsense(MemoryProvider):
    """A provider that answers one method as it is told to."""

    def __init__(self, cloud: MemoryCloud, method: str, answer: Any) -> None:
        super().__init__(cloud)

        async def answering(_request: Any) -> Any:
            if isinstance(answer, Exception):
                raise answer
            return answer

        setattr(self, method, answering)


class NonsenseStage(Stage):
    """A project whose provider answers nonsense, once it is told to."""

    nonsense: tuple[str, Any] | None = None

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        sane = self.cloud.provider
        self.cloud.provider = lambda: Nonsense(self.cloud, *self.nonsense) if self.nonsense else sane()  # type: ignore[method-assign]


PROTOCOL = "with what the protocol does not allow"
CASES: list[tuple[str, Any, str]] = [
    ("check", None, PROTOCOL),
    ("check", sdk.CheckResponse({"size": "bare"}), PROTOCOL),  # type: ignore[dict-item]
    ("check", ValueError("out of order"), "out of order"),
    ("diff", None, PROTOCOL),
    ("diff", sdk.DiffResponse(changes=True, detailed_diff={"size": "update"}), PROTOCOL),  # type: ignore[dict-item]
    ("diff", RuntimeError("no diff today"), "no diff today"),
    ("create", None, PROTOCOL),
    ("create", sdk.CreateResponse("", {}), "gave no id"),
    ("create", sdk.CreateResponse(7, {}), "the id 7 is no text"),  # type: ignore[arg-type]
    ("create", sdk.CreateResponse("n-1", {"arn": PropertyValue.computed()}), "unknown values outside a preview"),
    ("update", None, PROTOCOL),
    ("update", sdk.UpdateResponse({"arn": PropertyValue.computed()}), "unknown values outside a preview"),
]


@pytest.mark.parametrize(("method", "answer", "told"), CASES)
def test_nonsense_is_one_error_that_names_the_resource(tmp_path: Path, method: str, answer: Any, told: str) -> None:
    stage = NonsenseStage(tmp_path)
    stage.up('a = Box("a", size=1)')
    before = stage.state()
    stage.nonsense = (method, answer)
    result = stage.up('a = Box("a", size=2)\nn = Box("n", opts=ResourceOptions(depends_on=[a]))')
    if method == "create":
        before["a"] = stage.state()["a"]
    failed = [item for item in result.diagnostics if item.severity == "error"]
    assert (result.succeeded, len(failed)) == (False, 1)
    assert told in failed[0].message
    assert failed[0].urn == stage.urn("n" if method == "create" else "a")
    assert stage.state() == before
    stage.nonsense = None
    assert stage.up().succeeded


def test_a_refresh_that_is_answered_with_nonsense_keeps_what_the_state_says(tmp_path: Path) -> None:
    stage = NonsenseStage(tmp_path)
    stage.up('a = Box("a", size=1)')
    before = stage.state()
    stage.nonsense = ("read", sdk.ReadResponse("a-1", {"arn": PropertyValue.computed()}, {}))
    result = stage.refresh()
    assert (result.succeeded, stage.state()) == (False, before)
    assert "answered `read` of" in errors(result)[0]
