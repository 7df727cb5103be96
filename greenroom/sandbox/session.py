"""One Pulumi Python project in the sandbox: where the engine, the provider and the local AWS meet.

`Sandbox(folder).up(stack)` reads Pulumi.yaml and Pulumi.STACK.yaml, brings up the local AWS if it is not up, and runs
the program on the embedded engine with a provider for `aws` and one for `aws-native`. State, locks and the local AWS's
own memory live under one home, `.greenroom` beside Pulumi.yaml.

Account guards hold: the local AWS answers as the accounts that it is given here, and a provider whose
`allowed_account_ids` names another is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from greenroom.errors import StackNotUpError
from greenroom.sandbox.home import sandbox_home

if TYPE_CHECKING:
    from greenroom.sandbox.clock import ClockReading
    from greenroom.sandbox.cloud import LocalCloud
    from greenroom.sandbox.engine import (
        Engine,
        EngineEvent,
        Options,
        ProjectFile,
        ProviderFactory,
        Result,
        StateBackend,
    )
    from greenroom.sandbox.provider import AwsProvider, CloudEndpoint

DEFAULT_ACCOUNT_ID = "123456789012"
"""The account of a program that names none: AWS's documentation's own example."""

PACKAGES: tuple[Literal["aws", "aws-native"], ...] = ("aws", "aws-native")

Listener = Callable[["EngineEvent"], None]


def _ignore(_event: EngineEvent) -> None:
    """Listen to nothing."""


def _say_nothing(_text: str) -> None:
    """Tell nobody."""


def _given(options: Options | None) -> tuple[Options, ...]:
    """The options where there are any: the engine knows its defaults, and is imported only when it runs."""
    return () if options is None else (options,)


@dataclass(frozen=True)
class Sandbox:
    """A project's sandbox.

    Attributes:
        project_folder: the folder with Pulumi.yaml.
        home_folder: where state and local AWS live; left out, `GREENROOM_HOME` or `.greenroom` in the project.
        cloud_url: a local AWS that is up already (tests use one in process); left out, the home's own, brought up
            when it is first needed.
        account_id: the account that programs act as, 12 digits.
        parallel: how many operations run at once.
        narrate: is told what the local AWS does while it comes up.
    """

    project_folder: Path | str
    home_folder: Path | None = None
    cloud_url: str | None = None
    account_id: str = DEFAULT_ACCOUNT_ID
    parallel: int = 16
    narrate: Callable[[str], None] = _say_nothing

    @cached_property
    def root(self) -> Path:
        """The project's folder, absolute."""
        return Path(self.project_folder).resolve()

    @cached_property
    def home(self) -> Path:
        """Where state and local AWS live."""
        return sandbox_home(self.root) if self.home_folder is None else self.home_folder.resolve()

    @cached_property
    def project(self) -> ProjectFile:
        """What Pulumi.yaml says.

        Raises:
            greenroom.sandbox.engine.errors.ProjectError: it is missing, malformed, or not a Python project's.
        """
        from greenroom.sandbox.engine import load_project_file

        return load_project_file(self.root)

    @cached_property
    def state(self) -> StateBackend:
        """The states of the project's stacks."""
        from greenroom.sandbox.engine import StateBackend

        return StateBackend(self.home / "state" / self.project.name)

    @cached_property
    def cloud(self) -> LocalCloud:
        """The home's local AWS, up or not."""
        from greenroom.sandbox.cloud import LocalCloud

        return LocalCloud(self.home)

    def ensure_cloud(self) -> str:
        """Bring the local AWS up where it is not; its URL."""
        if self.cloud_url is not None:
            return self.cloud_url
        if self.cloud.status().state != "ready":
            self.narrate("bringing up the local AWS")
        return self.cloud.ensure_running().url

    def clock(self, *, advance_seconds: float | None = None) -> ClockReading:
        """What time it is in the local AWS, after `advance_seconds` were skipped: what is due in them happens.

        Raises:
            greenroom.errors.UserError: it cannot be moved that far.
        """
        from greenroom.sandbox.clock import read_clock

        return read_clock(self.ensure_cloud(), advance_seconds=advance_seconds)

    def endpoint(self, account_id: str | None = None, accounts: frozenset[str] | None = None) -> CloudEndpoint:
        """The local AWS as a provider sees it.

        Args:
            account_id: whom a request without an account of its own acts as; left out, the sandbox's.
            accounts: the accounts that providers may name; left out, that one alone.
        """
        from greenroom.sandbox.cloud.in_process import application_at
        from greenroom.sandbox.provider import CloudEndpoint

        account = self.account_id if account_id is None else account_id
        return CloudEndpoint(
            url=self.ensure_cloud(),
            accounts=frozenset({account}) if accounts is None else accounts,
            default_account=account,
            in_process=application_at,
        )

    def engine(self, stack: str, *, account_id: str | None = None, listener: Listener = _ignore) -> Engine:
        """The engine for one stack, wired to the providers."""
        from greenroom.sandbox import sdk_imports
        from greenroom.sandbox.engine import Engine

        sdk_imports.install()
        return Engine(
            self.project,
            stack,
            backend=self.state,
            providers=provider_factories(self.endpoint(account_id)),
            listener=listener,
            parallel=self.parallel,
        )

    def up(
        self,
        stack: str,
        *,
        account_id: str | None = None,
        options: Options | None = None,
        listener: Listener = _ignore,
    ) -> Result:
        """Deploy a stack: create, update, replace and delete what its program asks for.

        Args:
            stack: its name; it need not exist yet.
            account_id: the account that its program acts as; left out, the sandbox's.
            options: how to go about it: targets, refresh, …; left out, every resource, and nothing is read first.
            listener: is told what happens, from several threads.

        Returns:
            What was done; `succeeded` is false where the deployment failed, and the state holds what was reached.
        """
        return self.engine(stack, account_id=account_id, listener=listener).up(*_given(options))

    def preview(
        self,
        stack: str,
        *,
        account_id: str | None = None,
        options: Options | None = None,
        listener: Listener = _ignore,
    ) -> Result:
        """What `up` would do; nothing is changed. Arguments as for `up`."""
        return self.engine(stack, account_id=account_id, listener=listener).preview(*_given(options))

    def refresh(
        self,
        stack: str,
        *,
        account_id: str | None = None,
        options: Options | None = None,
        listener: Listener = _ignore,
    ) -> Result:
        """Read every resource of a stack anew, and put what is found into its state.

        Raises:
            StackNotUpError: the stack has no state.
        """
        self.require(stack)
        return self.engine(stack, account_id=account_id, listener=listener).refresh(*_given(options))

    def destroy(
        self,
        stack: str,
        *,
        account_id: str | None = None,
        options: Options | None = None,
        listener: Listener = _ignore,
    ) -> Result:
        """Delete every resource of a stack, what depends on others first.

        Raises:
            StackNotUpError: the stack has no state.
        """
        self.require(stack)
        return self.engine(stack, account_id=account_id, listener=listener).destroy(*_given(options))

    def export(self, stack: str, *, show_secrets: bool = False) -> dict[str, Any]:
        """The stack's state as `pulumi stack export` gives it; secrets stay encrypted unless they are asked for.

        Raises:
            StackNotUpError: the stack has no state.
        """
        self.require(stack)
        document = self.state.export(stack)
        if not show_secrets:
            return document
        from greenroom.sandbox.engine.state_transfer import with_open_secrets

        return with_open_secrets(self.state, document)

    def outputs(self, stack: str) -> Mapping[str, Any]:
        """The outputs of a stack's program, values as the engine holds them (secrets are `Secret`)."""
        deployment, _ = self.state.load(stack)
        return deployment.outputs()

    def stacks(self) -> dict[str, int]:
        """The stacks that have a state, and of how many resources each consists; 0 after `destroy`."""
        return {stack: self.state.count(stack) for stack in self.state.list()}

    def require(self, stack: str) -> None:
        """Raise `StackNotUpError`, naming the stacks there are, unless the stack has a state."""
        known = self.state.list()
        if stack not in known:
            fix = f"Stacks that were: {', '.join(known)}." if known else f"Bring it up: greenroom sandbox up {stack}"
            raise StackNotUpError(f"{self.root}: stack {stack!r} was not deployed to this sandbox.", fix=fix)

    def client_settings(self, account_id: str, region: str) -> dict[str, str]:
        """What `boto3.client(service, **settings)` needs to speak to the local AWS as an account."""
        return {
            "endpoint_url": self.ensure_cloud(),
            "region_name": region,
            "aws_access_key_id": account_id,
            "aws_secret_access_key": "test",
        }

    def client(self, service: str, account_id: str, region: str) -> Any:
        """A boto3 client of the local AWS, acting as an account in a region. It tries twice, not five times."""
        import boto3
        from botocore.config import Config

        connect: Any = boto3.client  # typed by a literal a service; this one is any of them
        return connect(service, config=Config(retries={"max_attempts": 1}), **self.client_settings(account_id, region))


@dataclass(frozen=True)
class AwsProviderFactory:
    """Makes new instances of a package's provider.

    Attributes:
        package: `aws` or `aws-native`.
        endpoint: the local AWS that all of them speak to.
        never_waits: tells the engine that its questions (check, diff, what a preview asks) only compute.
    """

    package: Literal["aws", "aws-native"]
    endpoint: CloudEndpoint
    never_waits: bool = True

    def __call__(self) -> AwsProvider:
        """A new instance, not configured."""
        from greenroom.sandbox.provider import AwsProvider

        return AwsProvider(self.package, self.endpoint)


def provider_factories(endpoint: CloudEndpoint) -> dict[str, ProviderFactory]:
    """A factory of providers a package, all of them speaking to one local AWS."""
    return {package: AwsProviderFactory(package, endpoint) for package in PACKAGES}
