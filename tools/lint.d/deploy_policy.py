"""What every installation must hold, whatever rendered it: the rules, and for each a breach of it."""

import copy
import ipaddress

SERVICES = {"crier-ingest": 7401, "crier-evaluator": 7402, "crier-delivery": 7403}
HEALTH_PORT = 7410
# What Stop() of the services may take beside preStop and drain, and the flush at the end.
STOP_SECONDS = 10
FLUSH_SECONDS = 5


def of_kind(objects, *kinds):
    return [thing for thing in objects if thing["kind"] in kinds]


def find(objects, kind, name):
    return next((thing for thing in of_kind(objects, kind) if thing["metadata"]["name"] == name), None)


def workloads(objects):
    return of_kind(objects, "Deployment", "StatefulSet", "Job")


def pod_of(workload):
    return workload["spec"]["template"]["spec"]


def services(objects):
    return [find(objects, "Deployment", name) for name in SERVICES if find(objects, "Deployment", name)]


def environment(container):
    return {entry["name"]: entry.get("value") for entry in container.get("env", [])}


def seconds(text):
    return int(text[:-1]) if text.endswith("s") else int(text[:-1]) * 60


def present(objects):
    for name in SERVICES:
        for kind in ("Deployment", "Service", "ServiceAccount", "PodDisruptionBudget", "NetworkPolicy"):
            if not find(objects, kind, name):
                yield f"no {kind} {name}"
    if not find(objects, "Job", "crier-migrate"):
        yield "no Job that migrates"


def restricted(objects):
    for workload in workloads(objects):
        name, pod = workload["metadata"]["name"], pod_of(workload)
        security = pod.get("securityContext", {})
        if not security.get("runAsNonRoot") or not security.get("runAsUser"):
            yield f"{name} may run as root"
        if security.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            yield f"{name} has no RuntimeDefault seccomp profile"
        if any(pod.get(key) for key in ("hostNetwork", "hostPID", "hostIPC")):
            yield f"{name} shares a namespace of the host"
        if any("hostPath" in volume for volume in pod.get("volumes", [])):
            yield f"{name} mounts a path of the host"
        for container in pod["containers"] + pod.get("initContainers", []):
            own = container.get("securityContext", {})
            if own.get("allowPrivilegeEscalation") is not False or own.get("privileged"):
                yield f"{name} may gain privileges"
            if not own.get("readOnlyRootFilesystem"):
                yield f"{name} may write to its image"
            if own.get("capabilities") != {"drop": ["ALL"]}:
                yield f"{name} keeps capabilities"


def no_token(objects):
    for workload in workloads(objects):
        if pod_of(workload).get("automountServiceAccountToken") is not False:
            yield f"{workload['metadata']['name']} gets a token of the Kubernetes API"
    for account in of_kind(objects, "ServiceAccount"):
        if account.get("automountServiceAccountToken") is not False:
            yield f"the account {account['metadata']['name']} gives out tokens"


def probed(objects):
    wanted = {"startupProbe": "liveness", "livenessProbe": "liveness", "readinessProbe": "readiness"}
    for workload in services(objects):
        container = pod_of(workload)["containers"][0]
        for probe, service in wanted.items():
            if container.get(probe, {}).get("grpc") != {"port": HEALTH_PORT, "service": service}:
                yield f"{workload['metadata']['name']}: {probe} does not ask {service} on port {HEALTH_PORT}"
        if environment(container).get("CRIER_HEALTH_LISTEN") != f"0.0.0.0:{HEALTH_PORT}":
            yield f"{workload['metadata']['name']} does not listen for probes"


def drained(objects):
    for workload in services(objects):
        name, pod = workload["metadata"]["name"], pod_of(workload)
        container = pod["containers"][0]
        sleep = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        if not 3 <= sleep <= 30:
            yield f"{name} does not wait in preStop until it is out of the service"
        needed = sleep + STOP_SECONDS + seconds(environment(container)["CRIER_DRAIN_GRACE"]) + FLUSH_SECONDS
        if pod.get("terminationGracePeriodSeconds", 30) < needed:
            yield f"{name} may be killed while it drains: needs {needed} s"
        update = workload["spec"]["strategy"].get("rollingUpdate", {})
        if update.get("maxUnavailable") != 0 or not update.get("maxSurge"):
            yield f"{name} has fewer replicas than it should while it is rolled"


def budgeted(objects):
    for name in SERVICES:
        budget = find(objects, "PodDisruptionBudget", name)
        if budget and (budget["spec"].get("maxUnavailable") != 1
                       or budget["spec"].get("unhealthyPodEvictionPolicy") != "AlwaysAllow"):
            yield f"the budget of {name} is not maxUnavailable 1, AlwaysAllow"


def spread(objects):
    for workload in services(objects):
        selector = {"matchLabels": {"app.kubernetes.io/name": workload["metadata"]["name"]}}
        keys = {rule["topologyKey"] for rule in pod_of(workload).get("topologySpreadConstraints", [])
                if rule["maxSkew"] == 1 and rule["labelSelector"] == selector}
        if keys != {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}:
            yield f"{workload['metadata']['name']} is not spread over zones and hosts"


def scaled(objects):
    for scaler in of_kind(objects, "HorizontalPodAutoscaler", "ScaledObject"):
        target = scaler["spec"]["scaleTargetRef"]["name"]
        deployment = find(objects, "Deployment", target)
        if not deployment:
            yield f"{target} is scaled and not there"
        elif "replicas" in deployment["spec"]:
            yield f"{target} is scaled, and its own number of replicas would undo that"
    for scaler in of_kind(objects, "ScaledObject"):
        for trigger in scaler["spec"]["triggers"]:
            query = trigger["metadata"]["query"]
            if "scheduled" in query or not ("_due" in query or "_lag_" in query):
                yield f"{scaler['metadata']['name']} is scaled on work that is not due: {query}"
        if not scaler["spec"].get("maxReplicaCount"):
            yield f"{scaler['metadata']['name']} may have any number of replicas"


def connections(objects):
    """The replicas that autoscaling may make fit the connections of the database in the cluster."""
    cluster = find(objects, "Cluster", "crier-db")
    if not cluster:
        return
    most = {}
    for scaler in of_kind(objects, "HorizontalPodAutoscaler", "ScaledObject"):
        spec = scaler["spec"]
        most[spec["scaleTargetRef"]["name"]] = spec.get("maxReplicas") or spec.get("maxReplicaCount")
    # By default: those of the pools (crier_postgres_pool_size), and those that listen (one, one and two).
    each = {"crier-ingest": 10, "crier-evaluator": 9, "crier-delivery": 11}
    needed = sum(most.get(name, 2) * count for name, count in each.items())
    allowed = int(cluster["spec"]["postgresql"]["parameters"]["max_connections"]) - 20
    if needed > allowed:
        yield f"{needed} connections at most, and {allowed} for them"


def isolated(objects):
    policies = of_kind(objects, "NetworkPolicy")
    everything = [policy for policy in policies if policy["spec"].get("podSelector") == {}]
    if not any(set(policy["spec"]["policyTypes"]) == {"Ingress", "Egress"} and not policy["spec"].get("ingress")
               and not policy["spec"].get("egress") for policy in everything):
        yield "nothing denies by default"
    for policy in policies:
        for peer in [peer for rule in policy["spec"].get("ingress", []) for peer in rule.get("from", [{}])]:
            if not peer.get("podSelector") and not peer.get("namespaceSelector"):
                yield f"{policy['metadata']['name']} lets everybody in"


PRIVATE = ["10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "127.0.0.1", "169.254.169.254", "0.0.0.1", "224.0.0.1",
           "::1", "fc00::1", "fe80::1", "fd00:ec2::254", "::ffff:10.0.0.1", "2002:a00:1::1", "ff02::1"]
PUBLIC = ["1.1.1.1", "93.184.216.34", "2606:4700::1111"]


def confined(objects):
    policy = find(objects, "NetworkPolicy", "crier-delivery")
    if not policy:
        return
    blocks = [peer["ipBlock"] for rule in policy["spec"]["egress"] for peer in rule["to"] if "ipBlock" in peer]

    def reachable(text):
        address = ipaddress.ip_address(text)
        return any(address in ipaddress.ip_network(block["cidr"])
                   and not any(address in ipaddress.ip_network(other) for other in block.get("except", []))
                   for block in blocks if ipaddress.ip_network(block["cidr"]).version == address.version)

    for address in PRIVATE:
        if reachable(address):
            yield f"delivery may reach {address}"
    for address in PUBLIC:
        if not reachable(address):
            yield f"delivery may not reach {address}"


def ported(objects):
    """The ports that webhooks may have, and those that the network lets delivery reach in public, are the same."""
    policy = find(objects, "NetworkPolicy", "crier-delivery")
    delivery = find(objects, "Deployment", "crier-delivery")
    if not policy or not delivery:
        return
    permitted = environment(pod_of(delivery)["containers"][0]).get("CRIER_ALLOWED_PORTS", "")
    public = [rule for rule in policy["spec"]["egress"] if any("ipBlock" in peer for peer in rule["to"])]
    for rule in public:
        reachable = ",".join(str(entry["port"]) for entry in rule["ports"])
        if reachable != permitted:
            yield f"webhooks may have the ports {permitted}, and delivery may reach {reachable}"


def addressed(objects):
    for name, port in SERVICES.items():
        service = find(objects, "Service", name)
        if service and service["spec"].get("clusterIP") != "None":
            yield f"{name} is not headless: calls would not be balanced"
        if service and port not in [entry["port"] for entry in service["spec"]["ports"]]:
            yield f"{name} has no port {port}"
    evaluator = find(objects, "Deployment", "crier-evaluator")
    if evaluator:
        values = environment(pod_of(evaluator)["containers"][0])
        for variable, (peer, port) in {"CRIER_INGEST_ADDRESS": ("crier-ingest", 7401),
                                       "CRIER_DELIVERY_ADDRESS": ("crier-delivery", 7403)}.items():
            if values.get(variable) != f"dns:///{peer}.$(POD_NAMESPACE).svc.cluster.local.:{port}":
                yield f"the evaluator does not find {peer}"


def migrated(objects):
    job = find(objects, "Job", "crier-migrate")
    if not job:
        return
    container = pod_of(job)["containers"][0]
    if container["command"] != ["crier", "migrate"] or not job["spec"].get("ttlSecondsAfterFinished"):
        yield "the job does not migrate, or stays in the way of the next"
    if {container["image"]} != {pod_of(workload)["containers"][0]["image"] for workload in services(objects)}:
        yield "migrations are of another release than the services"
    if "pooler" in environment(container)["CRIER_POSTGRES_URL"]:
        yield "migrations go through the pooler"


def secret(objects):
    for workload in [*services(objects), find(objects, "Job", "crier-migrate")]:
        if workload is None:
            continue
        for container in pod_of(workload)["containers"]:
            for entry in container.get("env", []):
                if "secretKeyRef" in entry.get("valueFrom", {}) or "@" in entry.get("value", "").partition("://")[2] \
                        and ":" in entry["value"].partition("://")[2].partition("@")[0]:
                    yield f"{workload['metadata']['name']} has a secret in {entry['name']}"


def sized(objects):
    for workload in workloads(objects):
        for container in pod_of(workload)["containers"]:
            resources = container.get("resources", {})
            if not {"cpu", "memory"} <= set(resources.get("requests", {})) or "memory" not in resources.get("limits", {}):
                yield f"{workload['metadata']['name']} does not say what it needs"


def encrypted(objects):
    """Where cert-manager gives certificates, everybody uses them, under the names that are called."""
    if not of_kind(objects, "Certificate"):
        return
    for workload in services(objects):
        name = workload["metadata"]["name"]
        values = environment(pod_of(workload)["containers"][0])
        if not {"CRIER_TLS_CERT_FILE", "CRIER_TLS_KEY_FILE", "CRIER_TLS_CA_FILE"} <= set(values) or \
                values.get("CRIER_TLS_REQUIRE_CLIENT_CERT") != "true":
            yield f"{name} does not speak TLS both ways"
        certificate = find(objects, "Certificate", f"{name}-tls")
        if not certificate or f"{name}.crier.svc.cluster.local" not in certificate["spec"]["dnsNames"]:
            yield f"{name} has no certificate of its name"


RULES = [present, restricted, no_token, probed, drained, budgeted, spread, scaled, connections, isolated, confined, ported, addressed,
         migrated, secret, sized, encrypted]


def mistakes(objects):
    for rule in RULES:
        yield from rule(objects)


def set_in(thing, path, value):
    *parents, last = path
    for key in parents:
        thing = thing[key]
    if value is None:
        del thing[last]
    else:
        thing[last] = value


POD = ("spec", "template", "spec")
CONTAINER = (*POD, "containers", 0)
# Rule, object, path in it, and the value that breaks the rule (None: nothing there).
BREACHES = [
    (present, "PodDisruptionBudget/crier-ingest", ("metadata", "name"), "crier-other"),
    (present, "Job/crier-migrate", ("metadata", "name"), "other"),
    (restricted, "Deployment/crier-delivery", (*POD, "securityContext", "runAsNonRoot"), False),
    (restricted, "Deployment/crier-delivery", (*POD, "securityContext", "seccompProfile"), None),
    (restricted, "Deployment/crier-delivery", (*POD, "hostNetwork"), True),
    (restricted, "Deployment/crier-ingest", (*POD, "volumes", 0), {"name": "database", "hostPath": {"path": "/"}}),
    (restricted, "Deployment/crier-ingest", (*CONTAINER, "securityContext", "allowPrivilegeEscalation"), None),
    (restricted, "Deployment/crier-ingest", (*CONTAINER, "securityContext", "readOnlyRootFilesystem"), False),
    (restricted, "Job/crier-migrate", (*CONTAINER, "securityContext", "capabilities"), {"drop": ["NET_RAW"]}),
    (no_token, "Deployment/crier-evaluator", (*POD, "automountServiceAccountToken"), True),
    (no_token, "ServiceAccount/crier-ingest", ("automountServiceAccountToken",), None),
    (probed, "Deployment/crier-ingest", (*CONTAINER, "livenessProbe", "grpc", "service"), "readiness"),
    (probed, "Deployment/crier-ingest", (*CONTAINER, "readinessProbe", "grpc", "port"), 7401),
    (probed, "Deployment/crier-ingest", (*CONTAINER, "startupProbe"), None),
    (drained, "Deployment/crier-ingest", (*CONTAINER, "lifecycle"), None),
    (drained, "Deployment/crier-ingest", (*POD, "terminationGracePeriodSeconds"), 20),
    (drained, "Deployment/crier-ingest", ("spec", "strategy", "rollingUpdate", "maxUnavailable"), 1),
    (budgeted, "PodDisruptionBudget/crier-ingest", ("spec", "maxUnavailable"), 0),
    (budgeted, "PodDisruptionBudget/crier-ingest", ("spec", "unhealthyPodEvictionPolicy"), None),
    (spread, "Deployment/crier-ingest", (*POD, "topologySpreadConstraints", 1), None),
    (scaled, "Deployment/crier-ingest", ("spec", "replicas"), 2),
    (scaled, "ScaledObject/crier-delivery", ("spec", "triggers", 0, "metadata", "query"),
     "sum(crier_delivery_queue_scheduled)"),
    (scaled, "ScaledObject/crier-delivery", ("spec", "maxReplicaCount"), None),
    (connections, "HorizontalPodAutoscaler/crier-ingest", ("spec", "maxReplicas"), 60),
    (isolated, "NetworkPolicy/default-deny", ("spec", "policyTypes"), ["Ingress"]),
    (isolated, "NetworkPolicy/crier-ingest", ("spec", "ingress", 0, "from", 0), {"podSelector": {}}),
    (confined, "NetworkPolicy/crier-delivery", ("spec", "egress", 0, "to", 0, "ipBlock", "except", 4), None),
    (confined, "NetworkPolicy/crier-delivery", ("spec", "egress", 0, "to", 1, "ipBlock", "cidr"), "::/0"),
    (confined, "NetworkPolicy/crier-delivery", ("spec", "egress", 0, "to", 0, "ipBlock", "cidr"), "10.0.0.0/8"),
    (ported, "NetworkPolicy/crier-delivery", ("spec", "egress", 0, "ports", 1, "port"), 9443),
    (addressed, "Service/crier-ingest", ("spec", "clusterIP"), None),
    (addressed, "Deployment/crier-evaluator", (*CONTAINER, "env"), [{"name": "CRIER_INGEST_ADDRESS", "value": "x"}]),
    (migrated, "Job/crier-migrate", ("spec", "ttlSecondsAfterFinished"), None),
    (migrated, "Job/crier-migrate", (*CONTAINER, "image"), "crier:old"),
    (migrated, "Job/crier-migrate", (*CONTAINER, "env", 0, "value"), "postgresql://crier@crier-db-pooler/crier"),
    (secret, "Deployment/crier-ingest", (*CONTAINER, "env", 0, "value"), "postgresql://crier:secret@db/crier"),
    (sized, "Deployment/crier-ingest", (*CONTAINER, "resources", "requests", "cpu"), None),
    (encrypted, "Deployment/crier-ingest", (*CONTAINER, "env", -1, "value"), "false"),
    (encrypted, "Certificate/crier-ingest-tls", ("spec", "dnsNames"), ["crier-ingest"]),
]


def unnoticed_breaches(objects):
    """The breaches that their rules do not see, and the rules that nothing here breaks."""
    for rule, name, path, value in BREACHES:
        broken = copy.deepcopy(objects)
        kind, _, own = name.partition("/")
        set_in(find(broken, kind, own), path, value)
        if not list(rule(broken)):
            yield f"{rule.__name__}: {name} with {path[-1]} = {value}"
    for rule in RULES:
        if rule not in [breach[0] for breach in BREACHES]:
            yield f"any breach of {rule.__name__}"
