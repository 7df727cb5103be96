"""What a container must answer to `POST /invocations`: the samples, what is wrong, and many at once."""

from __future__ import annotations

import http.client
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice

from model_packaging.contract.answers import answer_problem
from model_packaging.contract.malformed import MalformedRequest
from model_packaging.contract.probe import ACCEPT_ANY, CheckFailedError, CheckSkippedError, Probe
from model_packaging.contract.samples import SampleRequest
from model_packaging.media_types import media_type
from model_packaging.serving import ContainerResponse
from model_packaging.serving.exception_answers import decodes_text_itself
from model_packaging.serving.kinds import READS_ANY_TYPE, repository_of

STATUS_PAGE = (
    "https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html#cloudwatch-metrics-endpoint-invocation"
)
"""Invocation4XXErrors and Invocation5XXErrors: whose mistake a request was."""

UNKNOWN_TYPE = "application/x-greenroom-unknown"
ROUNDS = 4
"""How many requests each caller of the concurrent check sends."""
SHOWN_BYTES = 200

NO_SAMPLE = "the release has no sample to send"


def check_sample(probe: Probe, sample: SampleRequest) -> ContainerResponse | None:
    """That a sample is answered; its answer where it is, and is the same when it is asked again."""
    answers: list[ContainerResponse] = []

    def promise() -> str:
        began = time.perf_counter()
        answer = _good(probe, sample)
        milliseconds = (time.perf_counter() - began) * 1000
        again = _good(probe, sample)
        seen = f"{answer.status}, {len(answer.body):,} B of {answer.content_type}, {milliseconds:.1f} ms"
        if again.body != answer.body:
            return f"{seen}; another answer when it was asked again"
        answers.append(answer)
        return f"{seen}; the same when it was asked again"

    probe.check(
        f"sample {sample.name}",
        promise,
        asked=f"POST /invocations with {sample.name}, {sample.content_type}, twice",
        limit=f"2XX within {probe.invocation_timeout_seconds:g} s, a body of finite numbers",
    )
    return answers[0] if answers else None


def _good(probe: Probe, sample: SampleRequest) -> ContainerResponse:
    answer = probe.invoke(sample.body, sample.content_type)
    if not 200 <= answer.status < 300:
        raise CheckFailedError(_told(answer))
    problem = answer_problem(answer.body, answer.content_type)
    if problem is not None:
        raise CheckFailedError(f"{answer.status}, and {problem}")
    return answer


def check_accept(probe: Probe, samples: Sequence[SampleRequest]) -> None:
    """That an Accept which the model does not know is no 5XX."""

    def promise() -> str:
        if not samples:
            raise CheckSkippedError(NO_SAMPLE)
        answer = probe.invoke(samples[0].body, samples[0].content_type, UNKNOWN_TYPE)
        if answer.status >= 500:
            raise CheckFailedError(_told(answer))
        return _told(answer) if answer.status >= 400 else f"{answer.status} all the same, {answer.content_type}"

    probe.check(
        "unknown Accept",
        promise,
        asked=f"POST /invocations with Accept: {UNKNOWN_TYPE}",
        limit="406 or another 4XX, or an answer all the same; no 5XX",
        source=STATUS_PAGE,
    )


def check_content_type(probe: Probe, samples: Sequence[SampleRequest]) -> None:
    """That a content type which the model does not read is the caller's mistake."""

    def promise() -> str:
        if repository_of(probe.spec.image) in READS_ANY_TYPE:
            raise CheckSkippedError("AWS's container reads every body in its own protocol, whatever the type says")
        answer = probe.invoke(samples[0].body if samples else b"greenroom", UNKNOWN_TYPE)
        if not 400 <= answer.status < 500:
            raise CheckFailedError(_told(answer))
        return _told(answer)

    probe.check(
        "unknown Content-Type",
        promise,
        asked=f"POST /invocations with Content-Type: {UNKNOWN_TYPE}",
        limit="415 or another 4XX",
        source=STATUS_PAGE,
    )


def check_malformed(probe: Probe, request: MalformedRequest) -> None:
    """That a request which is wrong is the caller's mistake, and harms nobody."""
    limit = "a 4XX" if request.must_be_refused else "no 5XX"

    def promise() -> str:
        if request.case == "not UTF-8" and decodes_text_itself(repository_of(probe.spec.image)):
            raise CheckSkippedError("AWS's container decodes the body before the release sees it, and answers 500")
        answer = probe.invoke(request.body, request.content_type)
        if answer.status >= 500 or (request.must_be_refused and answer.status < 400):
            raise CheckFailedError(_told(answer))
        return _told(answer) if answer.status >= 400 else f"{answer.status}"

    probe.check(
        f"malformed {media_type(request.content_type)}: {request.case}",
        promise,
        asked=f"POST /invocations with a body of {len(request.body):,} B, {request.content_type}: {request.case}",
        limit=limit,
        source=STATUS_PAGE,
    )


def check_concurrency(probe: Probe, answers: Mapping[SampleRequest, ContainerResponse], concurrency: int) -> None:
    """That many requests at once get the answers that each got alone, while `GET /ping` is answered."""

    def promise() -> str:
        if not answers:
            raise CheckSkippedError("no sample has an answer that is the same every time")
        requests = tuple(islice(cycle(answers), ROUNDS * concurrency))
        container = probe.container
        with ThreadPoolExecutor(concurrency + 1) as threads:
            began = time.perf_counter()
            found = [threads.submit(container.invoke, one.body, one.content_type, ACCEPT_ANY) for one in requests]
            pinged = threads.submit(container.ping).result()
            pairs = [(request, answer.result()) for request, answer in zip(requests, found, strict=True)]
            seconds = time.perf_counter() - began
        wrong = [answer for _, answer in pairs if not 200 <= answer.status < 300]
        if wrong:
            raise CheckFailedError(f"{len(wrong)} of {len(pairs)} failed, the first with {_told(wrong[0])}")
        other = sum(answer.body != answers[request].body for request, answer in pairs)
        if other:
            raise CheckFailedError(f"{other} of {len(pairs)} were answered otherwise than alone")
        if not pinged:
            raise CheckFailedError("GET /ping was not answered 200 within 2 s meanwhile")
        return (
            f"{len(pairs)} of {len(pairs)} as each alone, {len(pairs) / seconds:,.0f} a second; GET /ping 200 meanwhile"
        )

    probe.check(
        "concurrent requests",
        promise,
        asked=f"{ROUNDS * concurrency} requests, {concurrency} in flight, and GET /ping among them",
        limit="every answer 2XX, and what the same request got alone; 200 of GET /ping within 2 s",
    )


def _told(answer: ContainerResponse) -> str:
    text = answer.body[:SHOWN_BYTES].decode(errors="replace").strip().replace("\n", " ")
    return f"{answer.status} {http.client.responses.get(answer.status, '')}: {text}".rstrip(": ")
