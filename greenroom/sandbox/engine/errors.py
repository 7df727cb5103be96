"""What can go wrong in the sandbox's engine, and whose turn it is.

```
EngineError                     base of all; ``message`` tells what and where, ``fix`` what to do
├── UserError                   something the caller can put right: the command line exits 2
│   ├── ProjectError            Pulumi.yaml or Pulumi.STACK.yaml
│   ├── StateError              a state file that cannot be read
│   ├── PassphraseError         secrets that the passphrase does not open
│   ├── OptionError             a command's options that cannot mean anything
│   ├── TargetError             a target that the stack does not have
│   └── StackLockedError        another command holds the stack
└── DeploymentError             the deployment failed: the command line exits 1
    ├── StateWriteError         the state cannot be written: nothing new is begun
    ├── UnsupportedError        the program asks for what this engine refuses by name
    ├── RegistrationError       a registration that no engine would take (a URN twice, an unknown provider)
    └── ProviderError           a provider raised, or answered nonsense
        └── InitFailedError     it made the resource, which is unfinished
```
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from greenroom.sandbox.engine.values import PropertyMap


class EngineError(Exception):
    """Base of the engine's errors.

    Attributes:
        message: what went wrong, and where.
        fix: what to do about it; empty where the message says it.
    """

    def __init__(self, message: str, *, fix: str = "") -> None:
        super().__init__(f"{message}\n  fix: {fix}" if fix else message)
        self.message = message
        self.fix = fix


class UserError(EngineError):
    """Bad input: the caller can put it right (exit code 2)."""


class ProjectError(UserError):
    """A Pulumi.yaml or Pulumi.STACK.yaml that is missing, malformed or not a Python project."""


class StateError(UserError):
    """A state file that is not a version 3 deployment, or was cut short."""


class PassphraseError(UserError):
    """A secret that the passphrase at hand does not open."""


class OptionError(UserError):
    """Options of a command that contradict each other, or cannot mean anything."""


class TargetError(UserError):
    """URNs that a command was told to go by, and that the stack does not have.

    Attributes:
        missing: those.
    """

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__(
            "\n".join(f"target {urn!r} could not be found in the stack" for urn in missing),
            fix="`greenroom sandbox export STACK` lists the URNs; a wildcard, '**::my-name', spares the shell's `$`",
        )
        self.missing = tuple(missing)


class StackLockedError(UserError):
    """Another command holds the stack.

    Attributes:
        stack: the stack's name.
        holder: what the lock's owner wrote about itself (pid, command, since when).
    """

    def __init__(self, stack: str, holder: str) -> None:
        super().__init__(
            f"stack {stack!r} is in use by {holder}",
            fix="wait for that command to end; a lock whose process died is released by the system",
        )
        self.stack = stack
        self.holder = holder


class DeploymentError(EngineError):
    """The deployment failed (exit code 1)."""


class StateWriteError(DeploymentError):
    """The state, or its journal, cannot be written: a full disk, a folder that became read-only.

    What was recorded before is there, and so is what the state says of operations under way.

    Attributes:
        file: which one.
    """

    def __init__(self, file: Path, cause: OSError, *, told: str = "") -> None:
        super().__init__(
            f"{told}the state cannot be written: {file}: {cause.strerror or cause}",
            fix="make room, or make it writable again, and run the same command: what was done so far is in the state",
        )
        self.file = file
        self.cause = cause


class UnsupportedError(DeploymentError):
    """A feature of Pulumi that the sandbox's engine does not have.

    Attributes:
        feature: its name, as Pulumi's documentation spells it.
    """

    def __init__(self, feature: str, *, where: str = "") -> None:
        at = f" ({where})" if where else ""
        super().__init__(
            f"the sandbox's engine does not support {feature}{at}",
            fix="leave it out where the program runs in the sandbox, or run the program with `pulumi up`",
        )
        self.feature = feature


class RegistrationError(DeploymentError):
    """A registration that the real engine would refuse as well."""


class CallbackError(DeploymentError):
    """A function that the program gave the engine, a transform or a hook, raised."""


class HookError(DeploymentError):
    """A resource hook failed before its resource's operation, which was not begun; or an error hook did."""


class ProviderError(DeploymentError):
    """A provider raised, or answered what the protocol does not allow.

    Attributes:
        urn: the resource (or the function's token) that it was asked about.
    """

    def __init__(self, urn: str, message: str) -> None:
        super().__init__(message)
        self.urn = urn


class InitFailedError(ProviderError):
    """A provider made a resource that then failed or could not be waited for: it belongs into the state.

    Attributes:
        id: the resource's.
        outputs: what is known of it.
        reasons: why it is not as wanted.
    """

    def __init__(self, urn: str, id_: str, outputs: PropertyMap, reasons: Sequence[str]) -> None:
        super().__init__(urn, "; ".join(reasons))
        self.id = id_
        self.outputs = outputs
        self.reasons = tuple(reasons)
