"""What the deployment files say, in a form that tests can ask."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
import yaml
from typer.core import TyperGroup

from cli.main import app
from runtime.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
KUBERNETES = ROOT / "deploy" / "kubernetes"
BASE = KUBERNETES / "base"
EXAMPLE = KUBERNETES / "overlays" / "example"

API_USER = ROOT / "deploy" / "postgres" / "api.sql"
"""Makes the API's own user of the database."""

PINNED = re.compile(r"^[a-z0-9./-]+:(?!latest$)\w[\w.-]*\d[\w.-]*$")
"""An image with a tag that names a version."""

WORKLOADS = ("Deployment", "StatefulSet", "Job")

Document = dict[str, Any]


@dataclass(frozen=True)
class Container:
    """One container. `env` holds None where the value comes from a Secret or the cluster."""

    part: str
    image: str
    words: list[str]
    env: Mapping[str, str | None]


def project() -> Document:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def kustomizations() -> list[Path]:
    return sorted(KUBERNETES.rglob("kustomization.yaml"))


def read(path: Path) -> list[Document]:
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


def resources(folder: Path) -> list[tuple[str, Document]]:
    """The folder's own resources, as its kustomization lists them; those of other folders are left out."""
    (kustomization,) = read(folder / "kustomization.yaml")
    files = [folder / name for name in kustomization.get("resources", []) if name.endswith(".yaml")]
    return [(f"{path.relative_to(ROOT)} {each['kind']}", each) for path in files for each in read(path)]


def workloads() -> list[tuple[str, Document]]:
    return [(name, each) for name, each in resources(BASE) if each["kind"] in WORKLOADS]


def pod(workload: Document) -> Document:
    spec: Document = workload["spec"]["template"]["spec"]
    return spec


def component(workload: Document) -> str:
    return str(workload["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/component"])


def example_settings() -> dict[str, str]:
    """What the example's ConfigMap holds: the base's settings, and then its own."""
    lines = [*(BASE / "settings.env").read_text().splitlines()]
    (kustomization,) = read(EXAMPLE / "kustomization.yaml")
    for name in kustomization["components"]:
        (added,) = read(EXAMPLE / name / "kustomization.yaml")
        lines += _literals(added)
    return dict(
        line.split("=", 1) for line in [*lines, *_literals(kustomization)] if line[:1] not in ("", "#")
    )


def kubernetes_containers() -> Iterator[Container]:
    shared = example_settings()
    for _, workload in workloads():
        (only,) = pod(workload)["containers"]
        env = {each["name"]: each.get("value") for each in only["env"]}
        yield Container(component(workload), only["image"], only["args"], {**shared, **env})


def compose() -> Document:
    (found,) = read(ROOT / "docker-compose.yml")
    return found


def parts_of_compose() -> dict[str, Document]:
    """The services that are made here."""
    return {name: each for name, each in compose()["services"].items() if "build" in each}


def compose_containers() -> Iterator[Container]:
    for name, each in parts_of_compose().items():
        # Without a value it is passed on from whoever starts the services, if it is set there.
        told = each["environment"].items()
        env = {key: interpolated(str(value)) for key, value in told if value is not None}
        yield Container(name, each["image"], each["command"], env)


VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<rest>[^}]*))?\}")


def interpolated(text: str) -> str:
    """As compose fills it in where a password is `secret`, and nothing else is told."""
    return VARIABLE.sub(lambda found: found["rest"] if found["kind"] == "-" else "secret", text)


def known_variables() -> set[str]:
    return {PREFIX + name.upper() for name in Settings.model_fields}


def parse(words: list[str]) -> None:
    """Reads a command line as `relearn` does, and runs nothing. Raises typer's usage error."""
    command: Any = typer.main.get_command(app)
    context, rest = None, list(words)
    name = "relearn"
    while True:
        context = command.make_context(name, rest, parent=context)
        if not isinstance(command, TyperGroup):
            return
        name, command, rest = command.resolve_command(context, [*context._protected_args, *context.args])


def _literals(kustomization: Document) -> list[str]:
    return [line for each in kustomization.get("configMapGenerator", []) for line in each["literals"]]
