"""MLflow models: a folder with `MLmodel`, whatever framework is in it, served through MLflow's python_function.

`MLmodel` says the signature, and `requirements.txt` beside it what serving needs. The folder lies whole in the
container, under `mlflow/`, for it may have a `code/` of its own.

Source: https://mlflow.org/docs/latest/ml/model/
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model_packaging.errors import InvalidPackageError, Violation
from model_packaging.formats.containers import python_container
from model_packaging.formats.errors import BrokenModelError, UnservableModelError
from model_packaging.formats.folder_files import files_under
from model_packaging.formats.inference_code import tabular_code
from model_packaging.formats.model_format import (
    CSV,
    JSON,
    REQUIREMENTS,
    Processor,
    RecognisedModel,
    SampleFile,
    ServingPlan,
)
from model_packaging.formats.samples import inputs_of_samples
from model_packaging.formats.tabular_signature import PREDICTION
from model_packaging.release import Framework, Signature, TensorSpec
from model_packaging.yaml_lines import YamlDocument, dotted, read_yaml

MLMODEL = "MLmodel"
PLACE = "mlflow/"
PYTHON_FUNCTION = "python_function"

DTYPES: Mapping[str, str] = {
    "boolean": "bool", "integer": "int32", "long": "int64", "float": "float32", "double": "float64", "string": "str",
    "binary": "bytes", "datetime": "datetime64[ns]",
}  # fmt: skip
"""MLflow's column types in numpy's words; arrays, objects and maps are `object`."""


@dataclass(frozen=True)
class MlflowFacts:
    """What `MLmodel` says."""

    flavors: tuple[str, ...]
    inputs: tuple[TensorSpec, ...] | None
    outputs: tuple[TensorSpec, ...] | None
    requirements: bytes
    mlflow_version: str
    python_version: str


class MlflowModelFormat:
    """MLflow's model folders."""

    name = "mlflow"
    title = "MLflow model"

    def recognise(self, path: Path) -> RecognisedModel | None:
        """By `MLmodel`, YAML with flavors."""
        if not path.is_dir() or not (path / MLMODEL).is_file():
            return None
        document = read_yaml(path / MLMODEL, (path / MLMODEL).as_posix())
        content = document.content
        if not isinstance(content, dict) or not isinstance(content.get("flavors"), dict):
            raise BrokenModelError(path / MLMODEL, self.title, "it has no flavors")
        facts = _facts(path, content, document)
        flavors = ", ".join(one for one in facts.flavors if one != PYTHON_FUNCTION) or PYTHON_FUNCTION
        return RecognisedModel(
            format=self.name,
            framework=Framework(name="mlflow", version=facts.mlflow_version),
            told=f"an MLflow {facts.mlflow_version} model ({flavors}), by its {MLMODEL}",
            path=path,
            files=files_under(path, PLACE),
            facts=facts,
        )

    def signature(self, model: RecognisedModel, samples: Sequence[SampleFile]) -> Signature:
        """As `MLmodel` says it; inputs from samples where it says none."""
        facts = model.facts_as(MlflowFacts)
        inputs = facts.inputs or inputs_of_samples(samples)
        if inputs is None:
            told = f"{self.title}: it was logged without a signature, and there is no sample with rows"
            fix = "log it with signature= or input_example=, put a request into samples/, or write it into package.yaml"
            raise InvalidPackageError([Violation(model.path.as_posix(), None, "signature", None, told, fix=fix)])
        outputs = facts.outputs or PREDICTION
        return Signature(inputs=inputs, outputs=outputs)

    def serving(self, model: RecognisedModel, processor: Processor) -> ServingPlan:
        """Served as MLflow's scoring server does, in the nearest container."""
        facts = model.facts_as(MlflowFacts)
        if PYTHON_FUNCTION not in facts.flavors:
            message = f"it has no flavor {PYTHON_FUNCTION}, which is what serves it; it has: {', '.join(facts.flavors)}"
            raise UnservableModelError(model.path, self.title, message, fix="log it with a flavor that has one")
        image, note = python_container(model.path, "MLflow models", processor)
        if facts.python_version and not facts.python_version.startswith("3.12"):
            note += f"; it was logged with Python {facts.python_version}, and the container's is 3.12"
        return ServingPlan(
            image=image,
            image_note=note,
            files=model.files,
            generated={**tabular_code("mlflow_inference.py"), REQUIREMENTS: facts.requirements},
            content_types=(JSON, CSV),
        )


def _facts(path: Path, content: Mapping[str, Any], document: YamlDocument) -> MlflowFacts:
    signature = _mapping(path, content.get("signature"), ("signature",), document)
    function = _mapping(path, content["flavors"].get(PYTHON_FUNCTION), ("flavors", PYTHON_FUNCTION), document)
    version = str(content.get("mlflow_version") or "unknown")
    return MlflowFacts(
        flavors=tuple(sorted(map(str, content["flavors"]))),
        inputs=_tensors(path, signature, "inputs", document),
        outputs=_tensors(path, signature, "outputs", document),
        requirements=_requirements(path, version),
        mlflow_version=version,
        python_version=str(function.get("python_version") or ""),
    )


def _mapping(path: Path, value: object, key: tuple[str, ...], document: YamlDocument) -> Mapping[str, Any]:
    """Keys with values, none where nothing is written."""
    if value is None or isinstance(value, dict):
        return value or {}
    shown, told = (path / MLMODEL).as_posix(), "is not keys with values, as MLflow writes them"
    fix = "log the model again"
    raise InvalidPackageError([Violation(shown, document.line(key), dotted(key), value, told, fix=fix)])


def _requirements(path: Path, version: str) -> bytes:
    file = path / "requirements.txt"
    if file.is_file():
        return file.read_bytes().replace(b"\r\n", b"\n")
    return b"mlflow\n" if version == "unknown" else f"mlflow=={version}\n".encode()


def _tensors(
    path: Path, signature: Mapping[str, Any], kind: str, document: YamlDocument
) -> tuple[TensorSpec, ...] | None:
    written = signature.get(kind)
    if not written:
        return None
    try:
        columns = json.loads(written) if isinstance(written, str) else written
        return tuple(_tensor(one, kind, place) for place, one in enumerate(columns))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        line = document.line(("signature", kind))
        told = f"is no signature of MLflow's: {error!r}"
        where = f"signature.{kind}"
        raise InvalidPackageError([Violation((path / MLMODEL).as_posix(), line, where, None, told)]) from error


def _tensor(column: Mapping[str, Any], kind: str, place: int) -> TensorSpec:
    name = str(column.get("name") or (f"{kind.removesuffix('s')}_{place}" if place else kind.removesuffix("s")))
    if column["type"] == "tensor":
        spec = column["tensor-spec"]
        shape = tuple(None if size == -1 else int(size) for size in spec["shape"])
        return TensorSpec(name=name, dtype=_numpy_dtype(str(spec["dtype"])), shape=shape)
    return TensorSpec(name=name, dtype=DTYPES.get(str(column["type"]), "object"), shape=(None,))


def _numpy_dtype(dtype: str) -> str:
    return "str" if dtype in {"object", "str"} or dtype.startswith(("<U", "|S")) else dtype
