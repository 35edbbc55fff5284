"""Traces from produce to row: under the span that appended an event, one span of each part that had it in hand.

The context travels beside an event in the header `traceparent` (W3C), unchanged from its sender to the log: every
part's span is a child of the sender's. What comes without a context is not traced, so the sender's sampling holds for
all. Without an endpoint nothing is recorded, but contexts go on to whoever records them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import time_ns
from typing import Any, Protocol

from opentelemetry import context, trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

Header = tuple[str, bytes]

CARRIED = ("traceparent", "tracestate")
"""The headers that a context consists of."""

_tracer = trace.get_tracer("relearn")
_context = TraceContextTextMapPropagator()


class Traced(Protocol):
    """A message that was read: where it stands, and its headers."""

    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def headers(self) -> Sequence[Header]: ...


class TelemetryMissing(Exception):
    """An endpoint is configured, but what sends to it is not installed."""


def export_traces(endpoint: str, part: str) -> None:
    """From now on sends what this process records to a collector, by OTLP over HTTP.

    Sampling, headers and timeouts are as the variables `OTEL_*` say. Call it once, before anything is recorded.

    Raises:
        TelemetryMissing: if the extra `telemetry` is not installed.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise TelemetryMissing("traces need more packages: install relearn[telemetry]") from error
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: f"relearn-{part}"}))
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)


def carried(headers: Sequence[Header]) -> tuple[Header, ...]:
    """The context among these headers, as it came; nothing if there is none."""
    return () if not headers else tuple((name, value) for name, value in headers if name in CARRIED)


@contextmanager
def joined(headers: Mapping[str, str]) -> Iterator[None]:
    """What is sent in this block belongs to the trace that the headers of a request name, if they name one."""
    token = context.attach(_context.extract(headers))
    try:
        yield
    finally:
        context.detach(token)


def sending(topic: str, kind: str) -> Span:
    """The span of an event of this type that is on its way to a topic."""
    told = _about("send", topic) | {"cloudevents.event_type": kind}
    return _tracer.start_span(f"send {topic}", kind=SpanKind.PRODUCER, attributes=told)


def context_of(span: Span) -> list[Header]:
    """What a message carries so that others can join its trace; nothing where no trace is recorded."""
    told: dict[str, str] = {}
    _context.inject(told, trace.set_span_in_context(span))
    return [(name, value.encode()) for name, value in told.items()]


def sent(span: Span, delivery: asyncio.Future[Any]) -> None:
    """The broker has said what became of the event."""
    if delivery.cancelled() or (error := delivery.exception()) is not None:
        reason = "cancelled" if delivery.cancelled() else repr(error)
        span.set_status(Status(StatusCode.ERROR, reason))
    span.end()


def handled(doing: str, topic: str, began: int, messages: Iterable[Traced]) -> None:
    """What a part has done with these messages of a topic, from `began` (nanoseconds since 1970) until now."""
    ended = time_ns()
    for each in messages:
        if not (found := carried(each.headers)):
            continue
        span = _tracer.start_span(
            f"{doing} {topic}",
            context=_context.extract({name: value.decode("ascii", "replace") for name, value in found}),
            kind=SpanKind.CONSUMER,
            start_time=began,
            attributes=_about(doing, topic)
            | {
                "messaging.destination.partition.id": str(each.partition),
                "messaging.kafka.offset": each.offset,
            },
        )
        span.end(ended)


def _about(doing: str, topic: str) -> dict[str, str | int]:
    """By OpenTelemetry's conventions for messaging."""
    return {
        "messaging.system": "kafka",
        "messaging.operation.name": doing,
        "messaging.operation.type": "send" if doing == "send" else "process",
        "messaging.destination.name": topic,
    }
