#!/usr/bin/python3
"""Writes slo.yml: recording rules and burn-rate alerts of the service level objectives.

    generate.py           writes the file
    generate.py --check   fails when the file is not what this script writes

The windows and factors are those of the Google SRE workbook, chapter 5: an alert needs the budget to
burn over a long window, so that it means something, and over a short one, so that it ends soon.
"""

import pathlib
import sys

FILE = pathlib.Path(__file__).with_name("slo.yml")

# (factor, long window, short window, severity, for). 14.4 spends 2 % of a month's budget in an hour,
# 6 spends 5 % in six hours, 3 and 1 spend 10 % in a day and in three.
BURN_RATES = [
    (14.4, "1h", "5m", "page", "2m"),
    (6, "6h", "30m", "page", "15m"),
    (3, "1d", "2h", "ticket", "1h"),
    (1, "3d", "6h", "ticket", "3h"),
]
WINDOWS = ["5m", "30m", "1h", "2h", "6h", "1d", "3d"]

# What is our fault. A caller's mistakes (InvalidArgument, NotFound, …) and calls that it gave up
# (Canceled) are not; shedding (ResourceExhausted) is.
OUR_ERRORS = "Unknown|DeadlineExceeded|ResourceExhausted|Unimplemented|Internal|Unavailable|DataLoss"
INGEST = 'grpc_service="crier.ingest.v1.IngestService"'

# Each with the share of bad events, as `errors / total`; both summed by namespace. What receivers
# answer appears in none of them: a 5xx of theirs is a retry, not our error.
SLOS = [
    {
        "slo": "ingest_availability",
        "alert": "CrierIngestAvailabilityBudgetBurn",
        "objective": 0.999,
        "promise": "99.9 % of ingest calls are answered without an error of ours",
        "errors": f'sum by (namespace) (rate(grpc_server_handled_total{{{INGEST}, grpc_code=~"{OUR_ERRORS}"}}[WINDOW]))',
        "total": f"sum by (namespace) (rate(grpc_server_handled_total{{{INGEST}}}[WINDOW]))",
    },
    {
        "slo": "ingest_latency",
        "alert": "CrierIngestLatencyBudgetBurn",
        "objective": 0.99,
        "promise": "99 % of ingest calls are durable and answered within 250 ms",
        "good": f'sum by (namespace) (rate(grpc_server_handling_seconds_bucket{{{INGEST}, le="0.25"}}[WINDOW]))',
        "total": f"sum by (namespace) (rate(grpc_server_handling_seconds_count{{{INGEST}}}[WINDOW]))",
    },
    {
        "slo": "delivery_freshness",
        "alert": "CrierDeliveryFreshnessBudgetBurn",
        "objective": 0.99,
        "promise": "99 % of deliveries are first attempted within 10 s of the acceptance of their event",
        "good": 'sum by (namespace) (rate(crier_delivery_event_to_first_attempt_seconds_bucket{le="10"}[WINDOW]))',
        "total": "sum by (namespace) (rate(crier_delivery_event_to_first_attempt_seconds_count[WINDOW]))",
    },
]


def error_ratio(slo, window):
    """Nothing, rather than a division by zero, where there is no traffic."""
    total = slo["total"].replace("WINDOW", window)
    if "errors" in slo:
        return f"{slo['errors'].replace('WINDOW', window)} / ({total} > 0)"
    return f"1 - {slo['good'].replace('WINDOW', window)} / ({total} > 0)"


def recording_rules(slo):
    lines = [f"  - name: crier_slo_{slo['slo']}", "    interval: 30s", "    rules:",
             "      - record: crier:slo:objective_ratio",
             f"        expr: vector({slo['objective']})",
             "        labels:",
             f"          slo: {slo['slo']}"]
    for window in WINDOWS:
        lines += [f"      - record: crier:slo:error_ratio_rate{window}",
                  "        expr: |-",
                  f"          {error_ratio(slo, window)}",
                  "        labels:",
                  f"          slo: {slo['slo']}"]
    return lines


def alerts(slo):
    lines = []
    budget = f"{1 - slo['objective']:g}"
    for factor, long, short, severity, wait in BURN_RATES:
        both = " and ".join(
            f'crier:slo:error_ratio_rate{window}{{slo="{slo["slo"]}"}} > {factor} * {budget}'
            for window in (long, short))
        lines += [f"      - alert: {slo['alert']}",
                  "        expr: |-",
                  f"          {both}",
                  f"        for: {wait}",
                  "        labels:",
                  f"          severity: {severity}",
                  f"          slo: {slo['slo']}",
                  f"          window: {long}",
                  "        annotations:",
                  f"          summary: 'The error budget of {slo['slo']} burns {factor} times too fast.'",
                  "          description: >-",
                  f"            The promise: {slo['promise']}. Bad over the last {long}:"
                  " {{ $value | humanizePercentage }} in namespace {{ $labels.namespace }}.",
                  f"          runbook: deploy/runbooks/{slo['alert']}.md"]
    return lines


def text():
    lines = ["# Made by generate.py; change it there.", "groups:"]
    for slo in SLOS:
        lines += recording_rules(slo)
    lines += ["  - name: crier_slo_alerts", "    rules:"]
    for slo in SLOS:
        lines += alerts(slo)
    return "\n".join(lines) + "\n"


def main():
    if sys.argv[1:] == ["--check"]:
        if FILE.read_text(encoding="utf-8") != text():
            print(f"{FILE.name} is not what {pathlib.Path(__file__).name} writes; run it")
            return 1
        return 0
    FILE.write_text(text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
