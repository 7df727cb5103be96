"""What a Hugging Face model does, by its architecture's name, and what goes in and comes out of it.

The tasks are those of transformers' pipelines, and the way from architecture to task is the Hugging Face container's.

Sources: https://huggingface.co/docs/transformers/main_classes/pipelines,
https://github.com/aws/sagemaker-huggingface-inference-toolkit (`transformers_utils.py`)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from model_packaging.release import Signature, TensorSpec


@dataclass(frozen=True)
class Task:
    """One kind of pipeline."""

    inputs: tuple[str, ...]
    """Names of its inputs, each a text; `image` and `audio` are bytes."""
    outputs: Mapping[str, str]
    """Name to type of what it says of an input."""

    @property
    def reads_bytes(self) -> bool:
        """Whether a request is an image or a sound, and not JSON."""
        return self.inputs in {("image",), ("audio",)}

    def signature(self) -> Signature:
        """An element a row."""
        dtype = "uint8" if self.reads_bytes else "str"
        return Signature(
            inputs=tuple(TensorSpec(name=name, dtype=dtype, shape=(None,)) for name in self.inputs),
            outputs=tuple(TensorSpec(name=name, dtype=one, shape=(None,)) for name, one in self.outputs.items()),
        )


TASKS: Mapping[str, Task] = {
    "text-classification": Task(("inputs",), {"label": "str", "score": "float64"}),
    "token-classification": Task(("inputs",), {"entity": "str", "score": "float64", "word": "str"}),
    "question-answering": Task(("question", "context"), {"answer": "str", "score": "float64"}),
    "fill-mask": Task(("inputs",), {"sequence": "str", "score": "float64", "token_str": "str"}),
    "text-generation": Task(("inputs",), {"generated_text": "str"}),
    "text2text-generation": Task(("inputs",), {"generated_text": "str"}),
    "feature-extraction": Task(("inputs",), {"features": "float32"}),
    "image-classification": Task(("image",), {"label": "str", "score": "float64"}),
    "object-detection": Task(("image",), {"label": "str", "score": "float64", "box": "object"}),
    "image-segmentation": Task(("image",), {"label": "str", "score": "float64"}),
    "audio-classification": Task(("audio",), {"label": "str", "score": "float64"}),
    "automatic-speech-recognition": Task(("audio",), {"text": "str"}),
}

_BY_SUFFIX = (
    ("ForSequenceClassification", "text-classification"),
    ("ForTokenClassification", "token-classification"),
    ("ForQuestionAnswering", "question-answering"),
    ("ForMaskedLM", "fill-mask"),
    ("ForCausalLM", "text-generation"),
    ("LMHeadModel", "text-generation"),
    ("WhisperForConditionalGeneration", "automatic-speech-recognition"),
    ("ForConditionalGeneration", "text2text-generation"),
    ("MTModel", "text2text-generation"),
    ("ForImageClassification", "image-classification"),
    ("ForObjectDetection", "object-detection"),
    ("ForImageSegmentation", "image-segmentation"),
    ("ForAudioClassification", "audio-classification"),
    ("ForSpeechSeq2Seq", "automatic-speech-recognition"),
    ("ForCTC", "automatic-speech-recognition"),
    ("Model", "feature-extraction"),
)


def task_of(architecture: str) -> str | None:
    """The pipeline of an architecture such as `BertForMaskedLM`; None where it has none that is known here."""
    return next((task for suffix, task in _BY_SUFFIX if architecture.endswith(suffix)), None)
