"""Metrics: what a run did, as Prometheus reads it."""

from connectors.errors import Unreachable
from sync.metrics import Metrics
from tests.sync.test_run import one_customer


def test_a_run_is_counted_by_what_it_did(world):
    one_customer(world)
    metrics = Metrics()
    metrics.saw("sync", world.sync(), seconds=3, ended=1000)
    metrics.saw("sync", world.sync(), seconds=1, ended=2000)
    metrics.broke("purge")
    metrics.alert("failed a", raised=True)
    lines = metrics.text().decode().splitlines()
    assert 'bonus_malus_runs_total{job="sync",state="done"} 2.0' in lines
    assert 'bonus_malus_runs_total{job="purge",state="error"} 1.0' in lines
    assert 'bonus_malus_records_total{connection="a",outcome="written"} 1.0' in lines
    assert 'bonus_malus_last_success_timestamp_seconds{job="sync"} 2000.0' in lines
    assert 'bonus_malus_run_seconds_count{job="sync"} 2.0' in lines
    assert 'bonus_malus_alert_raised{alert="failed a"} 1.0' in lines
    assert 'bonus_malus_records_refused{connection="a"} 0.0' in lines


def test_a_run_that_did_not_go_well_is_no_success(world):
    crm = one_customer(world)
    metrics = Metrics()
    metrics.saw("sync", world.sync(), seconds=3, ended=1000)
    crm.fails = [Unreachable("no answer")]
    metrics.saw("sync", world.sync(full=True), seconds=1, ended=2000)
    lines = metrics.text().decode().splitlines()
    assert 'bonus_malus_runs_total{job="sync",state="try later"} 1.0' in lines
    assert 'bonus_malus_last_success_timestamp_seconds{job="sync"} 1000.0' in lines


def test_two_processes_worth_of_metrics_do_not_meet():
    first, second = Metrics(), Metrics()
    first.broke("sync")
    assert b'state="error"' not in second.text()
