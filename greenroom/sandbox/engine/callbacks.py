"""Calls into the program: the functions that it gave the engine, transforms and hooks, run where it runs.

The SDK serves them by gRPC on the program's own event loop, which is free while a registration waits on a thread of its
own; so a call from that thread cannot stop the program.
https://github.com/pulumi/pulumi/blob/master/proto/pulumi/callback.proto
"""

from __future__ import annotations

import threading
from typing import Final

import grpc
from pulumi.runtime.proto import callback_pb2, callback_pb2_grpc

from greenroom.sandbox.engine.errors import CallbackError

_MAX_MESSAGE_BYTES: Final = 400 * 1024 * 1024  # what the SDK allows on its side
_CHANNEL_OPTIONS: Final = (
    ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", _MAX_MESSAGE_BYTES),
)


class Callbacks:
    """The functions of one program."""

    def __init__(self) -> None:
        self._channels: dict[str, grpc.Channel] = {}
        self._lock = threading.Lock()

    def call(self, callback: callback_pb2.Callback, request: bytes) -> bytes:
        """Calls one.

        Raises:
            CallbackError: it raised; the message holds what the program's own traceback says.
        """
        stub = callback_pb2_grpc.CallbacksStub(self._channel(callback.target))
        try:
            response = stub.Invoke(callback_pb2.CallbackInvokeRequest(token=callback.token, request=request))
        except grpc.RpcError as error:
            raise CallbackError(_reason(error, callback.token)) from None
        found: bytes = response.response
        return found

    def _channel(self, target: str) -> grpc.Channel:
        with self._lock:
            if target not in self._channels:
                self._channels[target] = grpc.insecure_channel(target, options=_CHANNEL_OPTIONS)
            return self._channels[target]

    def close(self) -> None:
        """Lets the connections go."""
        with self._lock:
            for channel in self._channels.values():
                channel.close()
            self._channels.clear()


def _reason(error: grpc.RpcError, token: str) -> str:
    """What the program said, without the SDK's own words about the call."""
    details = error.details() if isinstance(error, grpc.Call) else ""
    text = str(details or error)
    return text.removeprefix(f"Invoke callback {token} error: ").strip()
