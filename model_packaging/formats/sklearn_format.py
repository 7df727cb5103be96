"""scikit-learn: a pickle, plain or joblib's (compressed or not), or a skops file.

The scikit-learn wrappers of XGBoost, LightGBM and CatBoost are pickled the same way, and are said to be what they are.
Nothing is unpickled here: see `pickle_reader`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from model_packaging.errors import InvalidPackageError, Violation
from model_packaging.formats.compressed import DamagedStreamError, compression_of, open_decompressed
from model_packaging.formats.containers import SKLEARN_VERSIONS, nearest_version, python_container, refuse_inferentia
from model_packaging.formats.errors import BrokenModelError, UnservableModelError
from model_packaging.formats.inference_code import tabular_code
from model_packaging.formats.model_format import (
    CSV,
    JSON,
    NPY,
    REQUIREMENTS,
    Processor,
    RecognisedModel,
    SampleFile,
    ServingPlan,
)
from model_packaging.formats.pickle_reader import read_pickle
from model_packaging.formats.pickled import NotAPickleError, PickleContent, PickledClass, PickledObject
from model_packaging.formats.pickled_arrays import array_dtype
from model_packaging.formats.samples import check_samples, inputs_of_samples
from model_packaging.formats.sklearn_models import ModelFacts, model_facts
from model_packaging.formats.skops_file import NotASkopsFileError, is_skops, read_skops
from model_packaging.formats.tabular_signature import PREDICTION, inputs_of_rows, outputs_of_classifier
from model_packaging.package_spec import ServingImageRequest
from model_packaging.release import Framework, Signature, TensorSpec

DISTRIBUTIONS = {
    "catboost": "catboost", "category_encoders": "category-encoders", "imblearn": "imbalanced-learn",
    "lightgbm": "lightgbm", "pandas": "pandas", "scipy": "", "xgboost": "xgboost", "sklearn": "", "numpy": "",
    "joblib": "", "skops": "", "polars": "polars",
}  # fmt: skip
"""Modules that a model may name, to what pip installs for them; empty where scikit-learn brings it."""

DATA_MODULES = frozenset({"joblib", "numpy", "pandas", "polars", "scipy"})
"""Whose objects are a model's data, and no model: an array, a table."""

UNKNOWN_VERSION = "unknown"


@dataclass(frozen=True)
class SklearnFacts:
    """What was read of the file."""

    encoding: str
    """`joblib`, `pickle` or `skops`, for a person."""
    model: ModelFacts
    modules: tuple[str, ...]
    """Top-level modules that loading it imports, but Python's own."""
    needs_numpy_2: bool


class SklearnFormat:
    """Pickled scikit-learn estimators, and those that have its interface."""

    name = "sklearn"
    title = "scikit-learn (joblib, pickle, skops)"

    def recognise(self, path: Path) -> RecognisedModel | None:
        """By the classes that the pickle, or the skops schema, names."""
        if not path.is_file():
            return None
        found = _read(path)
        if found is None or not isinstance(found[1].root, PickledObject):
            return None
        encoding, content = found
        module = content.root.class_name.split(".")[0]
        if module in DATA_MODULES or not ("sklearn" in content.modules or module in DISTRIBUTIONS):
            return None
        facts = _facts(encoding, content)
        if not facts.model.is_fitted:
            message = f"the {facts.model.class_name.rsplit('.', 1)[-1]} was never fitted"
            raise BrokenModelError(path, self.title, message, fix="fit it, and save it again")
        version = facts.model.sklearn_version
        title = f"scikit-learn {version}" if version else "scikit-learn, of an untold version"
        if facts.model.wrapper is not None:
            title = f"{facts.model.wrapper}'s scikit-learn wrapper"
        short = facts.model.class_name.rsplit(".", 1)[-1]
        return RecognisedModel(
            format=self.name,
            framework=Framework(name="sklearn", version=version or UNKNOWN_VERSION),
            told=f"{title} ({short}), by the classes that its {encoding} names",
            path=path,
            files={"model.skops" if encoding == "skops" else "model.joblib": path},
            facts=facts,
        )

    def signature(self, model: RecognisedModel, samples: Sequence[SampleFile]) -> Signature:
        """Columns as the model counts and names them; their types from samples where they may be text."""
        facts = model.facts_as(SklearnFacts).model
        signature = Signature(inputs=_inputs(model.path, facts, samples), outputs=_outputs(facts))
        check_samples(samples, signature)
        return signature

    def serving(self, model: RecognisedModel, processor: Processor) -> ServingPlan:
        """Served by AWS's scikit-learn container of the same release, or the nearest that installs it."""
        facts = model.facts_as(SklearnFacts)
        refuse_inferentia(model.path, self.title, processor)
        if "__main__" in facts.modules:
            message = "it names a class or function of __main__, the notebook or script that made it"
            fix = "move that into a module, save the model again, and add the module to files as code/NAME.py"
            raise UnservableModelError(model.path, self.title, message, fix=fix)
        version = model.framework.version
        image, note = _image(model.path, version, processor)
        return ServingPlan(
            image=image,
            image_note=note,
            files=model.files,
            generated={
                **tabular_code("sklearn_inference.py"),
                REQUIREMENTS: "".join(f"{line}\n" for line in _requirements(facts, version)).encode(),
            },
            content_types=(CSV, JSON) if facts.model.names or facts.model.reads_texts else (CSV, JSON, NPY),
            reads_signature=True,
        )


def _read(path: Path) -> tuple[str, PickleContent] | None:
    """How it is written and what it says; None where it is neither pickle nor skops."""
    title = SklearnFormat.title
    try:
        if is_skops(path):
            return "skops", read_skops(path)
        compression = compression_of(path)
        if compression is None and not _begins_as_pickle(path):
            return None
        with open_decompressed(path, compression) as stream:
            if compression is not None and stream.peek(1)[:1] not in {b"\x80", b"c"}:  # type: ignore[attr-defined]
                return None
            content = read_pickle(stream)
            stream.read(1)  # what a compressed stream has after the last byte: its checksum
    except (NotAPickleError, NotASkopsFileError, DamagedStreamError) as error:
        raise BrokenModelError(path, title, str(error)) from error
    if content.by_joblib or compression is not None:
        return "joblib" if compression is None else f"joblib ({compression})", content
    return "pickle", content


def pickled_root(path: Path) -> str | None:
    """What was pickled, for a person; None where the file is no whole pickle."""
    try:
        found = _read(path)
    except BrokenModelError:
        return None
    if found is None:
        return None
    root = found[1].root
    if isinstance(root, PickledClass):
        return str(root)
    if not isinstance(root, PickledObject):
        return type(root).__name__
    return "numpy.ndarray" if array_dtype(root) else root.class_name


def _begins_as_pickle(path: Path) -> bool:
    with path.open("rb") as stream:
        head = stream.read(32)
    binary = head[:1] == b"\x80" and len(head) > 1 and 2 <= head[1] <= 5
    return binary or head.startswith(b"ccopy_reg\n_reconstructor\n")


def _facts(encoding: str, content: PickleContent) -> SklearnFacts:
    own = {one for one in content.modules if one not in sys.stdlib_module_names or one == "__main__"}
    own -= {"copy_reg", "__builtin__", "builtins", "None"}
    needs_numpy_2 = any(one.module.startswith("numpy._core") for one in content.classes)
    return SklearnFacts(encoding, model_facts(content.root), tuple(sorted(own)), needs_numpy_2)


def _inputs(path: Path, facts: ModelFacts, samples: Sequence[SampleFile]) -> tuple[TensorSpec, ...]:
    if facts.reads_texts:
        return (TensorSpec(name="text", dtype="str", shape=(None,)),)
    seen = inputs_of_samples(samples, names=facts.names) if facts.may_read_text or facts.width is None else None
    if seen is not None:
        return seen
    if facts.may_read_text or facts.width is None:
        what = "which columns are text" if facts.width else "how many columns it reads"
        message = f"{facts.class_name.rsplit('.', 1)[-1]} does not say {what}, and there is no sample with rows"
        fix = "put a request with rows into samples/ (CSV or JSON), or write the signature into package.yaml"
        raise InvalidPackageError([Violation(path.as_posix(), None, "", None, message, fix=fix)])
    return inputs_of_rows(facts.width, facts.names)


def _outputs(facts: ModelFacts) -> tuple[TensorSpec, ...]:
    if facts.labels is None:
        return PREDICTION
    return outputs_of_classifier(len(facts.labels), facts.label_dtype, has_probabilities=facts.has_probabilities)


def _image(path: Path, version: str, processor: Processor) -> tuple[ServingImageRequest, str | None]:
    if processor == "gpu":
        return python_container(path, "scikit-learn", processor)
    if version == UNKNOWN_VERSION:
        container, same = SKLEARN_VERSIONS[-1], True
    else:
        container, same = nearest_version(SKLEARN_VERSIONS, version)
    image = ServingImageRequest(framework="sklearn", version=container, py_version="py3", processor="cpu")
    if same:
        return image, None
    note = (
        f"AWS has no scikit-learn {version} container; the {container} one is the nearest: it installs the model's "
        "version from code/requirements.txt when it starts (which needs the network)"
    )
    return image, note


def _requirements(facts: SklearnFacts, version: str) -> Iterator[str]:
    yield "scikit-learn" if version == UNKNOWN_VERSION else f"scikit-learn=={version}"
    if facts.needs_numpy_2:
        yield "numpy>=2"  # the arrays were pickled by numpy 2, whose modules numpy 1 does not have
    if facts.model.names and "pandas" not in facts.modules:
        yield "pandas"
    if facts.encoding == "skops":
        yield "skops"
    yield from (DISTRIBUTIONS[one] for one in facts.modules if DISTRIBUTIONS.get(one))
