"""An AWS that answers from a script, and a clock that only pauses move."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import botocore
from botocore.exceptions import ClientError

from greenroom.sandbox.provider.account_session import AccountSession, Clock
from greenroom.sandbox.provider.clients import MODELS, Clients, CloudEndpoint

Answer = Mapping[str, Any] | Exception


def refusal(code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


class ScriptedClient:
    def __init__(self, clients: ScriptedClients) -> None:
        self._clients = clients

    def __getattr__(self, method: str) -> Callable[..., Any]:
        def send(**request: Any) -> dict[str, Any]:
            self._clients.requests.append((method, request))
            answers = self._clients.answers[method]
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            if isinstance(answer, Exception):
                raise answer
            return dict(answer)

        return send


class ScriptedClients(Clients):
    """Operation → answers in turn; the last one stays."""

    def __init__(self, answers: Mapping[str, Sequence[Answer]]) -> None:
        super().__init__(MODELS)
        self.answers = {botocore.xform_name(operation): list(listed) for operation, listed in answers.items()}
        self.requests: list[tuple[str, dict[str, Any]]] = []

    def client(self, service: str, region: str, account: str) -> Any:
        return ScriptedClient(self)

    def sent(self, operation: str) -> list[dict[str, Any]]:
        return [request for method, request in self.requests if method == botocore.xform_name(operation)]


class ManualClock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def pause(self, seconds: float) -> None:
        self.seconds += seconds

    @property
    def clock(self) -> Clock:
        return Clock(now_seconds=lambda: self.seconds, pause=self.pause)


def scripted_session(clients: ScriptedClients, clock: ManualClock | None = None) -> AccountSession:
    return AccountSession(
        cloud=CloudEndpoint("http://127.0.0.1:1", None, "111122223333"),
        account="111122223333",
        region="us-east-1",
        clients=clients,
        clock=(clock or ManualClock()).clock,
    )
