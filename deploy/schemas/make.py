"""Makes the schemas that tools/lint checks every object of a deployment against, from what their owners
publish:

    make.py SWAGGER CRD...

SWAGGER is api/openapi-spec/swagger.json of Kubernetes, each CRD a YAML file of custom resource
definitions. Writes kubernetes.json beside this script: for each kind that we use a JSON schema, strict
(unknown fields are mistakes, as the API server's strict validation has it) and without descriptions.
"""

import json
import pathlib
import sys

import yaml

BUILT_IN = [
    ("apps", "v1", "Deployment"), ("apps", "v1", "StatefulSet"), ("autoscaling", "v2", "HorizontalPodAutoscaler"),
    ("batch", "v1", "Job"), ("networking.k8s.io", "v1", "NetworkPolicy"), ("policy", "v1", "PodDisruptionBudget"),
    ("", "v1", "ConfigMap"), ("", "v1", "Namespace"), ("", "v1", "Secret"), ("", "v1", "Service"),
    ("", "v1", "ServiceAccount"),
]
CUSTOM = ["Cluster", "Pooler", "ScaledObject", "Certificate", "Issuer", "ServiceMonitor", "PrometheusRule"]
KEPT = ("type", "format", "enum", "required", "pattern", "minimum", "maximum", "minLength", "maxLength", "minItems",
        "maxItems")
# The formats in which Go writes numbers are none of JSON schema's business.
INT_OR_STRING = {"oneOf": [{"type": "integer"}, {"type": "string"}]}


def strict(schema, definitions):
    """The schema with what validation needs, and nothing allowed that it does not name."""
    if "$ref" in schema:
        name = schema["$ref"].split("/")[-1]
        if name not in definitions["done"]:
            definitions["done"][name] = {}  # it may refer to itself
            definitions["done"][name] = strict(definitions["all"][name], definitions)
        return {"$ref": f"#/definitions/{name}"}
    if schema.get("x-kubernetes-int-or-string") or schema.get("format") == "int-or-string":
        return INT_OR_STRING
    result = {key: schema[key] for key in KEPT if key in schema and key != "format"}
    if "items" in schema:
        result["items"] = strict(schema["items"], definitions)
    if "properties" in schema:
        result["properties"] = {name: strict(value, definitions) for name, value in schema["properties"].items()}
    more = schema.get("additionalProperties")
    if isinstance(more, dict):
        result["additionalProperties"] = strict(more, definitions)
    elif "properties" in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
        result["additionalProperties"] = False
    return result


def built_in(swagger):
    definitions = {"all": swagger["definitions"], "done": {}}
    # Written as a number or as `100m`: the type says string, and YAML has both.
    definitions["all"]["io.k8s.apimachinery.pkg.api.resource.Quantity"] = {"format": "int-or-string"}
    kinds = {}
    for name, schema in swagger["definitions"].items():
        for gvk in schema.get("x-kubernetes-group-version-kind", []):
            key = (gvk["group"], gvk["version"], gvk["kind"])
            if key in BUILT_IN:
                kinds["/".join(part for part in key if part)] = strict({"$ref": name}, definitions)
    return kinds, definitions["done"]


def custom(files, meta):
    kinds = {}
    for file in files:
        for crd in yaml.safe_load_all(pathlib.Path(file).read_text(encoding="utf-8")):
            if not crd or crd["spec"]["names"]["kind"] not in CUSTOM:
                continue
            for version in crd["spec"]["versions"]:
                if not version["served"]:
                    continue
                schema = strict(version["schema"]["openAPIV3Schema"], {"all": {}, "done": {}})
                schema["properties"]["metadata"] = meta
                key = (crd["spec"]["group"], version["name"], crd["spec"]["names"]["kind"])
                kinds["/".join(key)] = schema
    return kinds


def main():
    kinds, definitions = built_in(json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")))
    kinds.update(custom(sys.argv[2:], {"$ref": "#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"}))
    missing = {"/".join(filter(None, key)) for key in BUILT_IN} - set(kinds)
    missing |= set(CUSTOM) - {key.split("/")[-1] for key in kinds}
    if missing:
        sys.exit(f"no schema of: {', '.join(sorted(missing))}")
    out = pathlib.Path(__file__).with_name("kubernetes.json")
    out.write_text(json.dumps({"kinds": kinds, "definitions": definitions}, separators=(",", ":"), sort_keys=True) + "\n",
                   encoding="utf-8")


if __name__ == "__main__":
    main()
