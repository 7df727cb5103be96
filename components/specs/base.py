"""The one base of every spec: frozen, closed to unknown keys, strict of type, every field described.

Strict, because a spec is read by people: `"3"` where a number belongs, or `yes` where a count belongs, is a slip
that should be shown and not quietly understood.
"""

from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field

T = TypeVar("T")

# A YAML or JSON list is a tuple here: specs are frozen all the way down.
Many = Annotated[tuple[T, ...], Field(strict=False)]


class Spec(BaseModel):
    """A frozen, strict, closed piece of a specification."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )
