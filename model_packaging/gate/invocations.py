"""The served model asked about rows: in batches that fit a request, one after another, every answer checked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from model_packaging.gate.answers import Prediction, head_of, read_predictions
from model_packaging.gate.data_sets import DataSet, Features
from model_packaging.gate.errors import AnswerError
from model_packaging.gate.gate_spec import GateSpec
from model_packaging.gate.outcome import Outcome, outcome_of
from model_packaging.gate.request_bodies import RequestForm
from model_packaging.serving import ContainerResponse


class ServedModel(Protocol):
    """What a gate asks of a container: `model_packaging.serving.VariantContainer` has it."""

    def invoke(
        self,
        body: bytes,
        content_type: str,
        accept: str,
        custom_attributes: str | None = None,
        *,
        timeout_seconds: float = ...,
    ) -> ContainerResponse:
        """Sends one `POST /invocations`."""


@dataclass(frozen=True)
class Invocations:
    """Asks one served model as one gate says."""

    container: ServedModel
    form: RequestForm
    spec: GateSpec
    classes: tuple[str, ...] = ()

    def outcome(self, data: DataSet, asked: Callable[[int], None] = lambda _rows: None) -> Outcome:
        """Truth and answers of all rows.

        Args:
            data: The rows, with their truth.
            asked: Told how many rows are answered, after each request.

        Raises:
            AnswerError: an answer is none.
        """
        if data.labels is None:
            raise AnswerError(f"{data.name} has no labels")
        predictions = self.predictions(data.features, asked)
        return outcome_of(self.spec.task, self.classes, data.labels, predictions)

    def predictions(self, features: Features, asked: Callable[[int], None] = lambda _rows: None) -> list[Prediction]:
        """A prediction for each row.

        Raises:
            AnswerError: an answer is none.
        """
        found: list[Prediction] = []
        for first, count, response in self._answers(features):
            try:
                found += read_predictions(response, self.spec.answer, count)
            except AnswerError as error:
                raise AnswerError(f"rows {first + 1} to {first + count}: {error}") from error
            asked(len(found))
        return found

    def answered(self, features: Features, asked: Callable[[int], None] = lambda _rows: None) -> int:
        """How many rows were answered with 2xx, whatever with.

        Raises:
            AnswerError: an answer is an error, or empty.
        """
        done = 0
        for first, count, response in self._answers(features):
            if not response.body:
                raise AnswerError(f"rows {first + 1} to {first + count}: the answer is empty")
            done += count
            asked(done)
        return done

    def status(self, features: Features) -> ContainerResponse:
        """The answer to one request with all these rows, whatever its status."""
        return self._sent(self.form.written(features))

    def milliseconds(self, features: Features) -> float:
        """How long one request with all these rows takes.

        Raises:
            AnswerError: it is answered with an error.
        """
        body = self.form.written(features)
        began = time.perf_counter()
        response = self._sent(body)
        taken = (time.perf_counter() - began) * 1000
        _check_status(response, 0, len(features))
        return taken

    def _answers(self, features: Features) -> Iterator[tuple[int, int, ContainerResponse]]:
        """First row, number of rows, and the answer, of each request."""
        step = self.spec.request.rows_at_most
        for first in range(0, len(features), step):
            for begin, count, body in self._bodies(features, first, min(step, len(features) - first)):
                response = self._sent(body)
                _check_status(response, begin, count)
                yield begin, count, response

    def _bodies(self, features: Features, first: int, count: int) -> Iterator[tuple[int, int, bytes]]:
        body = self.form.written(features[first : first + count])
        if len(body) <= self.spec.request.bytes_at_most:
            yield first, count, body
        elif count == 1:
            at_most = self.spec.request.bytes_at_most
            raise AnswerError(f"row {first + 1} makes a request of {len(body)} bytes, and one may have {at_most}")
        else:
            half = count // 2
            yield from self._bodies(features, first, half)
            yield from self._bodies(features, first + half, count - half)

    def _sent(self, body: bytes) -> ContainerResponse:
        return self.container.invoke(
            body, self.form.content_type, self.form.accept, timeout_seconds=self.spec.request.timeout_seconds
        )


def _check_status(response: ContainerResponse, first: int, count: int) -> None:
    if 200 <= response.status < 300:
        return
    where = f"row {first + 1}" if count == 1 else f"rows {first + 1} to {first + count}"
    raise AnswerError(f"{where}: the container answered {response.status}: {head_of(response)}")


def rows_for(features: Features, count: int) -> Features:
    """So many rows, from the first on and again from the first where there are fewer."""
    return features[np.arange(count) % len(features)]
