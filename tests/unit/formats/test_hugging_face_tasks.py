"""A Hugging Face directory is served by the pipeline of its task, in a container that has it, or by its own module."""

from __future__ import annotations

import pytest

from model_packaging import InvalidPackageError, ReleaseStore, formats, package
from model_packaging.formats.huggingface import HuggingfaceFacts
from model_packaging.judging import UNJUDGED
from tests.unit.formats.heavy_models import huggingface, safetensors

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("architecture", "wrote", "version", "note"),
    [
        ("BertForQuestionAnswering", "4.40.0", "4.48.0", "AWS has no transformers 4.40.0 container; the 4.48.0 one is"),
        ("BertForQuestionAnswering", "4.57.1", "4.51.3", "it installs transformers 4.57.1 from code/requirements.txt"),
        (
            "BertForQuestionAnswering",
            "5.5.3",
            "4.51.3",
            "transformers 5 has no pipeline question-answering; the 4.51.3",
        ),
        ("T5ForConditionalGeneration", "", "4.51.3", None),
        ("T5ForConditionalGeneration", "5.2.0", "4.51.3", "transformers 5 has no pipeline text2text-generation"),
        ("BertForSequenceClassification", "5.5.3", "5.5.3", None),
        ("BertForSequenceClassification", "", "5.5.3", None),
    ],
)
def test_the_hugging_face_container_has_the_models_pipeline(tmp_path, architecture, wrote, version, note):
    folder = huggingface(tmp_path / "m", architectures=[architecture], transformers_version=wrote)
    safetensors(folder / "model.safetensors")
    plan = formats.FORMATS["huggingface"].serving(formats.recognise(folder), "cpu")
    assert plan.image.version == version
    assert (plan.image_note is None) if note is None else (note in str(plan.image_note))


@pytest.mark.parametrize(
    ("architecture", "has_preprocessor", "task"),
    [
        ("WhisperForConditionalGeneration", True, "automatic-speech-recognition"),
        ("ViTForImageClassification", True, "image-classification"),
        ("T5ForConditionalGeneration", False, "text2text-generation"),
        ("LlavaForConditionalGeneration", True, None),
        ("CLIPModel", True, None),
        ("BertModel", False, "feature-extraction"),
    ],
)
def test_a_model_that_reads_images_is_not_taken_for_one_of_texts(tmp_path, architecture, has_preprocessor, task):
    folder = huggingface(tmp_path / "m", architectures=[architecture])
    safetensors(folder / "model.safetensors")
    if has_preprocessor:
        (folder / "preprocessor_config.json").write_text("{}", encoding="utf-8")
    assert formats.recognise(folder).facts_as(HuggingfaceFacts).task == task


OWN = """\
version: 1.0.0
model: net
files: {code/inference.py: serve.py}
signature:
  inputs: [{name: inputs, dtype: str, shape: [null]}]
  outputs: [{name: label, dtype: str, shape: [null]}]
"""


def test_an_architecture_without_a_pipeline_is_served_by_a_module_of_its_own(tmp_path):
    folder = tmp_path / "dancer"
    folder.mkdir()
    safetensors(huggingface(folder / "net", architectures=["NetForDancing"]) / "model.safetensors")
    (folder / "serve.py").write_text("def model_fn(model_dir):\n    return 1\n", encoding="utf-8")
    store = ReleaseStore(tmp_path / "store")
    (folder / "package.yaml").write_text("version: 1.0.0\nmodel: net\n", encoding="utf-8")
    with pytest.raises(InvalidPackageError, match=r"NetForDancing; .*name it in package.yaml as files.*the signature"):
        package(folder, store, judges=UNJUDGED)
    (folder / "package.yaml").write_text(OWN, encoding="utf-8")
    release = package(folder, store, judges=UNJUDGED)
    assert [one.path for one in release.files] == [
        "model/code/inference.py", "model/config.json", "model/model.safetensors",
    ]  # fmt: skip
    assert "HF_TASK" not in release.environment
