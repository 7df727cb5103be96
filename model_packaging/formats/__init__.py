"""Model formats: recognised from bytes, each with its signature and its way of being served.

```python
from pathlib import Path
from model_packaging import formats

model = formats.recognise(Path("model.bin"))
print(model.told)                                    # ONNX, opset 17, by its protobuf
plan = formats.FORMATS[model.format].serving(model, "cpu")
print(plan.image, plan.image_note)
```

Recognition needs no framework and runs nothing: `protobuf_wire` and `pickle_reader` read the two encodings that most
formats are made of. `inference_code/` holds the serving code that goes with a model that brings none.
"""

from model_packaging.formats.errors import (
    AmbiguousModelError,
    BrokenModelError,
    UnrecognisedFormatError,
    UnservableModelError,
)
from model_packaging.formats.model_format import Format, Processor, RecognisedModel, SampleFile, ServingPlan
from model_packaging.formats.registry import FORMATS, recognise

__all__ = [
    "FORMATS",
    "AmbiguousModelError",
    "BrokenModelError",
    "Format",
    "Processor",
    "RecognisedModel",
    "SampleFile",
    "ServingPlan",
    "UnrecognisedFormatError",
    "UnservableModelError",
    "recognise",
]
