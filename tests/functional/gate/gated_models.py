"""Small scikit-learn models with gates, packaged by hand and served for real."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import joblib
import numpy as np
import polars as pl

from model_packaging.release import Release, ReleaseFile, sealed
from model_packaging.serving import ContainerSpec, VariantContainer
from model_packaging.store import file_sha256
from tests.unit.manifests import SERVING_IMAGE, manifest

TUMOR_COLUMNS = ("radius", "texture", "perimeter", "area", "smoothness")

INFERENCE = """
import io, os
import joblib
import numpy as np
from werkzeug.exceptions import BadRequest


def model_fn(model_dir):
    return joblib.load(os.path.join(model_dir, "model.joblib"))


def input_fn(body, content_type):
    rows = np.atleast_2d(np.genfromtxt(io.StringIO(body), delimiter=",", dtype=np.float64))
    if not np.isfinite(rows).all():
        raise BadRequest("a value is missing")
    return rows


def predict_fn(rows, model):
    return model.predict_proba(rows)[:, 1] if hasattr(model, "predict_proba") else model.predict(rows)


def output_fn(answers, accept):
    return "".join(f"{one!r}\\n" for one in answers.tolist()), "text/csv"
"""

TUMOR_GATE = """\
task: {kind: binary, positive: malignant}
columns: {label: diagnosis, not_features: [clinic]}
data:
  test: {file: test.csv}
  train: {file: train.parquet}
metrics:
  roc_auc: {at_least: 0.95, not_worse_than_deployed: {by: 0.01}}
  accuracy: {at_least: 0.9}
  log_loss: {at_most: 0.3}
overfitting:
  roc_auc: {gap_at_most: 0.05}
slices:
  minimum_rows: 20
  of:
    - {column: clinic}
    - {where: "radius >= 15", name: large nuclei}
  worst: {accuracy: {at_least: 0.8}}
calibration: {at_most: 0.15}
robustness:
  missing_values: {expect: refusal, requests: 10}
  perturbation: {metric: roc_auc, relative_noise: 0.1, drop_at_most: 0.05}
fairness:
  - group: clinic
    minimum_rows: 20
    limits: {equal_opportunity_difference: {at_most: 0.3}, selection_rate_ratio: {at_least: 0.3}}
latency:
  - {rows: 1, p50_ms: 5000, p99_ms: 20000, requests: 20, warm_up: 2}
size: {model_mib_at_most: 1}
confidence: {resamples: 30}
"""


def tumor_folder(folder: Path, gate: str = TUMOR_GATE, *, inference: str = INFERENCE, c: float = 1.0) -> Path:
    """A model folder with its gate, and `release/` as packaging would stage it."""
    from sklearn.datasets import load_breast_cancer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import train_test_split
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    data = load_breast_cancer()
    rows = data.data[:, : len(TUMOR_COLUMNS)]
    labels = np.where(data.target == 0, "malignant", "benign")
    clinic = np.where(np.arange(len(rows)) % 3 == 0, "north", "south")
    train, test = train_test_split(np.arange(len(rows)), test_size=0.4, random_state=3, stratify=labels)
    folder.mkdir(parents=True, exist_ok=True)
    frame = pl.DataFrame(dict(zip(TUMOR_COLUMNS, rows.T, strict=True)) | {"clinic": clinic, "diagnosis": labels})
    frame[test].write_csv(folder / "test.csv")
    frame[train].write_parquet(folder / "train.parquet")
    model = make_pipeline(StandardScaler(), LogisticRegression(C=c)).fit(rows[train], labels[train])
    return _written(folder, model, gate, inference)


REGRESSION_GATE = """\
task: {kind: regression}
columns: {label: progression}
data:
  test: {file: test.jsonl}
  train: {file: train.jsonl}
metrics:
  rmse: {at_most: 70}
  r2: {at_least: 0.3}
overfitting:
  rmse: {gap_at_most: 15}
slices:
  minimum_rows: 20
  of:
    - {column: bmi, edges: [-0.02, 0.03]}
  worst: {mae: {at_most: 70}}
robustness:
  perturbation: {metric: rmse, relative_noise: 0.1, drop_at_most: 10}
confidence: {resamples: 30}
"""


def diabetes_folder(folder: Path, gate: str = REGRESSION_GATE, *, inference: str = INFERENCE) -> Path:
    """A regression with its gate."""
    from sklearn.datasets import load_diabetes
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import train_test_split

    data = load_diabetes()
    train, test = train_test_split(np.arange(len(data.target)), test_size=0.4, random_state=3)
    folder.mkdir(parents=True, exist_ok=True)
    columns = dict(zip(data.feature_names, data.data.T, strict=True)) | {"progression": data.target}
    frame = pl.DataFrame(columns)
    frame[test].write_ndjson(folder / "test.jsonl")
    frame[train].write_ndjson(folder / "train.jsonl")
    return _written(folder, Ridge(alpha=0.1).fit(data.data[train], data.target[train]), gate, inference)


def _written(folder: Path, model: object, gate: str, inference: str) -> Path:
    (folder / "gate.yaml").write_text(gate, encoding="utf-8")
    code = folder / "release/model/code"
    code.mkdir(parents=True, exist_ok=True)
    joblib.dump(model, folder / "release/model/model.joblib")
    (code / "inference.py").write_text(inference, encoding="utf-8")
    return folder


def release_of(folder: Path, *, version: str = "1.0.0") -> Release:
    """The release's manifest, as packaging would make it."""
    staged = folder / "release"
    files = [
        ReleaseFile(path=path.relative_to(staged).as_posix(), sha256=file_sha256(path), size_bytes=path.stat().st_size)
        for path in sorted(staged.rglob("*"))
        if path.is_file()
    ]
    image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/greenroom-tests:1"
    # Of our own: AWS's scikit-learn container answers an exception of the handlers with 500, whatever its status.
    rows = {"name": "rows", "dtype": "float64", "shape": [None, 5]}
    score = {"name": "score", "dtype": "float64", "shape": [None]}
    return sealed(
        manifest(
            name=folder.name,
            version=version,
            files=tuple(sorted(files, key=lambda one: one.path)),
            signature={"inputs": [rows], "outputs": [score]},
            metrics={},
            serving_image=SERVING_IMAGE | {"uris": {"us-east-1": image}},
        )
    )


@contextmanager
def served(folder: Path, work_folder: Path) -> Iterator[VariantContainer]:
    """The folder's release, served until the end."""
    release = release_of(folder)
    spec = ContainerSpec(release.name, release.image_uri("us-east-1"), release.environment, folder / "release/model")
    with VariantContainer.start(spec, work_folder) as container:
        yield container


def inference_answering(output: str) -> str:
    """Inference code whose `output_fn` is the given body, of `answers` and `json`."""
    head, _, _ = INFERENCE.partition("def output_fn")
    return f"{head}def output_fn(answers, accept):\n    {output}\n"
