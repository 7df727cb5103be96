"""The sandbox: any Pulumi Python program, run by an embedded engine against a local AWS.

`Sandbox` (in `session`) is what other Python projects use::

    from greenroom.sandbox import Sandbox

    result = Sandbox("path/to/a/pulumi/project").up("dev")
    assert result.succeeded, result.diagnostics

It knows nothing of Greenroom's own components. `engine`, `provider` and `cloud` know nothing of one another; `session`
wires them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from greenroom.sandbox.session import Sandbox

__all__ = ["Sandbox"]


def __getattr__(name: str) -> Any:
    """Import what is named, when it is named (PEP 562): the engine needs Pulumi, which takes its time."""
    if name == "Sandbox":
        from greenroom.sandbox.session import Sandbox

        return Sandbox
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
