"""An environment in the sandbox, in order: the artifact store, the releases it pins, then its stack.

`up` brings up what a stack needs first; `destroy` takes down the artifact store with the last environment, so that
nothing is left in the local AWS. Both are the same for every Greenroom project; any other Pulumi project has nothing
to order and uses `greenroom.sandbox.Sandbox` alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from components.specs.selection import selection
from greenroom.delivery.project import ARTIFACTS_STACK, GreenroomProject
from greenroom.delivery.releases import S3Client, delete_model_packages, empty_bucket, ensure_pinned, publish_all
from greenroom.errors import StackInUseError, UnknownModelError
from greenroom.sandbox.session import Sandbox

if TYPE_CHECKING:
    from greenroom.sandbox.engine import EngineEvent, Options, Result
    from model_packaging import Release
    from model_packaging.trust.keys import KmsClient

Progress = Callable[[str, str], AbstractContextManager[Callable[["EngineEvent"], None]]]
"""Shows one operation on one stack: `progress("Updating", "dev")` yields the engine's listener."""

PREVIEWING = "Previewing"


@dataclass(frozen=True)
class StackResult:
    """What one operation did to one stack."""

    stack: str
    result: Result


@dataclass(frozen=True)
class Rehearsal:
    """A Greenroom project, and the sandbox it is rehearsed in.

    Attributes:
        project: its environments, models and releases.
        sandbox: the engine and the local AWS.
        narrate: is told what happens between stacks.
        progress: shows what happens to a stack.
        only_models: the models that `preview` and `up` concern; None: every model of the stack.
    """

    project: GreenroomProject
    sandbox: Sandbox
    narrate: Callable[[str], None]
    progress: Progress
    only_models: tuple[str, ...] | None = None

    def up(self, stack: str, options: Options | None = None) -> tuple[StackResult, ...]:
        """Bring up a stack and, first, what it needs.

        Returns:
            A result a stack, in the order they were brought up; the last one is the one that was asked for, or the
            one that failed.

        Raises:
            UnknownStackError: the project has no such stack.
            ReleasePinError: a pinned release cannot be had; nothing was deployed.
        """
        needs = self.bring_up_needs(stack, options)
        if needs and not needs[-1].result.succeeded:
            return needs
        return (*needs, self._up(stack, options))

    def bring_up_needs(self, stack: str, options: Options | None = None) -> tuple[StackResult, ...]:
        """Bring up what a stack needs, and not the stack: the artifact store, and in it the releases it pins.

        Raises:
            UnknownStackError: the project has no such stack.
            ReleasePinError: a pinned release cannot be had; nothing was deployed.
        """
        self._check_models(stack)
        if stack == ARTIFACTS_STACK:
            return ()
        releases = ensure_pinned(self.project, stack, self.narrate, partial(self._kms, stack))
        artifacts = self._up(ARTIFACTS_STACK, _of_whole_stack(options))
        if artifacts.result.succeeded:
            self.publish(releases)
        return (artifacts,)

    def preview(self, stack: str, options: Options | None = None) -> StackResult:
        """What `up` would do to the stack itself; nothing is deployed.

        Raises:
            UnknownStackError: the project has no such stack.
            ReleasePinError: a pinned release cannot be had.
        """
        self._check_models(stack)
        if stack != ARTIFACTS_STACK:
            ensure_pinned(self.project, stack, self.narrate, partial(self._kms, stack))
        with self.progress(PREVIEWING, stack) as listener, selection(self.only_models):
            account = self.project.account_of(stack)
            options = self._of_models(stack, options)
            return StackResult(
                stack, self.sandbox.preview(stack, account_id=account, options=options, listener=listener)
            )

    def refresh(self, stack: str, options: Options | None = None) -> StackResult:
        """Read every resource of a stack anew."""
        self.project.check_stack(stack)
        self.sandbox.require(stack)
        with self.progress("Refreshing", stack) as listener:
            account = self.project.account_of(stack)
            return StackResult(
                stack, self.sandbox.refresh(stack, account_id=account, options=options, listener=listener)
            )

    def destroy(self, stack: str, options: Options | None = None) -> tuple[StackResult, ...]:
        """Take down a stack; with the last environment's, the artifact store too.

        Raises:
            StackInUseError: it is the artifact store, and environments still read from it.
            StackNotUpError: the stack was not deployed.
        """
        self.project.check_stack(stack)
        self.sandbox.require(stack)
        others = self._standing(except_for={stack, ARTIFACTS_STACK})
        if options is not None and (options.targets or options.excludes):
            return (self._destroy(stack, options),)
        if stack == ARTIFACTS_STACK:
            self._refuse_while_in_use(others)
            return (self._destroy_artifacts(options),)
        destroyed = self._destroy(stack, options)
        if not destroyed.result.succeeded or others or not self._standing(except_for={stack}):
            return (destroyed,)
        self.narrate("no environment is left: the artifact store goes as well")
        return (destroyed, self._destroy_artifacts(options))

    def publish(self, releases: Iterable[Release]) -> None:
        """Put releases into the local AWS's artifact bucket."""
        publish_all(self.project, releases, self.artifacts_s3(), self.project.specs.artifacts.bucket, self.narrate)

    def seed(self) -> None:
        """Put every environment's pinned releases into the artifact bucket, which is made where it is not there.

        For whoever deploys with the real engine (`greenroom sandbox serve`): its program, too, expects the releases
        to have been published.
        """
        s3_client = self.artifacts_s3()
        bucket = self.project.specs.artifacts.bucket
        releases = {
            release.digest: release
            for stack in self.project.specs.stacks()
            if stack != ARTIFACTS_STACK
            for release in ensure_pinned(self.project, stack, self.narrate, partial(self._kms, stack))
        }
        if bucket not in {found["Name"] for found in s3_client.list_buckets()["Buckets"]}:
            create_bucket(s3_client, bucket, self.project.specs.artifacts.region)
        self.publish(releases.values())

    def artifacts_s3(self) -> S3Client:
        """S3 in the local AWS, as the account that the artifact store is in."""
        artifacts = self.project.specs.artifacts
        return self.sandbox.client("s3", artifacts.account_id, artifacts.region)

    def _kms(self, stack: str) -> KmsClient:
        return self.sandbox.client("kms", self.project.account_of(stack), self.project.region_of(stack))

    def _up(self, stack: str, options: Options | None) -> StackResult:
        with self.progress("Updating", stack) as listener, selection(self.only_models):
            account = self.project.account_of(stack)
            options = self._of_models(stack, options)
            return StackResult(stack, self.sandbox.up(stack, account_id=account, options=options, listener=listener))

    def _check_models(self, stack: str) -> None:
        """Refuses models that the stack does not deploy."""
        self.project.check_stack(stack)
        models = self.project.specs.models_of(stack)
        unknown = [model for model in self.only_models or () if model not in models]
        if unknown:
            raise UnknownModelError(
                f"stack {stack!r} deploys no model {', '.join(map(repr, unknown))}.",
                fix=f"Use one of: {', '.join(models)}." if models else "It deploys none.",
            )

    def _of_models(self, stack: str, options: Options | None) -> Options | None:
        """The options for a program that declares some models: the others stay as they are."""
        if self.only_models is None or stack == ARTIFACTS_STACK:
            return options
        from greenroom.sandbox.engine import Options

        return replace(Options() if options is None else options, is_partial=True)

    def _destroy(self, stack: str, options: Options | None) -> StackResult:
        with self.progress("Destroying", stack) as listener:
            account = self.project.account_of(stack)
            return StackResult(
                stack, self.sandbox.destroy(stack, account_id=account, options=options, listener=listener)
            )

    def _destroy_artifacts(self, options: Options | None) -> StackResult:
        bucket = self.project.specs.artifacts.bucket
        s3_client = self.artifacts_s3()
        if bucket in {found["Name"] for found in s3_client.list_buckets()["Buckets"]}:
            count = empty_bucket(s3_client, bucket)
            self.narrate(f"emptied s3://{bucket} ({count} object versions); the releases stay in the local store")
        artifacts = self.project.specs.artifacts
        sagemaker_client = self.sandbox.client("sagemaker", artifacts.account_id, artifacts.region)
        count = sum(delete_model_packages(sagemaker_client, model) for model in self.project.specs.models)
        if count:
            self.narrate(f"deleted {count} model packages of the local Model Registry")
        return self._destroy(ARTIFACTS_STACK, options)

    def _standing(self, *, except_for: set[str]) -> tuple[str, ...]:
        stacks = self.sandbox.stacks().items()
        return tuple(stack for stack, resources in stacks if resources and stack not in except_for)

    def _refuse_while_in_use(self, others: tuple[str, ...]) -> None:
        if others:
            raise StackInUseError(
                f"stack {ARTIFACTS_STACK!r} holds the releases that {', '.join(others)} serve.",
                fix=f"First: {' && '.join(f'greenroom sandbox destroy {other}' for other in others)}",
            )


def _of_whole_stack(options: Options | None) -> Options | None:
    """The options without the URNs, which are another stack's."""
    return None if options is None else replace(options, targets=(), excludes=(), replaces=())


def create_bucket(s3_client: S3Client, bucket: str, region: str) -> None:
    """Make a bucket; us-east-1 is the one region that S3 does not take as a LocationConstraint.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
    """
    if region == "us-east-1":
        s3_client.create_bucket(Bucket=bucket)
    else:
        s3_client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})
