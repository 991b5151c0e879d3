"""Numbers for Prometheus: what the runs of this process did. Connections are labels, people never are."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from sync.report import Report

SECONDS = (1, 5, 15, 60, 300, 900, 3600)


class Metrics:
    """The counters of one process, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._runs = Counter(
            "bonus_malus_runs", "Runs by job and how they ended.", ["job", "state"], registry=self._registry
        )
        self._seconds = Histogram(
            "bonus_malus_run_seconds", "How long runs took.", ["job"], buckets=SECONDS, registry=self._registry
        )
        self._outcomes = Counter(
            "bonus_malus_records",
            "Records by connection and outcome.",
            ["connection", "outcome"],
            registry=self._registry,
        )
        self._read = Counter("bonus_malus_records_read", "Records read.", ["connection"], registry=self._registry)
        self._calls = Counter("bonus_malus_calls", "Calls to a CRM.", ["connection"], registry=self._registry)
        self._used = Gauge(
            "bonus_malus_quota_used_ratio",
            "Part of the day's calls used, by everybody.",
            ["connection"],
            registry=self._registry,
        )
        self._refused = Gauge(
            "bonus_malus_records_refused", "Records refused at present.", ["connection"], registry=self._registry
        )
        self._last = Gauge(
            "bonus_malus_last_success_timestamp_seconds",
            "When a job last ended well.",
            ["job"],
            registry=self._registry,
        )
        self._alerts = Gauge(
            "bonus_malus_alert_raised", "1 while an alert is raised.", ["alert"], registry=self._registry
        )

    def saw(self, job: str, report: Report, *, seconds: float, ended: float) -> None:
        """A run has ended, `seconds` after it began, at the instant `ended` (seconds since 1970)."""
        self._runs.labels(job, report.state).inc()
        self._seconds.labels(job).observe(seconds)
        if report.state == "done":
            self._last.labels(job).set(ended)
        for name, each in report.connections.items():
            self._calls.labels(name).inc(each.calls)
            self._read.labels(name).inc(sum(found.read for found in each.objects.values()))
            self._refused.labels(name).set(each.refused)
            if each.used_today is not None and each.limit_today:
                self._used.labels(name).set(each.used_today / each.limit_today)
            for outcome, count in each.outcomes.items():
                self._outcomes.labels(name, outcome.replace(" ", "_")).inc(max(0, count))

    def broke(self, job: str) -> None:
        """A run ended with an error of ours."""
        self._runs.labels(job, "error").inc()

    def alert(self, name: str, *, raised: bool) -> None:
        """An alert was raised or is over."""
        self._alerts.labels(name).set(raised)

    def text(self) -> bytes:
        """What Prometheus reads."""
        return generate_latest(self._registry)
