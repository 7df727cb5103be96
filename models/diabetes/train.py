"""Trains the diabetes model anew: `python models/diabetes/train.py` (needs `pip install 'greenroom[train,xgboost]'`).

Writes beside itself what a release is packaged and judged from: `model.json`, `metrics.json` (on rows that training
never saw), `data/` (train, validation and test, split once; `answered.csv`, which `greenroom baseline models/diabetes`
makes `baseline/` of) and `samples/`. Nothing is random: the split and the trees have a fixed seed.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xgboost
from sklearn.datasets import load_diabetes
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error
from sklearn.model_selection import train_test_split

HERE = Path(__file__).parent
SEED = 7
SAMPLE_ROWS = 4
TARGET = "progression"
ANSWER = "predicted_progression"
DIGITS = 6

OPTIONS = {
    "objective": "reg:squarederror",
    "eta": 0.05,
    "max_depth": 2,
    "min_child_weight": 20,
    "subsample": 0.8,
    "colsample_bytree": 0.8,
    "lambda": 10,
    "seed": SEED,
    "nthread": 1,
}
ROUNDS = 120


def main() -> None:
    """Trains and writes."""
    data = load_diabetes(scaled=False)
    names = list(data.feature_names)
    train, rest = train_test_split(np.column_stack([data.data, data.target]), test_size=0.4, random_state=SEED)
    validation, test = train_test_split(rest, test_size=0.5, random_state=SEED)
    rows = xgboost.DMatrix(train[:, :-1], train[:, -1], feature_names=names)
    booster = xgboost.train(OPTIONS, rows, ROUNDS)
    booster.save_model(HERE / "model.json")

    (HERE / "data").mkdir(exist_ok=True)
    for name, table in (("train", train), ("validation", validation), ("test", test)):
        write_csv(HERE / "data" / f"{name}.csv", table, header=[*names, TARGET])
    answered = np.column_stack([predictions(booster, names, validation), validation])
    write_csv(HERE / "data" / "answered.csv", answered, header=[ANSWER, *names, TARGET])
    (HERE / "samples").mkdir(exist_ok=True)
    write_csv(HERE / "samples" / "rows.csv", test[:SAMPLE_ROWS, :-1])
    text = json.dumps(metrics(predictions(booster, names, test), test[:, -1]), indent=2, sort_keys=True)
    (HERE / "metrics.json").write_text(f"{text}\n", encoding="utf-8", newline="\n")
    print(text)


def predictions(booster: xgboost.Booster, names: list[str], table: Any) -> Any:
    """What the model says of a table whose last column is the truth."""
    return booster.predict(xgboost.DMatrix(table[:, :-1], feature_names=names)).astype(float).round(DIGITS)


def metrics(answers: Any, truth: Any) -> dict[str, float]:
    """The figures of the model card, on held-out rows."""
    figures = {
        "mae": mean_absolute_error(truth, answers),
        "r2": r2_score(truth, answers),
        "rmse": root_mean_squared_error(truth, answers),
    }
    return {name: round(float(figure), DIGITS) for name, figure in figures.items()}


def write_csv(path: Path, rows: Any, header: Sequence[str] = ()) -> None:
    """Numbers as Python writes them, whole ones without a point."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        if header:
            writer.writerow(header)
        writer.writerows([[int(one) if one == int(one) else float(one) for one in row] for row in rows])


if __name__ == "__main__":
    main()
