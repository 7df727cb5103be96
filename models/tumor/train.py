"""Trains the tumor model anew: `python models/tumor/train.py` (needs `pip install 'greenroom[train,sandbox]'`).

Writes beside itself everything that a release is packaged from: `model.onnx`, `metrics.json` (on rows that
training never saw), `baseline/` (what the data-quality monitor compares live traffic with), `samples/`, and `data/`,
which `gate.yaml` judges with.
Nothing is random: the split has a fixed seed, and figures are rounded below what processors differ in.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from inference import LABELS, model_fn, probability_of
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss, recall_score, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from model_packaging.baseline import DataQualityBaseline

HERE = Path(__file__).parent
SEED = 7
HELD_OUT = 0.2
SAMPLE_ROWS = 6
DIGITS = 6

# onnxruntime 1.17 and newer read these; what skl2onnx would choose by itself moves with its version.
TARGET_OPSET = {"": 17, "ai.onnx.ml": 3}
IR_VERSION = 8


def main() -> None:
    """Trains, measures and writes."""
    data = load_breast_cancer()
    malignant = 1 - data.target  # scikit-learn has benign = 1; what we look for is the positive class here
    train_rows, test_rows, train_labels, test_labels = train_test_split(
        data.data.astype(np.float32), malignant, test_size=HELD_OUT, stratify=malignant, random_state=SEED
    )
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(C=0.5, max_iter=1000))
    pipeline.fit(train_rows, train_labels)
    write_onnx(pipeline)

    # Measured through the code that will serve, not on the trainer's object.
    session = model_fn(str(HERE))
    _write_json(HERE / "metrics.json", metrics(probability_of(test_rows, session), test_labels))
    write_baseline(list(data.feature_names), train_rows, probability_of(train_rows, session))
    write_samples(test_rows, test_labels)
    columns = [name.replace(" ", "_") for name in data.feature_names]
    write_data("train", columns, train_rows, train_labels)
    write_data("test", columns, test_rows, test_labels)
    print((HERE / "metrics.json").read_text(encoding="utf-8"))


def write_onnx(pipeline: object) -> None:
    """`model.onnx`: rows of 30 floats in, labels and probabilities out."""
    model = to_onnx(
        pipeline,
        initial_types=[("rows", FloatTensorType([None, 30]))],
        options={"zipmap": False},
        target_opset=TARGET_OPSET,
    )
    model.ir_version = IR_VERSION
    model.graph.name = "tumor"
    (HERE / "model.onnx").write_bytes(model.SerializeToString(deterministic=True))


def metrics(probability: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """The figures of the model card, on held-out rows; malignant is the positive class."""
    decided = probability >= 0.5
    figures = {
        "accuracy": accuracy_score(labels, decided),
        "log_loss": log_loss(labels, probability),
        "recall": recall_score(labels, decided),
        "roc_auc": roc_auc_score(labels, probability),
    }
    return {name: round(float(figure), DIGITS) for name, figure in figures.items()}


def write_baseline(feature_names: list[str], rows: np.ndarray, probability: np.ndarray) -> None:
    """`baseline/`: the answer's columns first, then the request's, as the monitor joins a captured event.

    https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-pre-and-post-processing.html
    """
    columns: dict[str, list[float] | list[str]] = {
        "probability": [round(float(one), DIGITS) for one in probability],
        "label": [LABELS[bool(one >= 0.5)] for one in probability],
    }
    for index, name in enumerate(feature_names):
        columns[name.replace(" ", "_")] = [float(str(one)) for one in rows[:, index]]
    baseline = DataQualityBaseline.of(columns)
    folder = HERE / "baseline"
    folder.mkdir(exist_ok=True)
    (folder / "statistics.json").write_bytes(baseline.statistics_json())
    (folder / "constraints.json").write_bytes(baseline.constraints_json())


def write_samples(rows: np.ndarray, labels: np.ndarray) -> None:
    """`samples/`: a few rows that training never saw, half of them malignant, with what a pathologist found."""
    chosen = sorted(index for value in (0, 1) for index in np.flatnonzero(labels == value)[: SAMPLE_ROWS // 2])
    texts = [[str(one) for one in rows[index]] for index in chosen]
    folder = HERE / "samples"
    folder.mkdir(exist_ok=True)
    (folder / "rows.csv").write_text("".join(f"{','.join(row)}\n" for row in texts), encoding="utf-8", newline="\n")
    _write_json(folder / "request.json", {"instances": [[float(one) for one in row] for row in texts]})
    _write_json(folder / "truth.json", [LABELS[bool(labels[index])] for index in chosen])


def write_data(name: str, columns: list[str], rows: np.ndarray, labels: np.ndarray) -> None:
    """`data/NAME.csv`: what the gate asks the served model with, and what a pathologist found."""
    lines = [",".join([*columns, "diagnosis"])]
    lines += [
        ",".join([*(str(one) for one in row), LABELS[bool(label)]]) for row, label in zip(rows, labels, strict=True)
    ]
    folder = HERE / "data"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def _write_json(path: Path, content: object) -> None:
    text = json.dumps(content, indent=2, sort_keys=True)
    path.write_text(f"{text}\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
