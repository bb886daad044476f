import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from dockerfile_parse import DockerfileParser
from lambda_sandbox import DOCKERFILE, image
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parent.parent
IGNORED = ROOT / "deploy" / "Dockerfile.dockerignore"
LOCK = ROOT / "deploy" / "requirements.lock"


@pytest.fixture(scope="module")
def steps() -> list[dict]:
    """The instructions of the image's file, in their order."""
    with DOCKERFILE.open("rb") as file:
        return [step for step in DockerfileParser(fileobj=file).structure if step["instruction"] != "COMMENT"]


def values(steps: list[dict], instruction: str) -> list[str]:
    return [step["value"] for step in steps if step["instruction"] == instruction]


def pins(lock: Path) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for line in lock.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith((" ", "#")):
            requirement = Requirement(line.rstrip("\\ "))
            found.setdefault(requirement.name, set()).add(str(requirement.specifier))
    return found


def test_every_stage_has_a_python_that_the_project_allows(steps):
    """Both stages are the same base, at a Python inside the project's range."""
    bases = {value.split()[0] for value in values(steps, "FROM")}
    allowed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"]

    (base,) = bases
    assert base.startswith("public.ecr.aws/lambda/python:")
    assert SpecifierSet(allowed).contains(base.rpartition(":")[2])


def test_packages_come_from_the_lock_alone(steps):
    """Every install is by hashes and pulls nothing in beside the lock; nothing is fetched in another way."""
    runs = values(steps, "RUN")
    installs = [run for run in runs if "pip install" in run]

    assert installs
    for run in installs:
        assert {"--require-hashes", "--no-deps", "-r"} <= set(run.split()), run
    assert not [run for run in runs if re.search(r"\b(curl|wget|git|apt|dnf|microdnf|yum)\b", run)]
    assert values(steps, "ADD") == []


def test_the_images_lock_has_what_the_tests_ran_with():
    """Each package of the image is in the project's lock, at the same version; what tests need is not in the image."""
    in_image, in_project = pins(LOCK), pins(ROOT / "requirements.lock")

    assert {name for name, versions in in_image.items() if not versions <= in_project.get(name, set())} == set()
    assert {"awslambdaric", "boto3", "papermill"} <= set(in_image)
    assert not {"moto", "pytest", "jupyterlab", "mypy"} & set(in_image)


def test_what_is_copied_is_there_and_not_ignored(steps):
    """Each COPY names what is there (the company is the operator's to add), and the ignore file lets just that in."""
    copied = [value.split()[0] for value in values(steps, "COPY") if not value.startswith("--from")]
    let_in = {line[1:] for line in IGNORED.read_text(encoding="utf-8").splitlines() if line.startswith("!")}

    assert {name.rstrip("/") for name in copied} == let_in
    for name in copied:
        assert name == "company/" or (ROOT / name).exists(), name
    assert IGNORED.read_text(encoding="utf-8").splitlines()[1] == "*"


def test_caches_and_settings_go_where_lambda_lets_us_write(steps):
    """Without these folders below /tmp, each start leaves others behind; the image runs without rights."""
    variables, entry, command = image()
    below = {"HOME", "IPYTHONDIR", "MPLCONFIGDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR"}

    for name in below | {"XDG_CACHE_HOME"}:
        assert (variables[name] + "/").startswith("/tmp/"), name  # noqa: S108 - Lambda's
    assert variables["PYTHONHASHSEED"] == "0"
    assert (values(steps, "ARG"), "QUARTERDECK_COMMIT" in variables) == (["COMMIT"], True)
    assert values(steps, "USER") == ["65534:65534"]
    assert entry[1:] == ["-m", "awslambdaric"]
    assert command == ["quarterdeck.aws_lambda.handler"]


def test_the_template_calls_the_handler_that_the_image_has():
    """The template's command is the image's, and its company folder lies where the image copies one."""

    class Loader(yaml.SafeLoader):
        """Passes CloudFormation's tags by."""

    Loader.add_multi_constructor("!", lambda loader, tag, node: None)  # noqa: ARG005 - PyYAML's signature
    template = yaml.load((ROOT / "deploy" / "template.yaml").read_text(encoding="utf-8"), Loader)  # noqa: S506 - safe
    commands = [
        resource["Properties"]["ImageConfig"]["Command"]
        for resource in template["Resources"].values()
        if "ImageConfig" in resource["Properties"]
    ]

    assert commands
    assert all(command == image()[2] for command in commands)
    assert template["Parameters"]["CompanyFolder"]["Default"] == "company"


def test_its_install_steps_make_an_environment_in_which_the_handler_loads(steps, tmp_path):
    """
    The RUN lines, run in empty folders, give a Python that has all the package needs: notebooks, charts, AWS.

    uv stands for pip: it takes the same lock with the same hashes, from its cache, in seconds.
    """
    python = tmp_path / "quarterdeck" / "bin" / "python"
    for run in values(steps, "RUN"):
        here = run.replace("/opt/quarterdeck", str(tmp_path / "quarterdeck")).replace(
            "/build/requirements.lock", str(LOCK)
        )
        words = here.split()
        if words[:3] == ["python", "-m", "venv"]:
            words = ["uv", "venv", "--quiet", words[3]]
        else:
            assert words[1:4] == ["-m", "pip", "install"], run
            options = [word for word in words[4:] if word != "--no-cache-dir"]
            words = ["uv", "pip", "install", "--quiet", "--python", words[0], *options]
        subprocess.run([str(ROOT / ".venv" / "bin" / words[0]), *words[1:]], check=True)
    loads = "import quarterdeck.aws_lambda, quarterdeck.mail.ses, awslambdaric, ipykernel; print('loaded')"

    said = subprocess.run(
        [python, "-c", loads], cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )

    assert said.returncode == 0, said.stderr
    assert said.stdout == "loaded\n"
