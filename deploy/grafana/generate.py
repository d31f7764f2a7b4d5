#!/usr/bin/python3
"""Writes the dashboards, one JSON file each, for Grafana 10 and later.

    generate.py           writes dashboards/*.json
    generate.py --check   fails when a file there is not what this script writes
"""

import json
import pathlib
import sys

FOLDER = pathlib.Path(__file__).with_name("dashboards")
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}

# What the variables select; `.*` also matches where a label is missing, as without Kubernetes.
S = 'namespace=~"$namespace", job=~"$job", pod=~"$pod"'
N = 'namespace=~"$namespace"'
INGEST = f'grpc_service="crier.ingest.v1.IngestService", {S}'
OURS = "Unknown|DeadlineExceeded|ResourceExhausted|Unimplemented|Internal|Unavailable|DataLoss"


def rate(metric, selector=S, by=""):
    grouping = f" by ({by})" if by else ""
    return f"sum{grouping} (rate({metric}{{{selector}}}[$__rate_interval]))"


def quantile(q, metric, selector=S, by=""):
    grouping = f"le, {by}" if by else "le"
    return f"histogram_quantile({q}, sum by ({grouping}) (rate({metric}_bucket{{{selector}}}[$__rate_interval])))"


def quantiles(metric, selector=S):
    return [(quantile(q, metric, selector), f"p{round(q * 100)}") for q in (0.5, 0.9, 0.99)]


def graph(title, description, unit, queries, **options):
    return {"kind": "timeseries", "title": title, "description": description, "unit": unit, "queries": queries,
            **options}


def number(title, description, unit, query, **options):
    return {"kind": "stat", "title": title, "description": description, "unit": unit, "queries": [(query, "")],
            **options}


def row(title):
    return {"kind": "row", "title": title}


OVERVIEW = ("crier-overview", "Crier / Overview and SLOs", [
    row("Objectives"),
    number("Ingest availability", "Share of ingest calls answered without an error of ours. Objective: 99.9 % over 30 days.",
           "percentunit", f'1 - sum(rate(grpc_server_handled_total{{{INGEST}, grpc_code=~"{OURS}"}}[$__range])) / '
           f"(sum(rate(grpc_server_handled_total{{{INGEST}}}[$__range])) > 0)", thresholds=[(0, "red"), (0.999, "green")], decimals=3),
    number("Ingest under 250 ms", "Share of ingest calls durable and answered within 250 ms. Objective: 99 % over 30 days.",
           "percentunit", f'sum(rate(grpc_server_handling_seconds_bucket{{{INGEST}, le="0.25"}}[$__range])) / '
           f"(sum(rate(grpc_server_handling_seconds_count{{{INGEST}}}[$__range])) > 0)", thresholds=[(0, "red"), (0.99, "green")], decimals=3),
    number("Fresh deliveries", "Share of deliveries first attempted within 10 s of the acceptance of their event. Objective: 99 % over 30 days.",
           "percentunit", f'sum(rate(crier_delivery_event_to_first_attempt_seconds_bucket{{{S}, le="10"}}[$__range])) / '
           f"(sum(rate(crier_delivery_event_to_first_attempt_seconds_count{{{S}}}[$__range])) > 0)", thresholds=[(0, "red"), (0.99, "green")], decimals=3),
    number("Processes ready", "Processes that can do their work.", "short", f"sum(crier_ready{{{S}}})"),
    graph("Burn rate, 1 hour", "How many times faster than planned the error budgets are spent. 1 spends the budget of 30 days in 30 days; at 14.4 somebody is called.",
          "short", [(f'max by (slo) (crier:slo:error_ratio_rate1h{{{N}}}) / on (slo) (1 - max by (slo) (crier:slo:objective_ratio))', "{{slo}}")], width=24),
    row("The way of an event"),
    graph("Events accepted", "Events written into the log, by what happened.", "ops", [(rate("crier_ingest_events_total", by="kind"), "{{kind}}")]),
    graph("Evaluator lag", "For how long the oldest event that is not evaluated has been waiting.", "s", [(f"max(crier_evaluator_lag_seconds{{{S}}})", "lag")]),
    graph("Deliveries by outcome", "Deliveries that ended: accepted by their receiver, given up, or cancelled with their webhook.", "ops",
          [(rate("crier_delivery_deliveries_total", by="outcome"), "{{outcome}}")]),
    graph("Event to first attempt", "From the acceptance of an event to the first attempt to deliver it.", "s", quantiles("crier_delivery_event_to_first_attempt_seconds")),
    graph("Event to delivery", "From the acceptance of an event to its acceptance by the receiver, retries included.", "s", quantiles("crier_delivery_event_to_delivery_seconds")),
    graph("Due deliveries", "Deliveries that could be attempted now. Scheduled retries are not among them, nor what waits for a receiver that fails.", "short", [(f"max(crier_delivery_queue_due{{{S}}})", "due")]),
])

INGEST_BOARD = ("crier-ingest", "Crier / Ingest", [
    row("Calls"),
    graph("Calls", "Calls of the ingest service by method.", "reqps", [(rate("grpc_server_started_total", INGEST, "grpc_method"), "{{grpc_method}}")]),
    graph("Answers", "Answered calls by code.", "reqps", [(rate("grpc_server_handled_total", INGEST, "grpc_code") + " > 0", "{{grpc_code}}")]),
    graph("Error ratio", "Share of calls answered with an error of ours.", "percentunit",
          [(f'sum(rate(grpc_server_handled_total{{{INGEST}, grpc_code=~"{OURS}"}}[$__rate_interval])) / (' + rate("grpc_server_handled_total", INGEST) + " > 0)", "errors")]),
    graph("Duration", "How long calls take until their records are durable.", "s", quantiles("grpc_server_handling_seconds", INGEST)),
    graph("Duration by method (p99)", "The slowest hundredth of calls, by method.", "s", [(quantile(0.99, "grpc_server_handling_seconds", INGEST, "grpc_method"), "{{grpc_method}}")]),
    graph("Records turned away", "Records refused because the queue was full (RESOURCE_EXHAUSTED).", "ops", [(rate("crier_ingest_refused_total"), "refused")]),
    row("Commits"),
    graph("Commit duration", "How long transactions of records take.", "s", quantiles("crier_ingest_commit_seconds")),
    graph("Records a commit", "How many records share a transaction: more under load.", "short", quantiles("crier_ingest_batch_records")),
    graph("Commits", "Transactions of records a second.", "ops", [(rate("crier_ingest_commit_seconds_count"), "commits")]),
    graph("Events by kind", "Events written into the log.", "ops", [(rate("crier_ingest_events_total", by="kind"), "{{kind}}")]),
    graph("Subscriptions", "Streams of the event log to evaluators that began.", "ops",
          [(rate("grpc_server_started_total", f'grpc_service="crier.ingest.v1.EventService", grpc_method="Subscribe", {S}'), "started")]),
    graph("Frames sent", "Frames of events sent to evaluators.", "ops",
          [(rate("grpc_server_msg_sent_total", f'grpc_service="crier.ingest.v1.EventService", grpc_method="Subscribe", {S}'), "frames")]),
    graph("Age of deletions", "How long ago the oldest deletion of a community that is under way was asked for: it waits for every reader of the log. Which: crierctl communities deletion.", "s",
          [(f"max(crier_ingest_community_deletion_age_seconds{{{S}}})", "oldest")]),
    row("Readers of the log"),
    graph("Unconfirmed events", "Events that a registered reader of the log has not confirmed: until it has, no day of the log is dropped that holds one.", "short",
          [(f"max by (reader) (crier_ingest_log_reader_unconfirmed_events{{{S}}})", "{{reader}}")]),
    graph("Held back", "How much longer than the retention says the log is kept because of a reader. One that is gone for good: crierctl log forget-reader.", "s",
          [(f"max by (reader) (crier_ingest_log_held_back_seconds{{{S}}})", "{{reader}}")]),
])

EVALUATOR = ("crier-evaluator", "Crier / Evaluator", [
    row("Progress"),
    graph("Lag in time", "For how long the oldest event that is not evaluated has been waiting.", "s", [(f"max by (pod) (crier_evaluator_lag_seconds{{{S}}})", "{{pod}}")]),
    graph("Lag in events", "Events between what is evaluated and the heads of the log partitions.", "short", [(f"sum by (pod) (crier_evaluator_lag_events{{{S}}})", "{{pod}}")]),
    graph("Events and matches", "Events compared with the workflows, and deliveries handed over.", "ops",
          [(rate("crier_evaluator_events_total"), "events"), (rate("crier_evaluator_matches_total"), "matches")]),
    graph("Frame duration", "From the arrival of a frame of events to the end of its hand-over.", "s", quantiles("crier_evaluator_frame_seconds")),
    row("Faults"),
    graph("Interruptions", "Unwanted ends of the evaluation of a log partition.", "ops", [(rate("crier_evaluator_interruptions_total"), "interruptions")]),
    graph("Partitions that stand still", "Log partitions whose evaluation is interrupted at the moment.", "short", [(f"sum(crier_evaluator_interrupted_log_partitions{{{S}}})", "interrupted")]),
    graph("Lost events", "Events that the log dropped before they were evaluated. Anything above 0 is lost data.", "short",
          [(f"sum(increase(crier_evaluator_lost_events_total{{{S}}}[$__rate_interval]))", "lost")]),
    graph("Log partitions by replica", "How the log partitions are shared by the replicas.", "short", [(f"sum by (pod) (crier_evaluator_leased_log_partitions{{{S}}})", "{{pod}}")], stack=True),
    row("Peers and callers"),
    graph("Calls to peers", "Calls to ingest and delivery by method and code.", "reqps",
          [(rate("grpc_client_handled_total", by="grpc_method, grpc_code") + " > 0", "{{grpc_method}} {{grpc_code}}")]),
    graph("Hand-over duration", "How long EnqueueDeliveries takes, seen from the evaluator.", "s",
          quantiles("grpc_client_handling_seconds", f'grpc_method="EnqueueDeliveries", {S}')),
    graph("Workflow calls", "Calls of the workflow service by method.", "reqps",
          [(rate("grpc_server_started_total", f'grpc_service="crier.workflow.v1.WorkflowService", {S}', "grpc_method") + " > 0", "{{grpc_method}}")]),
    graph("Workflow call duration (p99)", "The slowest hundredth of the calls of the workflow service.", "s",
          [(quantile(0.99, "grpc_server_handling_seconds", f'grpc_service="crier.workflow.v1.WorkflowService", {S}'), "p99")]),
    row("Runs, caps and rates"),
    graph("Runs that ended", "Runs of workflows that send the members who meet criteria, by how they ended.", "short",
          [(f"sum by (outcome) (increase(crier_evaluator_runs_total{{{S}}}[$__rate_interval]))", "{{outcome}}")]),
    graph("Members of runs", "Members that runs handed over, and errors that held a run up.", "ops",
          [(rate("crier_evaluator_run_members_total"), "members"), (rate("crier_evaluator_run_retries_total"), "retries")]),
    graph("Put off and left out", "Deliveries of events put off by a workflow's cap (held) or a community's rate (paced), and those that no day has room for (suppressed).", "ops",
          [(rate("crier_evaluator_held_deliveries_total"), "held"), (rate("crier_evaluator_paced_deliveries_total"), "paced"),
           (rate("crier_evaluator_suppressed_deliveries_total"), "suppressed")]),
    graph("Communities over their rate", "Communities whose deliveries of events are put off at the moment.", "short", [(f"sum(crier_evaluator_paced_communities{{{S}}})", "communities")]),
])

DELIVERY = ("crier-delivery", "Crier / Delivery", [
    row("Attempts"),
    graph("Attempts by outcome", "Attempts by how they ended. Refused: the receiver answered with something other than 2xx.", "ops", [(rate("crier_delivery_attempts_total", by="outcome"), "{{outcome}}")], stack=True),
    graph("Attempts by status class", "Attempts by the first digit of the receiver's status; none: no answer.", "ops", [(rate("crier_delivery_attempts_total", by="status_class"), "{{status_class}}")], stack=True),
    graph("Success ratio of attempts", "Share of attempts that the receiver accepted. What is missing is mostly receivers' doing.", "percentunit",
          [(rate("crier_delivery_attempts_total", f'outcome="succeeded", {S}') + " / (" + rate("crier_delivery_attempts_total") + " > 0)", "success")]),
    graph("Attempt duration", "How long attempts take, from the request to the end of the answer.", "s", quantiles("crier_delivery_attempt_seconds")),
    graph("Circuit changes", "Circuits of receivers: open (left alone), half open (one attempt probes it), closed (it works).", "ops", [(rate("crier_delivery_circuit_changes_total", by="state"), "{{state}}")]),
    graph("Failing webhooks", "Enabled webhooks whose attempts have all failed for five minutes or more, and those that are disabled.", "short",
          [(f"max(crier_delivery_webhooks_failing{{{S}}})", "failing"), (f'max(crier_delivery_webhooks{{state="disabled", {S}}})', "disabled")]),
    graph("Refused targets", "Attempts not made because the target policy does not permit the address.", "ops", [(rate("crier_delivery_refused_targets_total"), "refused")]),
    graph("In memory and on the wire", "Deliveries held in memory, those on the wire included.", "short", [(f"sum by (pod) (crier_delivery_queue_in_memory{{{S}}})", "{{pod}}")], stack=True),
    row("Deliveries"),
    graph("Enqueued and ended", "Deliveries stored, and deliveries that ended, by how.", "ops",
          [(rate("crier_delivery_enqueued_total"), "enqueued"), (rate("crier_delivery_deliveries_total", by="outcome"), "{{outcome}}")]),
    graph("Exhausted", "Deliveries given up after the last attempt of their schedule.", "short",
          [(f'sum(increase(crier_delivery_deliveries_total{{outcome="exhausted", {S}}}[$__rate_interval]))', "exhausted")]),
    graph("Event to first attempt", "From the acceptance of an event to the first attempt.", "s", quantiles("crier_delivery_event_to_first_attempt_seconds")),
    graph("Event to delivery", "From the acceptance of an event to its acceptance by the receiver, retries included.", "s", quantiles("crier_delivery_event_to_delivery_seconds")),
    graph("Calls by method", "Calls of the webhook and delivery services.", "reqps",
          [(rate("grpc_server_started_total", f'grpc_service=~"crier.delivery.*", {S}', "grpc_method") + " > 0", "{{grpc_method}}")]),
    graph("Errors by method and code", "Calls of these services that did not end well.", "reqps",
          [(rate("grpc_server_handled_total", f'grpc_service=~"crier.delivery.*", grpc_code!="OK", {S}', "grpc_method, grpc_code") , "{{grpc_method}} {{grpc_code}}")]),
    row("Recovery, erasure and secrets"),
    graph("Recovered and dropped", "Deliveries that recoveries put on the queue again, and those dropped because their webhook does not exist.", "ops",
          [(rate("crier_delivery_recovered_total"), "recovered"), (rate("crier_delivery_dropped_total"), "dropped")]),
    graph("Erasure", "Erasures of contacts and communities that are over, and deliveries whose personal data went with them.", "ops",
          [(rate("crier_delivery_erasures_total"), "erasures"), (rate("crier_delivery_erased_deliveries_total"), "deliveries")]),
    graph("Secrets sealed anew", "Stored secrets that moved to the first key of the ring, and readings of the ring that failed.", "ops",
          [(rate("crier_delivery_secrets_resealed_total"), "sealed anew"), (rate("crier_delivery_key_ring_reload_failures_total"), "ring not read")]),
    graph("Secrets under a key that is gone", "Stored secrets whose own key is not in the ring: nothing can be sent with them until it is back.", "short",
          [(f"max(crier_delivery_secrets_stale{{{S}}})", "secrets")]),
])

QUEUE = ("crier-queue", "Crier / Queue and Postgres", [
    row("Queue"),
    graph("Due deliveries", "Deliveries that could be attempted now: not those whose webhook fails or has a rate of its own.", "short", [(f"max(crier_delivery_queue_due{{{S}}})", "due")]),
    graph("Scheduled deliveries", "Deliveries that wait for the time of an attempt or for their webhook: healthy, however many.", "short", [(f"max(crier_delivery_queue_scheduled{{{S}}})", "scheduled")]),
    graph("Oldest due delivery", "For how long the oldest due delivery has been waiting.", "s", [(f"max(crier_delivery_queue_oldest_due_age_seconds{{{S}}})", "age")]),
    graph("Outcomes by fate", "Outcomes of attempts: written, fenced (the shard has a new holder), or given up.", "ops", [(rate("crier_delivery_outcomes_total", by="fate"), "{{fate}}")]),
    graph("Outcome commit duration", "How long it takes to store a batch of outcomes.", "s", quantiles("crier_delivery_outcome_commit_seconds")),
    graph("Shards by replica", "How the 64 shards of deliveries are shared by the replicas.", "short", [(f"sum by (pod) (crier_delivery_shards_held{{{S}}})", "{{pod}}")], stack=True),
    row("Connections to Postgres"),
    graph("Utilisation", "Share of the connections of each pool that are in use.", "percentunit",
          [(f"sum by (pool) (crier_postgres_pool_in_use{{{S}}}) / sum by (pool) (crier_postgres_pool_size{{{S}}})", "{{pool}}")]),
    graph("Waiting for a connection (p99)", "How long work waits for a connection of its pool.", "s", [(quantile(0.99, "crier_postgres_pool_wait_seconds", by="pool"), "{{pool}}")]),
    graph("Gave up waiting", "Waits for a connection that a deadline ended.", "ops", [(rate("crier_postgres_pool_timeouts_total", by="pool"), "{{pool}}")]),
    graph("Connections opened", "Attempts to open a connection, by result.", "ops", [(rate("crier_postgres_pool_connects_total", by="pool, result"), "{{pool}} {{result}}")]),
    graph("Transactions", "Uses of connections, by pool.", "ops", [(rate("crier_postgres_pool_wait_seconds_count", by="pool"), "{{pool}}")]),
    graph("Connections allowed", "Connections that all pools may have together: to be below max_connections.", "short", [(f"sum(crier_postgres_pool_size{{{S}}})", "allowed")]),
])

RESOURCES = ("crier-resources", "Crier / Resources and rollout", [
    row("Rollout"),
    graph("Versions", "Processes by version: two during a rollout.", "short", [(f"count by (version) (crier_build_info{{{S}}})", "{{version}}")], stack=True),
    graph("Ready", "1 while a process can do its work.", "short", [(f"crier_ready{{{S}}}", "{{job}} {{pod}}")]),
    graph("Age", "Time since the start of each process.", "s", [(f"time() - process_start_time_seconds{{{S}}}", "{{job}} {{pod}}")]),
    graph("Lease changes", "Leases gained and lost; they move in a rollout and rest afterwards.", "ops", [(rate("crier_lease_changes_total", by="kind, change"), "{{kind}} {{change}}")]),
    row("Resources"),
    graph("CPU", "Cores used.", "short", [(f"sum by (job, pod) (rate(process_cpu_seconds_total{{{S}}}[$__rate_interval]))", "{{job}} {{pod}}")]),
    graph("Memory", "Resident memory.", "bytes", [(f"sum by (job, pod) (process_resident_memory_bytes{{{S}}})", "{{job}} {{pod}}")]),
    graph("File descriptors", "Share of the permitted file descriptors that are open.", "percentunit", [(f"process_open_fds{{{S}}} / process_max_fds{{{S}}}", "{{job}} {{pod}}")]),
    graph("Threads", "Threads of each process.", "short", [(f"sum by (job, pod) (process_threads{{{S}}})", "{{job}} {{pod}}")]),
    graph("Calls in flight", "Calls begun and not yet answered, streams included.", "short",
          [(f"sum by (grpc_service) (grpc_server_started_total{{{S}}}) - sum by (grpc_service) (grpc_server_handled_total{{{S}}})", "{{grpc_service}}")]),
    graph("Scrapes", "Scrapes of the metrics that were answered.", "ops", [(rate("exposer_scrapes_total"), "scrapes")]),
])

BOARDS = [OVERVIEW, INGEST_BOARD, EVALUATOR, DELIVERY, QUEUE, RESOURCES]


def variable(name, label, query):
    return {"name": name, "label": label, "type": "query", "datasource": DATASOURCE,
            "definition": query, "query": {"query": query, "refId": name}, "refresh": 2, "sort": 1,
            "multi": True, "includeAll": True, "allValue": ".*",
            "current": {"selected": True, "text": ["All"], "value": ["$__all"]}}


VARIABLES = [
    {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "refresh": 1,
     "current": {}, "multi": False, "includeAll": False},
    variable("namespace", "Namespace", "label_values(crier_build_info, namespace)"),
    variable("job", "Job", 'label_values(crier_build_info{namespace=~"$namespace"}, job)'),
    variable("pod", "Pod", 'label_values(crier_build_info{namespace=~"$namespace", job=~"$job"}, pod)'),
]


def field_config(panel):
    steps = [{"color": color, "value": None if index == 0 else value}
             for index, (value, color) in enumerate(panel.get("thresholds", [(0, "green")]))]
    defaults = {"unit": panel["unit"], "thresholds": {"mode": "absolute", "steps": steps},
                "color": {"mode": "thresholds" if panel["kind"] == "stat" else "palette-classic"}}
    if "decimals" in panel:
        defaults["decimals"] = panel["decimals"]
    if panel["kind"] == "timeseries":
        defaults["min"] = 0
        defaults["custom"] = {"drawStyle": "line", "lineWidth": 1, "fillOpacity": 10, "showPoints": "never",
                              "spanNulls": False,
                              "stacking": {"mode": "normal" if panel.get("stack") else "none", "group": "A"}}
    return {"defaults": defaults, "overrides": []}


def options(panel):
    if panel["kind"] == "stat":
        return {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}, "colorMode": "value",
                "graphMode": "none", "justifyMode": "auto", "orientation": "auto", "textMode": "auto"}
    return {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
            "tooltip": {"mode": "multi", "sort": "desc"}}


def panels(specs):
    result, x, y, height = [], 0, 0, 0
    for number_, spec in enumerate(specs, 1):
        width = spec.get("width", {"row": 24, "stat": 6, "timeseries": 8}[spec["kind"]])
        if x + width > 24:
            x, y = 0, y + height
        height = {"row": 1, "stat": 4, "timeseries": 8}[spec["kind"]]
        position = {"h": height, "w": width, "x": x, "y": y}
        x += width
        if spec["kind"] == "row":
            result.append({"id": number_, "type": "row", "title": spec["title"], "collapsed": False,
                           "gridPos": position, "panels": []})
            continue
        targets = [{"refId": chr(ord("A") + index), "datasource": DATASOURCE, "editorMode": "code", "expr": expression,
                    "legendFormat": legend or "__auto", "range": spec["kind"] == "timeseries",
                    "instant": spec["kind"] == "stat"}
                   for index, (expression, legend) in enumerate(spec["queries"])]
        result.append({"id": number_, "type": spec["kind"], "title": spec["title"], "description": spec["description"],
                       "datasource": DATASOURCE, "gridPos": position, "fieldConfig": field_config(spec),
                       "options": options(spec), "targets": targets})
    return result


def dashboard(uid, title, specs):
    return {"uid": uid, "title": title, "tags": ["crier"], "schemaVersion": 39, "version": 1, "editable": True,
            "graphTooltip": 1, "refresh": "30s", "time": {"from": "now-3h", "to": "now"}, "timezone": "browser",
            "annotations": {"list": []}, "templating": {"list": VARIABLES},
            "links": [{"type": "dashboards", "title": "Crier", "tags": ["crier"], "asDropdown": True, "icon": "external link",
                       "includeVars": True, "keepTime": True, "targetBlank": False, "tooltip": "", "url": ""}],
            "panels": panels(specs)}


def main():
    stale = []
    for uid, title, specs in BOARDS:
        file = FOLDER / f"{uid}.json"
        text = json.dumps(dashboard(uid, title, specs), indent=1, ensure_ascii=False) + "\n"
        if sys.argv[1:] == ["--check"]:
            if not file.exists() or file.read_text(encoding="utf-8") != text:
                stale.append(file.name)
        else:
            file.write_text(text, encoding="utf-8")
    if stale:
        print(f"not what generate.py writes; run it: {', '.join(stale)}")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
