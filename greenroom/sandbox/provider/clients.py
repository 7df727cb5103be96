"""Where requests go: the local AWS, as one account, in one region.

Everything goes to one URL. Which account a request is for is told by its access key id, which is the account's
12 digits: LocalStack's convention, which the local AWS follows. Nothing is read from the machine's own AWS
configuration: no profile, no region, no endpoint, no proxy of the user's can divert a rehearsal.

Making a boto3 client takes 50 to 100 ms, so clients are made once a process, service, region and account, from one
botocore session whose loader caches the service models. Which local AWS a call goes to is told with the call, see
`direct_calls`.
"""

from __future__ import annotations

import functools
import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ParamValidationError
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel

from greenroom.sandbox.provider.direct_calls import NOWHERE, DirectCalls, directed_to
from greenroom.sandbox.provider.transport import HttpTransport, InProcessTransport, Transport, WsgiApplication
from greenroom.sandbox.provider.validator import ServiceModelValidator

if TYPE_CHECKING:  # a preview asks no client for anything: what clients need is imported with the first of them
    import botocore.session
    from botocore.client import BaseClient

CLIENT_SETTINGS: dict[str, Any] = {
    "parameter_validation": False,  # ours checks more, see validator.py
    "retries": {"total_max_attempts": 2, "mode": "standard"},
    "connect_timeout": 5,
    "read_timeout": 120,
    "max_pool_connections": 64,
    "proxies": {},
    "s3": {"addressing_style": "path"},
    "user_agent": "greenroom-sandbox",  # botocore's tells AWS about the machine, and is put together anew each time
}


def _never_in_process(_url: str) -> WsgiApplication | None:
    return None


@dataclass(frozen=True)
class CloudEndpoint:
    """A local AWS.

    Attributes:
        url: where it answers, e.g. `http://127.0.0.1:4566`.
        accounts: the account ids it answers as; None when it answers as any.
        default_account: the account of a provider that allows every account.
        in_process: finds the local AWS at a URL where it runs in this process, for as long as it does.
    """

    url: str
    accounts: frozenset[str] | None
    default_account: str
    in_process: Callable[[str], WsgiApplication | None] = field(default=_never_in_process, repr=False, compare=False)

    def offers(self, account: str) -> bool:
        """Whether the local AWS answers as this account."""
        return self.accounts is None or account in self.accounts

    @contextmanager
    def receiving(self) -> Iterator[None]:
        """Within the block, this thread's calls of any client go here."""
        application = self.in_process(self.url)
        transport = self._http if application is None else InProcessTransport(self.url, application)
        with directed_to(self.url, transport):
            yield

    @functools.cached_property
    def _http(self) -> Transport:
        return HttpTransport(self.url)


class ServiceModels:
    """botocore's session and service models, shared by the process; loading one takes up to 0.2 s, once."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._models: dict[str, ServiceModel] = {}
        self._loader = Loader()
        self._session: botocore.session.Session | None = None

    def session(self) -> botocore.session.Session:
        """A session that reads no configuration file and no profile."""
        with self._lock:
            if self._session is None:
                import botocore.session

                session = botocore.session.Session(
                    session_vars={
                        "profile": (None, [], None, None),
                        "config_file": (None, None, os.devnull, None),
                        "credentials_file": (None, None, os.devnull, None),
                    }
                )
                session.register_component("data_loader", self._loader)
                self._session = session
            return self._session

    def knows_region(self, region: str) -> bool:
        """Whether a region is one of AWS's; from the list of partitions, for that of endpoints takes 0.3 s to read."""
        partitions = self._loader.load_data("partitions")["partitions"]
        return not region.endswith("-global") and any(region in partition["regions"] for partition in partitions)

    def partition(self, region: str) -> str:
        """The partition of a region, e.g. `aws-cn`."""
        partitions = self._loader.load_data("partitions")["partitions"]
        for partition in partitions:
            if region in partition["regions"]:
                return str(partition["id"])
        for partition in partitions:
            if re.match(partition["regionRegex"], region):
                return str(partition["id"])
        return str(self.session().get_partition_for_region(region))  # refuses it in botocore's words

    def service(self, service: str) -> ServiceModel:
        """The service model, e.g. of `sagemaker`."""
        model = self._models.get(service)
        if model is None:
            with self._lock:
                description = self._loader.load_service_model(service, "service-2")
                model = self._models.setdefault(service, ServiceModel(description, service_name=service))
        return model

    def operation(self, service: str, operation: str) -> OperationModel:
        """The model of one operation, e.g. `CreateModel`."""
        return self.service(service).operation_model(operation)


class Clients:
    """The process's boto3 clients, made when first asked for; safe to ask from many threads."""

    def __init__(self, models: ServiceModels) -> None:
        self._models = models
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str, str], BaseClient] = {}

    def client(self, service: str, region: str, account: str) -> BaseClient:
        """The client for a service as an account in a region; called where a `CloudEndpoint` is `receiving`."""
        key = (service, region, account)
        client = self._clients.get(key)
        if client is None:
            with self._lock:
                client = self._clients.get(key) or self._made(*key)
                self._clients[key] = client
        return client

    def let_go(self) -> None:
        """Forget the clients: those asked for from now on are made anew, with what the session has registered."""
        with self._lock:
            self._clients.clear()

    def _made(self, service: str, region: str, account: str) -> BaseClient:
        from botocore.config import Config

        client = self._models.session().create_client(
            service,
            region_name=region,
            endpoint_url=NOWHERE,
            aws_access_key_id=account,
            aws_secret_access_key="test",  # noqa: S106 (the local AWS has no secrets)
            config=Config(**CLIENT_SETTINGS),
        )
        client.meta.events.register_first("before-parameter-build", _refuse_what_aws_would)
        DirectCalls(client, account).install()
        return client


def _refuse_what_aws_would(params: Any, model: OperationModel, **_: Any) -> None:
    """The last gate: no request leaves that breaks the service model, whoever built it."""
    if model.input_shape is None:
        return
    found = ServiceModelValidator().validate(params, model.input_shape).found
    if found:
        report = "\n".join(f"{name.lstrip('.') or model.name}: {reason}" for name, reason in found)
        raise ParamValidationError(report=report)


MODELS = ServiceModels()
CLIENTS = Clients(MODELS)
