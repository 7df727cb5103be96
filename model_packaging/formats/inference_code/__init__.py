"""The serving code that goes with a model that brings none: real modules, copied byte for byte into `code/`.

`NAME_inference.py` becomes `code/inference.py`, and `tabular.py`, which they share, lies beside it. They run in AWS's
framework containers and in `model_packaging.serving`, and import nothing of ours there: only what the container has or
what `code/requirements.txt` names. Whoever wants another behaviour takes a copy, changes it, and names it in
`package.yaml` as `files: {code/inference.py: …}`.
"""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent


def module_bytes(name: str) -> bytes:
    """The bytes of a module here, with line ends that are the same on every system."""
    return (_FOLDER / name).read_bytes().replace(b"\r\n", b"\n")


def tabular_code(inference_module: str) -> dict[str, bytes]:
    """`code/inference.py` of that module, and `code/tabular.py` which it reads requests with."""
    return {"code/inference.py": module_bytes(inference_module), "code/tabular.py": module_bytes("tabular.py")}
