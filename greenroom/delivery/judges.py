"""What a model's release is judged for: the instance that its spec asks for, and the release that is deployed now."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from components.specs.instance_types import INSTANCE_TYPES
from components.specs.model_spec import ModelSpec
from greenroom.delivery.project import GreenroomProject, is_greenroom_project
from greenroom.errors import UserError
from model_packaging import ReleaseNotFoundError
from model_packaging.judging import Judges
from model_packaging.release import Release


def judges_of(root: Path, model: str, *, again: bool = False, against: str | None = None) -> Judges:
    """The judges of a model's release: memory, vCPUs and start-up time of the smallest instance that its spec names.

    Args:
        root: the project's folder.
        model: the model's name; without a `model.yaml` memory is measured and not judged.
        again: judge a release that passed before, too.
        against: the environment whose release the gate compares with; `None` compares with none.

    Raises:
        UserError: there is no such environment, or none at all, or it pins no release of the model, or one that is not
            here.
        SpecError: the project's specs are not right.
    """
    if not is_greenroom_project(root):
        if against is not None:
            raise UserError(
                f"--against {against}: {root} has no environments/, which would say what is deployed.",
                fix="Leave --against out for a first release.",
            )
        return Judges(again=again)
    project = GreenroomProject.load(root, only_models=(model,) if _has_spec(root, model) else ())
    deployed = None if against is None else _deployed(project, model, against)
    spec = project.specs.models.get(model)
    judges = Judges(again=again, deployed=deployed)
    return judges if spec is None else _on_its_instance(judges, spec)


def _has_spec(root: Path, model: str) -> bool:
    return (root / "models" / model / "model.yaml").is_file()


def _on_its_instance(judges: Judges, spec: ModelSpec) -> Judges:
    variants = spec.serving.production_variants
    smallest = min((INSTANCE_TYPES[one.instance_type] for one in variants), key=lambda one: one.memory_mib)
    judges = replace(judges, memory_limit_mib=smallest.memory_mib, workers=smallest.vcpus)
    timeouts = [one.container_startup_health_check_timeout_seconds for one in variants]
    given = [seconds for seconds in timeouts if seconds is not None]
    return replace(judges, startup_timeout_seconds=float(min(given))) if given else judges


def _deployed(project: GreenroomProject, model: str, environment: str) -> Release:
    try:
        pins = project.specs.environments[environment].releases
    except KeyError:
        known = ", ".join(sorted(project.specs.environments))
        raise UserError(
            f"--against {environment}: there is no such environment.", fix=f"Use one of: {known}."
        ) from None
    if model not in pins:
        pinned = ", ".join(sorted(pins)) or "none"
        raise UserError(
            f"--against {environment}: its file pins no release of {model!r}; it pins: {pinned}.",
            fix="Leave --against out for a first release.",
        )
    digest = pins[model].digest
    try:
        return project.releases.load(model, digest)
    except ReleaseNotFoundError as error:
        raise UserError(f"--against {environment}: {error}", fix="Package it here first.") from error
