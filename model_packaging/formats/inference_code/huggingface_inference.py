"""Serves a Hugging Face directory with the pipeline of its task: the handlers of AWS's Hugging Face container.

A request is JSON `{"inputs": …, "parameters": {…}}`, where `inputs` is a text, a list of texts, or an object of the
pipeline's own inputs; CSV with a line `inputs` first; or, for models of images and sounds, their bytes. The answer is
what the pipeline says, as JSON. A directory that was compiled for Neuron has optimum-neuron's pipeline. Code that the
model brings is never run (`trust_remote_code` is not set), and pickled weights are loaded as weights only.
https://github.com/aws/sagemaker-huggingface-inference-toolkit
"""

from __future__ import annotations

import csv
import importlib
import io
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from transformers import pipeline

if TYPE_CHECKING:
    from model_packaging.formats.inference_code import tabular
else:
    import tabular

TASK = os.environ["HF_TASK"]
READS_BYTES = TASK.startswith(("image", "object", "audio", "automatic-speech"))


def model_fn(model_dir: str) -> Any:
    """The pipeline; one thread, for a container's workers already fill the processors."""
    torch.set_num_threads(1)
    if (Path(model_dir) / "model.neuron").is_file():
        os.environ.setdefault("NEURON_RT_NUM_CORES", "1")  # a core a worker: by itself the first takes all of them
        return importlib.import_module("optimum.neuron.pipelines").pipeline(TASK, model=model_dir)
    return pipeline(TASK, model=model_dir, device=0 if torch.cuda.is_available() else -1)


def transform_fn(model: Any, body: str | bytes, content_type: str, accept: str) -> Any:
    """Body and content type of the answer; 4XX where the request is wrong."""
    return tabular.answered(lambda: _answer(_prediction(_request(body, content_type), model), accept))


def _request(body: str | bytes, content_type: str) -> dict[str, Any]:
    """What goes to the pipeline: `inputs`, and `parameters` by name."""
    media_type = content_type.split(";", maxsplit=1)[0].strip().lower()
    if READS_BYTES and media_type.startswith(("image/", "audio/", "application/x-image", "application/octet-stream")):
        return {"inputs": _media(body if isinstance(body, bytes) else body.encode(errors="surrogateescape"))}
    if media_type == "text/csv":
        return {"inputs": _csv_texts(body)}
    if media_type != "application/json":
        raise tabular.RequestError(415, f"content type {content_type!r}: send application/json or text/csv")
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise tabular.RequestError(400, f"the body is not JSON: {error}") from error
    if not isinstance(content, dict) or "inputs" not in content:
        raise tabular.RequestError(400, 'the body must be {"inputs": …}, with "parameters" if you like')
    if not isinstance(content.get("parameters") or {}, dict):
        raise tabular.RequestError(400, '"parameters" must be an object')
    if not _is_readable(content["inputs"]):
        raise tabular.RequestError(
            400, '"inputs" must be a text, a list of texts, or an object of texts; none of them empty'
        )
    return content


def _prediction(request: dict[str, Any], model: Any) -> Any:
    """What the pipeline says; what it does not take is told with 400."""
    inputs, parameters = request["inputs"], request.get("parameters") or {}
    try:
        if isinstance(inputs, dict):
            return model(**inputs, **parameters)
        return model(inputs, **parameters)
    except (TypeError, ValueError, KeyError) as error:
        raise tabular.RequestError(400, f"the pipeline {TASK} does not take this: {error}") from error


def _answer(prediction: Any, accept: str) -> tuple[str, str]:
    """JSON."""
    accepted = {one.split(";")[0].strip().lower() for one in accept.split(",")}
    if not accepted & {"application/json", "application/*", "*/*", ""}:
        raise tabular.RequestError(406, f"accept {accept!r}: this model answers in application/json")
    return json.dumps(prediction, default=_plain), "application/json"


def _is_readable(inputs: Any) -> bool:
    if isinstance(inputs, dict):
        return bool(inputs) and all(_is_readable(one) for one in inputs.values())
    if isinstance(inputs, list):
        return bool(inputs) and all(_is_readable(one) for one in inputs)
    return isinstance(inputs, str) and inputs != ""


def _csv_texts(body: str | bytes) -> list[str]:
    text = body if isinstance(body, str) else body.decode(errors="replace")
    try:
        rows = [row for row in csv.reader(io.StringIO(text)) if row]
    except csv.Error as error:
        raise tabular.RequestError(400, f"the body is not CSV: {error}") from error
    if len(rows) < 2 or rows[0] != ["inputs"] or any(len(row) != 1 for row in rows):
        raise tabular.RequestError(400, "a CSV body has one column, whose first line is: inputs")
    return [row[0] for row in rows[1:]]


def _media(body: bytes) -> Any:
    if TASK.startswith("a"):
        return body
    from PIL import Image, UnidentifiedImageError

    try:
        return Image.open(io.BytesIO(body)).convert("RGB")
    except (UnidentifiedImageError, OSError) as error:
        raise tabular.RequestError(400, f"the body is no image: {error}") from error


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"a {type(value).__name__} in the answer is not JSON")
