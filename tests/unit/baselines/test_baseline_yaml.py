"""`baseline.yaml` says what a model's baselines are made of; what is wrong with it is told with file and line."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml

from model_packaging.baseline import DataQualityBaseline
from model_packaging.baselines.baseline_spec import BaselineSpec
from model_packaging.baselines.clarify import analysis_json, bias_analysis, explainability_analysis
from model_packaging.baselines.errors import BaselineDataError, PredictionsError
from model_packaging.baselines.folder import write_folder
from model_packaging.baselines.making import make_baseline
from model_packaging.baselines.reading import read_baseline_file
from model_packaging.baselines.schema import BASELINE_SCHEMA_FILE, baseline_schema
from model_packaging.errors import InvalidPackageError
from model_packaging.reading import read_model_folder
from tests.unit.packaging.model_folders import PACKAGE, write_model_folder

DATA = "age,income,sex,paid,answer\n30,1.5,f,1,1\n40,2.5,m,0,1\n50,3.5,m,1,0\n60,4.5,f,0,0\n"
FULL = """\
data: data.csv
label: paid
leave_out: [sex]
outputs: [answer]
model_quality: {problem_type: BinaryClassification, predicted: answer}
bias:
  label_values: [1]
  facets: [{column: sex, values: [f]}, {column: age, above: 45}]
  pre_training: [CI, DPL]
explainability:
  baseline: median
  num_samples: 50
  pdp: {features: [age], grid_resolution: 10}
"""


@pytest.fixture
def model(tmp_path):
    """A model's folder."""

    def make(text=FULL, data=DATA):
        folder = tmp_path / "loan"
        folder.mkdir(exist_ok=True)
        (folder / "data.csv").write_text(data, encoding="utf-8")
        if text is not None:
            (folder / "baseline.yaml").write_text(text, encoding="utf-8")
        return folder

    return make


def wrong(text, model):
    with pytest.raises(BaselineDataError) as raised:
        make_baseline(model(text))
    return [(one.line, one.path, one.message, one.fix) for one in raised.value.violations]


def test_everything_that_a_model_asks_for_is_written(model):
    pytest.importorskip("polars")
    folder = model()
    made = make_baseline(folder)
    assert made.files == (
        "statistics.json",
        "constraints.json",
        "model_quality/statistics.json",
        "model_quality/constraints.json",
        "bias/analysis_config.json",
        "bias/analysis.json",
        "explainability/analysis_config.json",
    )
    assert sorted(path.relative_to(made.folder).as_posix() for path in made.folder.rglob("*.json")) == sorted(
        made.files
    )
    assert [one["name"] for one in made.features] == ["answer", "age", "income"]  # answers first, label and facet out
    assert made.rows == 4
    assert json.loads((made.folder / "bias" / "analysis_config.json").read_text(encoding="utf-8")) == {
        "version": "1.0",
        "dataset_type": "text/csv",
        "headers": ["age", "income", "sex", "paid", "answer"],
        "label": "paid",
        "label_values_or_threshold": [1],
        "facet": [
            {"name_or_index": "sex", "value_or_threshold": ["f"]},
            {"name_or_index": "age", "value_or_threshold": [45.0]},
        ],
        "predicted_label": "answer",
        "methods": {
            "pre_training_bias": {"methods": ["CI", "DPL"]},
            "post_training_bias": {"methods": "all"},
            "report": {"name": "report", "title": "Bias report"},
        },
    }
    assert json.loads((made.folder / "explainability" / "analysis_config.json").read_text(encoding="utf-8")) == {
        "version": "1.0",
        "dataset_type": "text/csv",
        "headers": ["age", "income"],
        "methods": {
            "shap": {
                "agg_method": "mean_abs",
                "use_logit": False,
                "save_local_shap_values": True,
                "baseline": [[40.0, 2.5]],
                "num_samples": 50,
            },
            "pdp": {"grid_resolution": 10, "features": ["age"]},
            "report": {"name": "report", "title": "Explainability report"},
        },
    }
    assert [one.partition(":")[0] for one in made.left_out] == [
        "bias metric FT",
        "bias metrics CDDL and CDDPL",
        "SHAP values",
        "the analyses' model",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("lable: paid\n", [(1, "lable", "unknown key", "did you mean 'label'?")]),
        (
            "data: data.csv\nbias:\n  label_values: [1]\n  facets: [{colum: sex}]\n",
            [(4, "bias.facets[0].column", "is missing", "write `column: …`"), (4, "bias.facets[0].colum", "unknown key", "did you mean 'column'?")],
        ),
        ("data: data.csv\nmodel_quality: {problem_type: Regression, predicted: age}\n", [(1, "", "`model_quality` needs `label`, the column of what was true", "")]),
        ("label: paid\nmodel_quality: {problem_type: Regression}\n", [(2, "model_quality", "needs `predicted`, the column of the model's answers", "")]),
        ("label: paid\nbias: {facets: [{column: sex}]}\n", [(2, "bias", "needs `label_values` or `label_above`: which labels are the positive outcome", "")]),
        ("explainability:\n  baseline: median\n  num_clusters: 3\n", [(1, "explainability", "`baseline` and `num_clusters` exclude one another: rows are given, or found", "")]),
        ("format: {separator: ';;'}\n", [(1, "format.separator", "';;': string should have at most 1 character", "")]),
        (
            "data: data.csv\nlabel: payed\noutputs:\n- answer\n- probability\ntypes: {Age: String}\n",
            [
                (2, "label", "DATA has no column 'payed'", "did you mean 'paid'?"),
                (5, "outputs[1]", "DATA has no column 'probability'", ""),
                (6, "types.Age", "DATA has no column 'Age'", "did you mean 'age'?"),
            ],
        ),
        (None, [(None, "data", "no file of data is named", "name one with --data FILE, or as `data: FILE` in baseline.yaml")]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(model, text, told):
    pytest.importorskip("polars")
    data = (model(None) / "data.csv").as_posix()
    assert wrong(text, model) == [(line, path, message.replace("DATA", data), fix) for line, path, message, fix in told]
    assert not (model(None) / "baseline").exists()


def test_a_key_that_is_there_twice_is_told(model):
    with pytest.raises(InvalidPackageError, match=r"baseline\.yaml:2: label: is there twice, first on line 1"):
        read_baseline_file(model("label: a\nlabel: b\n"))


def test_rows_without_a_label_are_told(model):
    pytest.importorskip("polars")
    with pytest.raises(BaselineDataError) as raised:
        make_baseline(model(data=DATA.replace("40,2.5,m,0", "40,2.5,,")))
    assert [(one.line, one.path) for one in raised.value.violations] == [(3, "paid"), (3, "sex")]


def test_baseline_rows_that_do_not_fit_are_told():
    spec = BaselineSpec.model_validate({"explainability": {"baseline": [[1, 2], [1]]}})
    with pytest.raises(PredictionsError, match=r"explainability\.baseline: row 2 has 1; a request has 2 columns: a, b"):
        explainability_analysis(spec, ["a", "b"], {}, "csv")


def test_without_baseline_rows_clarify_finds_some():
    spec = BaselineSpec.model_validate({"explainability": {"num_clusters": 5}, "predictor": {"model_name": "loan"}})
    config = explainability_analysis(spec, ["a"], {}, "parquet")
    assert config["dataset_type"] == "application/x-parquet"
    assert config["methods"]["shap"]["num_clusters"] == 5
    assert config["predictor"] == {
        "model_name": "loan",
        "instance_type": "ml.m5.large",
        "initial_instance_count": 1,
        "content_type": "text/csv",
        "accept_type": "text/csv",
    }


@pytest.mark.slow
@pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning"
)  # the SDK's own
def test_the_analyses_are_what_the_sdk_takes():
    schema = pytest.importorskip("sagemaker.core.clarify").ANALYSIS_CONFIG_SCHEMA_V1_0
    spec = BaselineSpec.model_validate(
        {
            "label": "paid",
            "bias": {
                "label_above": 0.5,
                "facets": [{"column": "sex"}, {"column": "age", "above": 40}],
                "group": "city",
            },
            "explainability": {
                "baseline": [[1, "x", None]],
                "num_samples": 10,
                "seed": 1,
                "features_to_explain": ["a"],
                "pdp": {"top_k_features": 3},
            },
            "predictor": {"model_name": "loan", "label": 0, "probability": 1, "label_headers": ["no", "yes"]},
        }
    )
    for config in (
        bias_analysis(spec, ["sex", "age", "city", "paid"], "csv"),
        explainability_analysis(spec, ["a", "b", "c"], {}, "json_lines"),
    ):
        assert schema.validate(json.loads(analysis_json(config))) == config


def test_a_folder_is_written_whole_and_keeps_what_others_put_there(tmp_path):
    folder = tmp_path / "baseline"
    write_folder(folder, {"statistics.json": b"1", "bias/analysis.json": b"2"})
    (folder / "README.md").write_bytes(b"ours")
    write_folder(folder, {"statistics.json": b"3", "constraints.json": b"4"})
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert found == {"README.md": b"ours", "statistics.json": b"3", "constraints.json": b"4"}
    assert [path.name for path in tmp_path.iterdir()] == ["baseline"]


def test_a_write_that_fails_leaves_the_folder_as_it_was(tmp_path):
    folder = tmp_path / "baseline"
    write_folder(folder, {"statistics.json": b"1"})
    with pytest.raises(OSError, match="File name too long"):
        write_folder(folder, {"statistics.json": b"2", "x" * 300: b""})
    assert [path.read_bytes() for path in folder.iterdir()] == [b"1"]
    assert [path.name for path in tmp_path.iterdir()] == ["baseline"]


def test_the_committed_schema_is_what_the_spec_says_and_takes_the_example():
    committed = Path(__file__).parents[3] / "docs" / "schemas" / BASELINE_SCHEMA_FILE
    assert committed.read_text(encoding="utf-8") == baseline_schema(), "run `greenroom schema`"
    jsonschema.Draft202012Validator(json.loads(baseline_schema())).validate(yaml.safe_load(FULL))


def test_a_release_holds_the_further_baselines_that_are_there(tmp_path):
    folder = write_model_folder(tmp_path, package=f"{PACKAGE}baseline: baseline\n")
    made = DataQualityBaseline.of({"x": [1, 2]})
    write_folder(
        folder / "baseline",
        {
            "statistics.json": made.statistics_json(),
            "constraints.json": made.constraints_json(),
            "bias/analysis.json": b"{}",
        },
    )
    assert sorted(one for one in read_model_folder(folder).sources if one.startswith("baseline/")) == [
        "baseline/bias/analysis.json",
        "baseline/constraints.json",
        "baseline/statistics.json",
    ]
