"""A project's stacks, what each deploys, and its pins against the releases at hand."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from components.specs import SpecError, UnknownStackError, check, load_project
from components.specs.project import Project
from model_packaging.errors import DigestMismatchError, ReleaseNotFoundError
from model_packaging.release import Release
from tests.unit.specs.cases import project_folder
from tests.unit.specs.samples import merged, release

REPOSITORY = Path(__file__).parents[3]


def write(root: Path, file: str, value: object) -> None:
    path = root / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(value, sort_keys=False))


def project_of(root: Path, models: int, environments: tuple[str, ...] = ("dev",), **extra: object) -> Path:
    """A project of so many models, each pinned in each environment."""
    names = [f"model-{index:03}" for index in range(models)]
    write(
        root,
        "environments/artifacts.yaml",
        {"account_id": "123456789012", "region": "us-east-1", "bucket": "greenroom-artifacts"},
    )
    for number, name in enumerate(environments):
        write(
            root,
            f"environments/{name}.yaml",
            {
                "name": name,
                "account_id": f"{number:012}",
                "region": "us-east-1",
                "endpoint_name_prefix": f"{name}-",
                "defaults": {"log_retention_days": 7},
                "overrides": {model: {"scaling": {"max_instance_count": 5}} for model in names},
                "releases": {model: release().digest for model in names},
                **extra,
            },
        )
    scaling = {"max_instance_count": 3, "target_invocations_per_instance_per_minute": 60}
    for model in names:
        monitors = [{"kind": "data_quality"}]
        write(
            root,
            f"models/{model}/model.yaml",
            merged(
                name=model, scaling=scaling, data_capture={}, monitors=monitors, alarms={"no_traffic": {"threshold": 1}}
            ),
        )
    return root


class Releases:
    """A store in memory."""

    def __init__(self, *releases: Release, damaged: tuple[str, ...] = ()) -> None:
        self._releases = {(one.name, one.digest): one for one in releases}
        self._damaged = damaged

    def load(self, name: str, digest: str) -> Release:
        if digest in self._damaged:
            raise DigestMismatchError(name, digest, ["model/model.onnx has other bytes"], where=Path("releases"))
        if (name, digest) not in self._releases:
            raise ReleaseNotFoundError(name, digest, [one for _, one in self._releases], where="releases")
        return self._releases[name, digest]


def test_stacks_are_the_artifact_store_environments_and_their_groups(tmp_path: Path) -> None:
    groups = {"fraud": ["model-001"], "growth": ["model-002", "model-003"]}
    project = load_project(project_of(tmp_path, 4, groups=groups))

    assert project.stacks() == ("artifacts", "dev", "dev.fraud", "dev.growth")
    assert {stack: project.models_of(stack) for stack in project.stacks()} == {
        "artifacts": (),
        "dev": ("model-000",),
        "dev.fraud": ("model-001",),
        "dev.growth": ("model-002", "model-003"),
    }
    assert project.environment_of("dev.growth").name == "dev"
    assert project.effective["dev", "model-000"].log_retention_days == 7


def test_an_environment_deploys_what_it_pins_and_nothing_else(tmp_path: Path) -> None:
    project = load_project(project_folder("valid", tmp_path))

    assert project.models_of("dev") == ("tumor",)
    assert project.models_of("prod") == ()


@pytest.mark.parametrize(
    ("stack", "message"),
    [
        ("pord", "environments: there is no stack 'pord'; allowed: artifacts, dev, prod; did you mean 'prod'?"),
        (
            "prod.fraud",
            (
                "environments: there is no stack 'prod.fraud'; allowed: artifacts, dev, prod; "
                "declare the group in environments/prod.yaml"
            ),
        ),
        ("qa", "environments: there is no stack 'qa'; allowed: artifacts, dev, prod; write environments/qa.yaml"),
    ],
)
def test_an_unknown_stack_lists_the_known_ones(tmp_path: Path, stack: str, message: str) -> None:
    project = load_project(project_folder("valid", tmp_path))

    with pytest.raises(UnknownStackError) as raised:
        project.models_of(stack)

    assert str(raised.value) == message
    assert raised.value.known == ("artifacts", "dev", "prod")


def test_the_artifact_store_is_no_environment(tmp_path: Path) -> None:
    with pytest.raises(UnknownStackError, match="there is no stack 'artifacts'; allowed: dev, prod"):
        load_project(project_folder("valid", tmp_path)).environment_of("artifacts")


def one_pin(root: Path, digest: str, *previous: str) -> Project:
    project_folder("valid", root)
    dev = yaml.safe_load((root / "environments/dev.yaml").read_text())
    dev["releases"] = {"tumor": {"digest": digest, "previous": list(previous)}}
    write(root, "environments/dev.yaml", dev)
    return load_project(root)


def test_pins_that_are_in_the_store_are_fine(tmp_path: Path) -> None:
    now, before = release(baseline=True), release(digit="b", baseline=True)

    check(one_pin(tmp_path, now.digest, before.digest), Releases(now, before))


def test_a_release_that_is_not_there_is_told_at_its_pin(tmp_path: Path) -> None:
    now, before = release(baseline=True), release(digit="b")

    with pytest.raises(SpecError) as raised:
        check(one_pin(tmp_path, now.digest, before.digest), Releases(now))

    (violation,) = raised.value.violations
    assert violation.where == "environments/dev.yaml:9"
    assert violation.path == "releases.tumor.previous[0]"
    assert f"has no release {before.digest} of model 'tumor'" in violation.message
    assert violation.fix == "package it, or pin one that is there; tumor has no package.yaml"


def test_a_release_that_can_still_be_packaged_need_not_be_there(tmp_path: Path) -> None:
    project = one_pin(tmp_path, release().digest)
    (tmp_path / "models/tumor/package.yaml").write_text("name: tumor\n")

    check(project, Releases())


def test_a_digest_that_does_not_match_is_told_at_its_pin(tmp_path: Path) -> None:
    digest = release().digest

    with pytest.raises(SpecError, match=r"is not what its digest says: model/model\.onnx has other bytes"):
        check(one_pin(tmp_path, digest), Releases(release(), damaged=(digest,)))


def test_a_release_that_does_not_fit_its_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"dev\.yaml:6: releases\.tumor: .* packaged without a baseline"):
        check(one_pin(tmp_path, release().digest), Releases(release()))


def test_only_the_environments_asked_for_are_checked(tmp_path: Path) -> None:
    project = one_pin(tmp_path, release().digest)

    check(project, Releases(), ["prod"])
    check(project, None)
    with pytest.raises(UnknownStackError, match="there is no stack 'prd'; allowed: dev, prod; did you mean 'prod'"):
        check(project, Releases(), ["prd"])


def test_a_hundred_models_in_three_environments_are_one_project(tmp_path: Path) -> None:
    project = load_project(project_of(tmp_path, 100, ("dev", "staging", "prod")))

    assert len(project.models) == 100
    assert {stack: len(project.models_of(stack)) for stack in project.environments} == dict.fromkeys(
        ("dev", "prod", "staging"), 100
    )


def test_the_sample_project_of_this_repository_is_valid() -> None:
    project = load_project(REPOSITORY)

    assert project.stacks() == ("artifacts", "dev", "prod", "staging")
    assert "tumor" in project.models_of("dev")


def test_a_model_that_is_packaged_and_not_deployed_yet_needs_no_model_yaml(tmp_path: Path) -> None:
    root = project_of(tmp_path, 1)
    write(root, "models/imported/package.yaml", {"version": "1.0.0", "model": "model.joblib"})
    assert list(load_project(root).models) == ["model-000"]


def test_a_model_that_is_deployed_needs_one(tmp_path: Path) -> None:
    root = project_of(tmp_path, 1)
    (root / "models" / "model-000" / "model.yaml").rename(root / "models" / "model-000" / "package.yaml")
    with pytest.raises(SpecError, match=r"there is no model .model-000..*write models/model-000/model.yaml"):
        load_project(root)


def test_a_folder_that_is_no_model_yet_is_in_the_way_of_no_other(tmp_path: Path) -> None:
    root = project_of(tmp_path, 1)
    (root / "models" / "begun").mkdir()
    assert list(load_project(root, only_models=("model-000",)).models) == ["model-000"]
    assert load_project(root, only_models=()).models == {}
    for named in (None, ("begun",)):
        with pytest.raises(SpecError, match=r"models/begun: has no model.yaml"):
            load_project(root, named)
