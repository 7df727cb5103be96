"""What can go wrong, and whose turn it is.

::

    GreenroomError
    ├── UserError                  yours to fix; exit code 2
    │   ├── ProjectNotFoundError     no Pulumi.yaml here or above
    │   ├── NotAGreenroomProjectError  a Pulumi project without environments/
    │   ├── UnknownModelError        no such model, or none of it in this environment
    │   ├── ReleasePinError          what the environment pins is not what the files give
    │   ├── StackInUseError          other stacks stand on this one
    │   └── StackNotUpError          nothing was deployed yet
    ├── DeploymentFailedError      the deployment failed; exit code 1
    └── InvocationError            an endpoint refused a request (exit code 2) or failed on it (1)

The specs, the packaging and the embedded engine have trees of their own (`components.specs`, `model_packaging`,
`greenroom.sandbox.engine.errors`): `greenroom.cli.failures` maps them all to exit codes. Whatever is in none of these
trees is a bug of ours.
"""

from __future__ import annotations


class GreenroomError(Exception):
    """The root: a message that says where, the value, what is allowed; and what to change."""

    exit_code = 1

    def __init__(self, message: str, *, fix: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix

    def __str__(self) -> str:
        return self.message if self.fix is None else f"{self.message}\n  {self.fix}"


class UserError(GreenroomError):
    """Bad input: nothing was changed."""

    exit_code = 2


class ProjectNotFoundError(UserError):
    """There is no Pulumi project around the folder."""


class NotAGreenroomProjectError(UserError):
    """The project is a Pulumi project, and has no environments and models of ours."""


class UnknownModelError(UserError):
    """The environment runs no such model."""


class ReleasePinError(UserError):
    """An environment pins a release that is neither in the store nor what the model's files give."""


class StackInUseError(UserError):
    """Other stacks stand on this one."""


class StackNotUpError(UserError):
    """The stack was not deployed to the sandbox."""


class DeploymentFailedError(GreenroomError):
    """A deployment started and failed; the state says how far it came."""


class InvocationError(GreenroomError):
    """An endpoint did not answer a request with a prediction.

    Attributes:
        status: the HTTP status that the model's container gave; 4xx means that the request was wrong (exit code 2),
            5xx that the model's code failed on it (exit code 1).
    """

    def __init__(self, message: str, *, status: int, fix: str | None = None) -> None:
        super().__init__(message, fix=fix)
        self.status = status
        self.exit_code = 2 if status < 500 else 1
