"""Hugging Face directories, made here with random weights and a tokenizer of their own, served and compared."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from types import SimpleNamespace

import pytest

from model_packaging import formats
from model_packaging.formats.huggingface import HuggingfaceFormat
from model_packaging.release import Signature, TensorSpec
from tests.functional.formats.served_models import packaged, served

pytestmark = [pytest.mark.functional, pytest.mark.slow, pytest.mark.frameworks]

TEXTS = ["the cell is large", "the cell is small and round"]
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "cell", "is", "large", "small", "and", "round"]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A text classifier of a few thousand weights, and what its pipeline says of two texts."""
    with warnings.catch_warnings():
        # transformers and what it imports warn of their own next releases.
        warnings.simplefilter("ignore")
        transformers = pytest.importorskip("transformers")
        torch = pytest.importorskip("torch")
        from tokenizers import Tokenizer
        from tokenizers.models import WordLevel
        from tokenizers.pre_tokenizers import Whitespace

        torch.set_num_threads(1)
        torch.manual_seed(1)
        folder = tmp_path_factory.mktemp("huggingface") / "model"
        words = Tokenizer(WordLevel({word: place for place, word in enumerate(WORDS)}, unk_token="[UNK]"))
        words.pre_tokenizer = Whitespace()
        tokenizer = transformers.PreTrainedTokenizerFast(
            tokenizer_object=words, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
        )
        config = transformers.DistilBertConfig(
            vocab_size=len(WORDS), dim=16, n_layers=1, n_heads=2, hidden_dim=32, max_position_embeddings=32,
            id2label={0: "benign", 1: "malignant"}, label2id={"benign": 0, "malignant": 1},
        )  # fmt: skip
        model = transformers.DistilBertForSequenceClassification(config).eval()
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        answer = transformers.pipeline("text-classification", model=str(folder))(TEXTS)
    return SimpleNamespace(folder=folder, answer=answer, version=transformers.__version__)


@pytest.fixture(scope="module")
def it(tiny, tmp_path_factory):
    with served(HuggingfaceFormat(), tiny.folder, tmp_path_factory.mktemp("work")) as found:
        yield found


def close(found, wanted) -> None:
    assert [one["label"] for one in found] == [one["label"] for one in wanted]
    assert [one["score"] for one in found] == pytest.approx([one["score"] for one in wanted], abs=1e-6)


def test_it_is_recognised_with_its_task_and_its_container(it, tiny):
    assert it.model.told.startswith(
        "a Hugging Face directory (DistilBertForSequenceClassification), by its config.json"
    )
    assert it.plan.environment == {"HF_TASK": "text-classification"}
    assert (it.plan.image.framework, it.plan.image.version) == ("huggingface", "5.5.3")
    assert it.plan.generated["code/requirements.txt"].decode() == f"transformers=={tiny.version}\n"
    assert it.signature == Signature(
        inputs=(TensorSpec(name="inputs", dtype="str", shape=(None,)),),
        outputs=(
            TensorSpec(name="label", dtype="str", shape=(None,)),
            TensorSpec(name="score", dtype="float64", shape=(None,)),
        ),
    )


def test_texts_are_answered_as_the_pipeline_does(it, tiny):
    response = it.invoke(json.dumps({"inputs": TEXTS}), "application/json")
    assert (response.status, response.content_type) == (200, "application/json"), response.body
    close(json.loads(response.body), tiny.answer)
    close(json.loads(it.invoke(json.dumps({"inputs": TEXTS[0]}), "application/json").body), tiny.answer[:1])
    csv = "inputs\n" + "\n".join(TEXTS) + "\n"
    close(json.loads(it.invoke(csv, "text/csv").body), tiny.answer)
    both = json.dumps({"inputs": TEXTS[:1], "parameters": {"top_k": 2}})
    assert len(json.loads(it.invoke(both, "application/json").body)[0]) == 2


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ("{", "application/json", 400),
        ('{"text": "a"}', "application/json", 400),
        ('{"inputs": ""}', "application/json", 400),
        ('{"inputs": [1]}', "application/json", 400),
        ('{"inputs": "a", "parameters": 1}', "application/json", 400),
        ("a,b\n1,2\n", "text/csv", 400),
        ("x", "image/png", 415),
    ],
)
def test_a_wrong_request_is_the_callers(it, body, content_type, status):
    assert it.invoke(body, content_type).status == status


def test_pickled_weights_are_told_and_left_out_where_there_are_safetensors(tiny, tmp_path):
    import shutil

    import torch

    both = tmp_path / "both"
    shutil.copytree(tiny.folder, both)
    torch.save({"weight": torch.zeros(1)}, both / "pytorch_model.bin")
    assert "pytorch_model.bin" not in formats.recognise(both).files
    Path(both / "model.safetensors").unlink()
    pickled = formats.recognise(both)
    assert "pickled weights (pytorch_model.bin)" in pickled.told
    assert "pytorch_model.bin" in pickled.files


def test_it_becomes_a_release_that_keeps_the_containers_contract(tiny, tmp_path):
    samples = {"texts.json": json.dumps({"inputs": TEXTS}), "texts.csv": "inputs\n" + "\n".join(TEXTS) + "\n"}
    release = packaged(tiny.folder, tmp_path, "texts", samples)
    assert (release.format, release.serving_image.framework) == ("huggingface", "huggingface")
