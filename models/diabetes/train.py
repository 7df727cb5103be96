"""Trains the diabetes model anew: `python models/diabetes/train.py` (needs `pip install 'greenroom[train,xgboost]'`).

Writes beside itself what a release is packaged and judged from: `model.json`, `data/` (train, validation and test,
split once) and `samples/`. Nothing is random: the split and the trees have a fixed seed.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xgboost
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split

HERE = Path(__file__).parent
SEED = 7
SAMPLE_ROWS = 4
TARGET = "progression"

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
    (HERE / "samples").mkdir(exist_ok=True)
    write_csv(HERE / "samples" / "rows.csv", test[:SAMPLE_ROWS, :-1])
    answers = booster.predict(xgboost.DMatrix(test[:, :-1], feature_names=names))
    print(f"test RMSE {float(np.sqrt(np.mean((answers - test[:, -1]) ** 2))):.2f}")


def write_csv(path: Path, rows: Any, header: Sequence[str] = ()) -> None:
    """Numbers as Python writes them, whole ones without a point."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        if header:
            writer.writerow(header)
        writer.writerows([[int(one) if one == int(one) else float(one) for one in row] for row in rows])


if __name__ == "__main__":
    main()
