"""Bad specs get every violation at once, each with file, line, value, what is allowed and what to change."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from components.specs import SpecError, Violation, load_project
from tests.unit.specs.cases import case_names, expected, project_folder


@pytest.mark.parametrize("case", case_names())
def test_bad_input_is_told_exactly(case: str, tmp_path: Path) -> None:
    with pytest.raises(SpecError) as raised:
        load_project(project_folder(case, tmp_path))

    assert str(raised.value) == expected(case)


def test_the_project_that_the_cases_differ_from_is_valid(tmp_path: Path) -> None:
    assert load_project(project_folder("valid", tmp_path)).models_of("dev") == ("tumor",)


def test_a_violation_is_also_data(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as raised:
        load_project(project_folder("unknown_instance_type", tmp_path))

    assert raised.value.violations == (
        Violation(
            file="models/tumor/model.yaml",
            line=7,
            column=22,
            path="serving.production_variants[0].instance_type",
            value="ml.m5.larg",
            message="'ml.m5.larg' is not an instance type of SageMaker hosting",
            allowed="one of 277, such as ml.m5.large, ml.c7i.xlarge or ml.g5.xlarge",
            fix="did you mean 'ml.m5.large'?",
        ),
    )
    (shown,) = json.loads(json.dumps(raised.value.as_json()))["violations"]
    assert shown["file"] == "models/tumor/model.yaml"
    assert (shown["line"], shown["column"]) == (7, 22)


def test_one_slip_in_a_model_is_told_once_however_many_environments_deploy_it(tmp_path: Path) -> None:
    root = project_folder("burstable_with_scaling", tmp_path)
    prod = root / "environments" / "prod.yaml"
    prod.write_text(prod.read_text() + f"releases:\n  tumor: sha256:{'0' * 64}\n")

    with pytest.raises(SpecError) as raised:
        load_project(root)

    assert len(raised.value.violations) == 1


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    root = project_folder("valid", tmp_path)
    (root / "environments" / "prod.yaml").write_bytes(b"name: \xff\xfe")

    with pytest.raises(SpecError, match=r"environments/prod.yaml:1: this is not UTF-8 text: byte 6 is wrong"):
        load_project(root)


def test_a_folder_that_is_no_project_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"environments/artifacts\.yaml: there is no such file"):
        load_project(tmp_path)
