"""From a stack's name to components: `artifacts`, an environment (`dev`), or a group of one (`prod.fraud`).

Everything that can be wrong with the specs and the releases is found before the first resource, and told at once,
without a traceback: it is the user's to fix.
"""

from pathlib import Path

import pulumi

from components.aws.artifact_store import ArtifactStore
from components.aws.data_capture_store import DataCaptureStore
from components.aws.model_deployment import deploy_model
from components.specs.project import ARTIFACTS_STACK, Project, load_project
from components.specs.resolved import ResolvedModel, capture_bucket
from components.specs.selection import UnselectableError, check_selection, selected_models
from components.specs.violations import SpecError, UnknownStackError
from model_packaging.store import ReleaseStore
from stacks.providers import AccountProviders, providers_of
from stacks.published import refuse_unpublished
from stacks.releases import UndeployableError, drift_baseline, release_store, resolved_models


def deploy_stack(stack: str, *, root: Path) -> None:
    """Declares the resources of `stack`, and its outputs.

    Args:
        stack: The stack's name.
        root: The project's folder, with `models/` and `environments/`.

    Raises:
        pulumi.RunError: There is no such stack, a spec is not valid, or a pinned release is not there or, in an
            update, not wholly published; the message holds every violation.
    """
    store = release_store(root)
    try:
        selected = None if stack == ARTIFACTS_STACK else selected_models()  # the store serves all of them
        project = load_project(root, selected)
        if stack not in project.stacks():
            raise UnknownStackError(stack, project.stacks())
        if selected is not None:
            check_selection(selected, stack, project.models_of(stack), dry_run=pulumi.runtime.is_dry_run())
        models = resolved_models(project, stack, store, selected, root=root)
        providers = _providers(project, stack)
        if not pulumi.runtime.is_dry_run():  # a preview may come before the store is
            refuse_unpublished(stack.partition(".")[0], models, providers.for_look_ups)
    except (SpecError, UndeployableError, UnselectableError) as error:
        raise pulumi.RunError(str(error)) from None
    if stack == ARTIFACTS_STACK:
        _deploy_artifact_store(project, providers.for_components)
    else:
        _deploy_models(project, stack, models, store, providers.for_components)


def _providers(project: Project, stack: str) -> AccountProviders:
    owner = project.artifacts if stack == ARTIFACTS_STACK else project.environment_of(stack)
    return providers_of(owner.account_id, owner.region, owner.default_tags)


def _deploy_artifact_store(project: Project, opts: pulumi.ResourceOptions) -> None:
    spec = project.artifacts
    artifact_store = ArtifactStore(
        "artifacts",
        spec=spec,
        reader_account_ids=[environment.account_id for environment in project.environments.values()],
        model_names=sorted(project.models),
        tags={"greenroom:environment": ARTIFACTS_STACK},
        opts=opts,
    )
    pulumi.export("bucket", artifact_store.bucket_name)
    pulumi.export("kms_key_arn", artifact_store.kms_key_arn)
    pulumi.export("model_package_groups", artifact_store.model_package_group_arns)


def _deploy_models(
    project: Project,
    stack: str,
    models: tuple[ResolvedModel, ...],
    store: ReleaseStore,
    opts: pulumi.ResourceOptions,
) -> None:
    environment = project.environment_of(stack)
    capture_store = None
    if any(model.data_capture is not None for model in models):
        capture_store = DataCaptureStore(
            f"{stack}-capture",
            bucket_name=capture_bucket(environment, stack),
            account_id=environment.account_id,
            region=environment.region,
            spec=environment.capture_store,
            encryption=environment.encryption,
            tags={"greenroom:environment": environment.name},
            opts=opts,
        )
    deployments = {
        model.name: deploy_model(
            model, capture_store=capture_store, baseline=drift_baseline(model.release, store), opts=opts
        )
        for model in models
    }
    pulumi.export("models", {name: deployment.outputs() for name, deployment in deployments.items()})
    pulumi.export("capture_bucket", None if capture_store is None else capture_store.bucket_name)
