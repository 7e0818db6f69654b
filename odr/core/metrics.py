"""What a worker counts, for Prometheus; names, meanings and healthy ranges stand in `docs/operations.md`.

Labels are words of ours (codes, routes as patterns), never ids, addresses or names. Counters live as long as the
process; gauges are set when somebody asks.
"""

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

disable_created_metrics()  # type: ignore[no-untyped-call]  # the library has no types there; a second series for each counter that nobody reads
REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

_QUICK = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
# Times the number of routes and of status classes: fewer steps keep the answer short.
_COARSE = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0)
_SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1024)

ack_seconds = Histogram(
    "odr_ack_seconds", "From a line's arrival to its answer, stored or refused", buckets=_QUICK, registry=REGISTRY
)
commit_seconds = Histogram("odr_commit_seconds", "One batch of the journal", buckets=_QUICK, registry=REGISTRY)
commit_lines = Histogram("odr_commit_lines", "Lines in one batch", buckets=_SIZES, registry=REGISTRY)
fanout_seconds = Histogram(
    "odr_fanout_seconds", "From a batch's commit until its lines wait in every socket of this worker",
    buckets=_QUICK, registry=REGISTRY,
)  # fmt: skip
joins = Counter("odr_joins", "Rooms joined on the live line", ["kind"], registry=REGISTRY)
joins_fresh, joins_resumed, joins_resync = (joins.labels(kind) for kind in ("fresh", "resume", "resync"))
consumers_dropped = Counter(
    "odr_consumers_dropped", "Sockets closed because their client reads too slowly", registry=REGISTRY
)
refusals = Counter("odr_refusals", "Error frames and refused sockets", ["code"], registry=REGISTRY)
http_seconds = Histogram(
    "odr_http_seconds", "Answers over HTTP", ["route", "status"], buckets=_COARSE, registry=REGISTRY
)

journal_waiting = Gauge("odr_journal_waiting", "Lines that wait for a batch", registry=REGISTRY)
sockets = Gauge("odr_sockets", "Open sockets", registry=REGISTRY)
rooms_live = Gauge("odr_rooms_live", "Rooms that sockets of this worker follow", registry=REGISTRY)
bus_listener_age = Gauge(
    "odr_bus_listener_age_seconds", "Since the listener to the other workers last heard", registry=REGISTRY
)
jobs_due = Gauge("odr_jobs_due", "Jobs whose time has come and that nobody holds", registry=REGISTRY)
outbox_waiting = Gauge("odr_outbox_waiting", "Messages neither sent nor given up", registry=REGISTRY)
worker_info = Gauge("odr_worker_info", "Always 1; says who answers", ["worker", "version"], registry=REGISTRY)


def text() -> bytes:
    """Everything in the text format of Prometheus."""
    return generate_latest(REGISTRY)
