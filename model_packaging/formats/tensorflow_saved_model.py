"""TensorFlow SavedModels: a folder with `saved_model.pb`, or of numbered versions of such folders.

AWS's TensorFlow Serving container reads `/opt/ml/model/VERSION/saved_model.pb` and needs no code; a `code/inference.py`
of the user's must have that container's handlers.

Source: https://github.com/aws/sagemaker-tensorflow-serving-container
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from model_packaging.formats.containers import nearest_version, refuse_inferentia, release_of
from model_packaging.formats.errors import BrokenModelError, UnservableModelError
from model_packaging.formats.folder_files import files_under
from model_packaging.formats.model_format import CSV, JSON, Processor, RecognisedModel, SampleFile, ServingPlan
from model_packaging.formats.protobuf_wire import WireError
from model_packaging.formats.samples import check_samples
from model_packaging.formats.saved_model_file import SAVED_MODEL, SavedModelFile, SignatureDef, read_saved_model
from model_packaging.package_spec import ServingImageRequest
from model_packaging.release import Framework, Signature

CONTAINERS: Mapping[str, str] = {"2.16.1": "py3", "2.18.0": "py3", "2.19.0": "py3", "2.20.0": "py312"}
"""Versions of AWS's TensorFlow Serving container to the Python that the SageMaker SDK asks for."""

UNKNOWN_VERSION = "unknown"
DEFAULT_SIGNATURE = "serving_default"
FIRST_VERSION = "1"
GRAPH_HEAD = b"\x08\x01\x12"
"""What `saved_model.pb` begins with: schema version 1, and a graph."""

JSON_LINES = "application/jsonlines"


@dataclass(frozen=True)
class SavedModelFacts:
    """The version that answers, and what it says."""

    folder: Path
    content: SavedModelFile

    def signature(self, title: str) -> SignatureDef:
        """The function that answers where a request names none."""
        known = {name: one for name, one in self.content.signatures.items() if one.inputs and one.outputs}
        if DEFAULT_SIGNATURE in known:
            return known[DEFAULT_SIGNATURE]
        told = ", ".join(self.content.signatures) or "none"
        fix = "save it with signatures={'serving_default': …}"
        message = f"it has no signature {DEFAULT_SIGNATURE!r}, which TensorFlow Serving answers with; it has: {told}"
        raise UnservableModelError(self.folder, title, message, fix=fix)


class TensorflowSavedModelFormat:
    """SavedModels."""

    name = "tensorflow_saved_model"
    title = "TensorFlow SavedModel"

    def recognise(self, path: Path) -> RecognisedModel | None:
        """By `saved_model.pb`, a protobuf with a graph that is tagged for serving."""
        if not path.is_dir():
            self._refuse_graph(path)
            return None
        versions = _versions(path)
        if not versions:
            return None
        facts = [self._facts(folder) for folder in versions.values()]
        newest = facts[-1]
        version = newest.content.tensorflow_version or UNKNOWN_VERSION
        told = f"a SavedModel of TensorFlow {version}, by its saved_model.pb"
        files = {
            place: file
            for number, folder in versions.items()
            for place, file in files_under(folder, f"{number}/").items()
        }
        return RecognisedModel(
            format=self.name,
            framework=Framework(name="tensorflow", version=version),
            told=told if len(versions) == 1 else f"{told}; versions: {', '.join(versions)}",
            path=path,
            files=files,
            facts=newest,
        )

    def signature(self, model: RecognisedModel, samples: Sequence[SampleFile]) -> Signature:
        """Inputs and outputs of `serving_default`."""
        found = model.facts_as(SavedModelFacts).signature(self.title)
        signature = Signature(inputs=found.inputs, outputs=found.outputs)
        check_samples(samples, signature)
        return signature

    def serving(self, model: RecognisedModel, processor: Processor) -> ServingPlan:
        """Served by AWS's TensorFlow Serving container."""
        refuse_inferentia(model.path, self.title, processor)
        model.facts_as(SavedModelFacts).signature(self.title)
        wrote = model.framework.version
        newest = list(CONTAINERS)[-1]
        version, same = (newest, True) if wrote == UNKNOWN_VERSION else nearest_version(tuple(CONTAINERS), wrote)
        is_older = release_of(wrote) <= release_of(version)
        note = f"AWS has no TensorFlow {wrote} container; the {version} one is the nearest, whose TensorFlow reads it"
        return ServingPlan(
            image=ServingImageRequest(
                framework="tensorflow",
                version=version,
                py_version=CONTAINERS[version],
                processor=processor,
            ),
            image_note=None if same else note + ("" if is_older else " as a rule, not by promise"),
            files=model.files,
            entry_point=None,
            content_types=(JSON, CSV, JSON_LINES),
        )

    def _refuse_graph(self, path: Path) -> None:
        """`saved_model.pb` by itself is a graph without its weights, and begins as ONNX files do."""
        with path.open("rb") as stream:
            if stream.read(len(GRAPH_HEAD)) != GRAPH_HEAD:
                return
        try:
            read_saved_model(path)
        except WireError:
            return
        message = "the file is its graph, and the weights lie beside it"
        raise UnservableModelError(path, self.title, message, fix="name the folder that it lies in as the model")

    def _facts(self, folder: Path) -> SavedModelFacts:
        try:
            content = read_saved_model(folder / SAVED_MODEL)
        except WireError as error:
            raise BrokenModelError(folder / SAVED_MODEL, self.title, str(error)) from error
        _check_variables(folder, self.title)
        return SavedModelFacts(folder, content)


def _versions(path: Path) -> dict[str, Path]:
    """Version to folder, ascending; a SavedModel by itself is version 1."""
    if (path / SAVED_MODEL).is_file():
        return {path.name if path.name.isdigit() else FIRST_VERSION: path}
    numbered = [one for one in path.iterdir() if one.name.isdigit() and (one / SAVED_MODEL).is_file()]
    return {one.name: one for one in sorted(numbered, key=lambda one: int(one.name))}


def _check_variables(folder: Path, title: str) -> None:
    """Weights lie in as many files as their names say: `variables.data-00000-of-00002`."""
    variables = folder / "variables"
    if not variables.is_dir():
        return
    shards = {one.name for one in variables.glob("variables.data-*-of-*")}
    wanted = {
        f"variables.data-{place:05}-of-{total}"
        for total in {name.rpartition("-")[2] for name in shards}
        for place in range(int(total) if total.isdigit() else 0)
    }
    missing = sorted(wanted - shards)
    if shards and not (variables / "variables.index").is_file():
        missing.append("variables.index")
    if missing:
        raise BrokenModelError(variables, title, f"its weights are not whole; missing: {', '.join(missing)}")
