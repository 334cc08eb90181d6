"""The files under deploy/ say what is so: metrics exist, containers are confined, links lead on."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.cli import COMMANDS, _parser
from service.http.metrics import Metrics
from service.instruments import Instruments
from service.settings import load_settings
from supply.locks import FILES

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
ALERTS: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((DEPLOY / "prometheus" / "alerts.yaml").read_text("utf-8"))[
        "groups"
    ]
    for rule in group["rules"]
]
DASHBOARD: dict[str, Any] = json.loads((DEPLOY / "grafana" / "orderproof.json").read_text("utf-8"))
MANIFESTS: list[dict[str, Any]] = [
    document
    for path in sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    for document in yaml.safe_load_all(path.read_text("utf-8"))
]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
# The functions of PromQL that the files may use; a misspelt one is none of them.
FUNCTIONS = {
    "sum", "max", "min", "rate", "increase", "absent", "histogram_quantile", "by", "for", "or",
}  # fmt: skip


def expressions() -> list[str]:
    asked = [rule["expr"] for rule in ALERTS]
    asked += [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    return asked


def series() -> dict[str, set[str]]:
    """Every series that the service exposes, with its labels."""
    found: dict[str, set[str]] = {}
    for registry in (Instruments().registry, Metrics()._registry):
        collectors: list[Any] = list(registry._collector_to_names)
        for collector in collectors:
            (family,) = collector.describe()
            labels = set(collector._labelnames)
            names = {
                "counter": [f"{family.name}_total"],
                "histogram": [f"{family.name}_{end}" for end in ("bucket", "count", "sum")],
            }.get(family.type, [family.name])
            for name in names:
                found[name] = labels | ({"le"} if name.endswith("_bucket") else set())
    return found


def test_each_series_that_is_asked_for_exists_and_has_the_labels() -> None:
    exposed = series()
    asked: set[str] = set()
    for expression in expressions():
        names = re.findall(r"orderproof_[a-z_]+", expression)
        assert names, expression
        for name, matchers in re.findall(r"(orderproof_[a-z_]+)(?:\{([^}]*)\})?", expression):
            assert name in exposed, f"{name} in {expression!r}"
            labels = set(re.findall(r"([a-z_]+)\s*(?:=~|!=|=)", matchers))
            assert labels <= exposed[name], expression
        for by in re.findall(r"by \(([^)]*)\)", expression):
            wanted = {label.strip() for label in by.split(",")}
            assert all(wanted <= exposed[name] for name in names), expression
        asked |= set(names)
    # And what the service counts is looked at by somebody.
    families = {re.sub(r"_(total|bucket|count|sum)$", "", name) for name in asked}
    assert {re.sub(r"_(total|bucket|count|sum)$", "", name) for name in exposed} == families


@pytest.mark.parametrize("expression", expressions())
def test_an_expression_is_put_together_rightly(expression: str) -> None:
    """Brackets close, functions are ones, counters are asked for their rate over a time."""
    depth: list[str] = []
    for sign in re.sub(r'"[^"]*"', "", expression):
        if sign in "([{":
            depth.append(sign)
        elif sign in ")]}":
            assert depth and "([{".index(depth.pop()) == ")]}".index(sign), expression
    assert not depth
    for name in re.findall(r"\b([a-z_]+)\s*\(", expression):
        assert name in FUNCTIONS, name
    for name, rest in re.findall(r"(orderproof_[a-z_]+)((?:\{[^}]*\})?\[?)", expression):
        is_counter = name.endswith(("_total", "_bucket", "_count", "_sum"))
        assert rest.endswith("[") == is_counter, f"{name} in {expression}"


def test_each_alert_leads_to_what_is_to_be_done() -> None:
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    headings = {
        line.removeprefix("### ").strip() for line in page.splitlines() if line[:4] == "### "
    }
    assert {rule["alert"] for rule in ALERTS} <= headings
    for rule in ALERTS:
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["runbook"] == f"docs/operations.md#{rule['alert'].lower()}"
    assert len({rule["alert"] for rule in ALERTS}) == len(ALERTS)


def test_the_dashboard_is_one_that_can_be_imported() -> None:
    assert {"uid", "title", "schemaVersion", "panels", "time"} <= set(DASHBOARD)
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    variables = {variable["name"] for variable in DASHBOARD["templating"]["list"]}
    places: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        assert panel["type"] in {"timeseries", "stat"}
        assert panel["datasource"]["uid"].strip("${}") in variables
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        squares = {(at["x"] + dx, at["y"] + dy) for dx in range(at["w"]) for dy in range(at["h"])}
        assert not squares & places, f"{panel['title']} lies over another"
        places |= squares


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    for document in MANIFESTS:
        template = document.get("spec", {}).get("template")
        if template is not None:
            yield document["metadata"]["name"], template


@pytest.mark.parametrize(("name", "template"), list(pods()))
def test_a_pod_is_confined(name: str, template: dict[str, Any]) -> None:
    spec = template["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] >= 10_000
    assert spec["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
    for forbidden in ("hostNetwork", "hostPID", "hostIPC", "hostPath"):
        assert forbidden not in json.dumps(spec)
    for container in spec["containers"]:
        confined = container["securityContext"]
        assert confined["readOnlyRootFilesystem"] is True
        assert confined["allowPrivilegeEscalation"] is False
        assert confined["capabilities"] == {"drop": ["ALL"]}
        assert {"cpu", "memory", "ephemeral-storage"} <= set(container["resources"]["limits"])
        assert {"cpu", "memory"} <= set(container["resources"]["requests"])
        ports = {port["name"] for port in container["ports"]}
        for probe, path in (
            ("startup", "/healthz"),
            ("liveness", "/healthz"),
            ("readiness", "/readyz"),
        ):
            asked = container[f"{probe}Probe"]["httpGet"]
            assert (asked["path"], asked["port"] in ports) == (path, True)
        assert not container["image"].endswith(":latest") and ":" in container["image"]
        volumes = {volume["name"] for volume in spec["volumes"]}
        assert {mount["name"] for mount in container["volumeMounts"]} == volumes
        # A secret comes by environment from a Secret, never written here.
        assert not container.get("env")
        _check_command(container["args"])
        drain = re.search(r"--drain (\d+)", " ".join(container["args"]))
        least = int(drain[1]) + 10 if drain else 18
        assert spec["terminationGracePeriodSeconds"] >= least


def _check_command(words: list[str]) -> None:
    """One that the program understands."""
    arguments = _parser(words).parse_args(words)
    assert arguments.command in COMMANDS
    assert str(arguments.config) == "/etc/orderproof/orderproof.toml"


def test_what_is_not_allowed_on_the_network_is_denied() -> None:
    policies = [d for d in MANIFESTS if d["kind"] == "NetworkPolicy"]
    everything = [p for p in policies if p["spec"]["podSelector"] == {}]
    assert any(
        set(p["spec"]["policyTypes"]) == {"Ingress", "Egress"}
        and "ingress" not in p["spec"]
        and "egress" not in p["spec"]
        for p in everything
    )
    listening = {d["metadata"]["labels"]["part"] for d in MANIFESTS if d["kind"] == "Deployment"}
    reached = {p["spec"]["podSelector"].get("matchLabels", {}).get("part") for p in policies}
    assert listening <= reached
    world = [
        to["ipBlock"]
        for policy in policies
        for rule in policy["spec"].get("egress", [])
        for to in rule["to"]
        if "ipBlock" in to
    ]
    for block in world:
        assert {"169.254.0.0/16", "10.0.0.0/8", "192.168.0.0/16"} <= set(block["except"])


def test_every_object_of_kubernetes_is_in_the_namespace_and_selected_by_its_labels() -> None:
    for document in MANIFESTS:
        assert {"apiVersion", "kind", "metadata"} <= set(document)
        if document["kind"] != "Namespace":
            assert document["metadata"]["namespace"] == "orderproof"
        if document["kind"] == "Deployment":
            wanted = document["spec"]["selector"]["matchLabels"]
            labels = document["spec"]["template"]["metadata"]["labels"]
            assert wanted.items() <= labels.items()
        if document["kind"] == "Service":
            assert any(
                document["spec"]["selector"].items() <= template["metadata"]["labels"].items()
                for _, template in pods()
            )


@pytest.mark.parametrize("name", sorted(COMPOSE["services"]))
def test_a_service_of_compose_is_confined(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert int(service["user"].partition(":")[0]) > 0
    assert {"cpus", "memory"} <= set(service["deploy"]["resources"]["limits"])
    assert set(service["networks"]) <= set(COMPOSE["networks"])
    for port in service.get("ports", []):
        assert port.startswith("127.0.0.1:")
    for value in (service.get("environment") or {}).values():
        assert "PASSWORD" not in value or value.startswith("${"), "a secret is written here"
    if name in {"api", "worker"}:
        _check_command(service["command"])
    else:
        assert "healthcheck" in service


def test_the_databases_are_on_a_network_that_leads_nowhere() -> None:
    assert COMPOSE["networks"]["back"] == {"internal": True}
    for name in ("postgres", "valkey"):
        assert COMPOSE["services"][name]["networks"] == ["back"]
        assert "ports" not in COMPOSE["services"][name]


def test_the_configuration_that_is_deployed_can_be_read() -> None:
    path = DEPLOY / "orderproof.toml"
    keys = {"ORDERPROOF_S3_ACCESS_KEY": "a", "ORDERPROOF_S3_SECRET_KEY": "b"}
    settings = load_settings(path, environment=keys)
    assert settings.access == "tokens"
    assert settings.s3 is not None
    assert not settings.journal.is_relative_to(settings.data)
    assert not settings.keys.is_relative_to(settings.data)
    mounted = {
        mount["mountPath"]
        for _, template in pods()
        for container in template["spec"]["containers"]
        for mount in container["volumeMounts"]
    }
    table = tomllib.loads(path.read_text("utf-8"))
    assert {table["data"], table["keys"], str(Path(table["erasure_journal"]).parent)} <= mounted


def test_the_image_runs_as_nobody_in_particular_and_holds_no_builder() -> None:
    text = (ROOT / "Dockerfile").read_text("utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    stages = [line for line in lines if line.startswith("FROM ")]
    assert len(stages) == 2 and all(":" in stage for stage in stages)
    last = text[text.rindex("\nFROM ") :]
    assert re.search(r"^USER 10001:10001$", last, re.M)
    assert "HEALTHCHECK" in last
    assert not re.search(r"\b(apt-get install|pip install|curl|wget)\b", last)
    assert not re.search(r"\b(ADD|sudo|chmod 777)\b", text)
    assert '["orderproof"]' in last  # its own process gets SIGTERM, no shell in between
    locks = re.findall(r"pip .*install --require-hashes --requirement requirements/(\S+)", text)
    assert locks == ["image.txt", "build.txt"]
    assert {"--extra=s3", "--extra=scaled", "--extra=otel", "--extra=report"} == set(
        FILES["image.txt"][0]
    )
