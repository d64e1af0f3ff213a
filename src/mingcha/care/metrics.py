"""Figures of a running server, in Prometheus's form: what workers count together, and what the database knows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily

REQUESTS = Counter("mingcha_requests", "Requests answered.", ["view", "method", "status"])
SECONDS = Histogram(
    "mingcha_request_seconds",
    "Time to answer a request.",
    ["view"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.4, 0.75, 1.5, 3, 10, 30),
)
DATABASE = Histogram(
    "mingcha_request_database_seconds",
    "Of that, time in the database.",
    ["view"],
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30),
)
QUERIES = Counter("mingcha_request_queries", "Queries of the database for requests.", ["view"])
REFUSED = Counter("mingcha_sign_in_failures", "Sign-ins refused.", ["kind"])  # password, locked


def exposition() -> bytes:
    """All figures as Prometheus reads them."""
    registry = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        multiprocess.MultiProcessCollector(registry)
    else:
        for one in (REQUESTS, SECONDS, DATABASE, QUERIES, REFUSED):
            registry.register(one)
    registry.register(Instance())
    return generate_latest(registry)


class Instance:
    """What the database and the disk know; asked for at each scrape."""

    def collect(self) -> Iterator[Any]:
        from django.db.models import Count, Min, Sum
        from django.utils import timezone

        from mingcha.apps.exchange.models import Batch, LakeFile
        from mingcha.apps.jobs.choices import JobState
        from mingcha.apps.jobs.models import Job
        from mingcha.apps.supervision.models import Draw

        jobs = GaugeMetricFamily("mingcha_jobs", "Long work, by state.", labels=["state"])
        counts = dict(Job.objects.values_list("state").annotate(number=Count("pk")).order_by())
        for state in JobState.values:
            jobs.add_metric([state], counts.get(state, 0))
        yield jobs
        oldest = Job.objects.filter(state=JobState.QUEUED).aggregate(at=Min("created_at"))["at"]
        waited = (timezone.now() - oldest).total_seconds() if oldest else 0
        yield GaugeMetricFamily("mingcha_job_oldest_wait_seconds", "How long the oldest job waits.", value=waited)
        batches = Batch.objects.aggregate(n=Count("pk"), good=Sum("rows_accepted"), held=Sum("rows_quarantined"))
        yield GaugeMetricFamily("mingcha_imports", "Deliveries taken in.", value=batches["n"])
        rows = GaugeMetricFamily("mingcha_import_rows", "Their rows.", labels=["outcome"])
        rows.add_metric(["accepted"], batches["good"] or 0)
        rows.add_metric(["quarantined"], batches["held"] or 0)
        yield rows
        draws = GaugeMetricFamily("mingcha_draws", "Draws, by how far they came.", labels=["state"])
        drawn = Draw.objects.aggregate(
            frozen=Count("frozen_at"), drawn=Count("drawn_at"), published=Count("published_at"), void=Count("voided_at")
        )
        for state, number in drawn.items():
            draws.add_metric([state], number)
        yield draws
        lake = LakeFile.objects.filter(retired_at=None).aggregate(n=Count("pk"), bytes=Sum("bytes"))
        yield GaugeMetricFamily("mingcha_lake_files", "Files of the lake in use.", value=lake["n"])
        yield GaugeMetricFamily("mingcha_lake_bytes", "Their size.", value=lake["bytes"] or 0)
        yield GaugeMetricFamily("mingcha_database_bytes", "Size of the database.", value=_database_bytes())


def _database_bytes() -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_database_size(current_database())")
        else:
            cursor.execute("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
        return int(cursor.fetchone()[0])
