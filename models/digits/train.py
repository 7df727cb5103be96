"""Trains the digits model anew: `python models/digits/train.py` (needs `pip install 'greenroom[train]'`).

Writes beside itself `trained.skops`, which `greenroom optimise models/digits` makes the served `model.onnx` of,
`metrics.json` (of the trained model, on rows that training never saw), `data/` (train, validation and test, split
once) and `samples/`: a handwritten digit as an image, and rows of pixels.
Nothing is random: split and training have a fixed seed, and one thread, for sums depend on how many add them up.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import skops.io
from sklearn.datasets import load_digits
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from threadpoolctl import threadpool_limits

HERE = Path(__file__).parent
SEED = 7
SIDE = 8
WHITE = 16
SAMPLE_ROWS = 4
CALIBRATION_ROWS = 200
DIGITS = 4


def main() -> None:
    """Trains and writes."""
    data = load_digits()
    pixels = data.data.astype(np.float32)
    train, rest, train_labels, rest_labels = train_test_split(
        pixels, data.target, test_size=0.4, stratify=data.target, random_state=SEED
    )
    validation, test, validation_labels, test_labels = train_test_split(
        rest, rest_labels, test_size=0.5, stratify=rest_labels, random_state=SEED
    )
    model = make_pipeline(MinMaxScaler(), MLPClassifier((48,), alpha=0.5, max_iter=400, random_state=SEED))
    with threadpool_limits(1):
        model.fit(train, train_labels)
        probabilities = model.predict_proba(test)
    (HERE / "trained.skops").write_bytes(same_bytes(skops.io.dumps(model)))

    (HERE / "data").mkdir(exist_ok=True)
    header = [f"pixel_{index}" for index in range(SIDE * SIDE)]
    parts = {
        "train": (train, train_labels),
        "validation": (validation, validation_labels),
        "test": (test, test_labels),
    }
    for name, (rows, labels) in parts.items():
        write_csv(HERE / "data" / f"{name}.csv", np.column_stack([rows, labels]), header=[*header, "digit"])
    write_csv(HERE / "data" / "calibration.csv", train[:CALIBRATION_ROWS])
    write_samples(test, test_labels)
    text = json.dumps(metrics(probabilities, test_labels), indent=2, sort_keys=True)
    (HERE / "metrics.json").write_text(f"{text}\n", encoding="utf-8", newline="\n")
    print(text)


def same_bytes(dumped: bytes) -> bytes:
    """A skops file without the addresses in memory that it names its parts by, and without the time.

    https://skops.readthedocs.io/en/stable/persistence.html
    """
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(dumped)) as source, zipfile.ZipFile(written, "w") as target:
        schema = source.read("schema.json").decode()
        numbers: dict[str, str] = {}
        for address in re.findall(r'"__id__": (\d+)', schema):
            numbers.setdefault(address, str(len(numbers)))
        named = {f'"{address}.npy"': f'"{number}.npy"' for address, number in numbers.items()}
        schema = re.sub(r'"\d+\.npy"', lambda one: named[one[0]], schema)
        schema = re.sub(r'(?<="__id__": )\d+', lambda one: numbers[one[0]], schema)
        for name in source.namelist():
            stem = name.removesuffix(".npy")
            content = schema.encode() if name == "schema.json" else source.read(name)
            target.writestr(zipfile.ZipInfo(name if stem == name else f"{numbers[stem]}.npy"), content)
    return written.getvalue()


def metrics(probabilities: Any, labels: Any) -> dict[str, float]:
    """The figures of the model card, on held-out rows."""
    figures = {
        "accuracy": accuracy_score(labels, probabilities.argmax(axis=1)),
        "log_loss": log_loss(labels, probabilities),
    }
    return {name: round(float(figure), DIGITS) for name, figure in figures.items()}


def write_samples(rows: Any, labels: Any) -> None:
    """`samples/`: the first four test rows, and a seven as a portable graymap (https://netpbm.sourceforge.net/doc/pgm.html)."""
    folder = HERE / "samples"
    folder.mkdir(exist_ok=True)
    write_csv(folder / "rows.csv", rows[:SAMPLE_ROWS])
    seven = rows[int(np.flatnonzero(labels == 7)[0])].reshape(SIDE, SIDE).astype(int)
    lines = [" ".join(map(str, line)) for line in seven]
    text = "\n".join(["P2", f"{SIDE} {SIDE}", str(WHITE), *lines]) + "\n"
    (folder / "seven.pgm").write_text(text, encoding="ascii", newline="\n")


def write_csv(path: Path, rows: Any, header: Sequence[str] = ()) -> None:
    """Pixels are whole numbers from 0, black, to 16, white."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        if header:
            writer.writerow(header)
        writer.writerows(rows.astype(int).tolist())


if __name__ == "__main__":
    main()
