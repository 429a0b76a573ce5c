"""The door to every check: `nox` runs them all, `nox -s NAME` one of them."""

import sys
from pathlib import Path

import nox

nox.needs_version = ">=2024.4.15"
nox.options.sessions = ["lint", "types", "tests", "docs", "build"]
nox.options.default_venv_backend = "venv"

KERAS = "keras==3.15.1"
BACKENDS = {
    "jax": "jax==0.10.2",
    "tensorflow": "tensorflow-cpu==2.21.0",
    "torch": "torch==2.13.0",
}
RUFF = "ruff==0.17.5"
MATPLOTLIB = "matplotlib==3.11.2"
TESTING = ("pytest==9.2.0", "pytest-xdist==3.8.0", "hypothesis==6.155.2")
SHOWING = ("tensorboard==2.21.0", MATPLOTLIB)


@nox.session
def lint(session: nox.Session) -> None:
    """Check the style with ruff."""
    session.install(RUFF)
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check the types with mypy."""
    session.install("mypy==2.4.1", "nox", "numpy", KERAS)
    session.run("mypy")


@nox.session
@nox.parametrize("backend", list(BACKENDS), ids=list(BACKENDS))
def tests(session: nox.Session, backend: str) -> None:
    """Run the tests on one backend; words behind `--` go to pytest."""
    session.install(BACKENDS[backend], KERAS, *TESTING, *SHOWING, ".")
    # A core for each process, so threads of one would only wait for each other.
    session.run(
        *("pytest", "--numprocesses=auto", "--maxprocesses=4", "--dist=worksteal"),
        *session.posargs,
        env={"KERAS_BACKEND": backend, "OMP_NUM_THREADS": "1"},
    )


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation; a warning is an error."""
    session.install(
        *(BACKENDS["jax"], KERAS, "sphinx==9.0.4", "myst-nb==1.4.0", MATPLOTLIB),
        *("furo", "."),
    )
    output = Path("docs", "_build", "html")
    session.run(
        *("sphinx-build", "-W", "--keep-going", "-b", "html", "docs", str(output)),
        env={"KERAS_BACKEND": "jax"},
    )


@nox.session
def build(session: nox.Session) -> None:
    """Build the wheel, install it into a clean environment and use it there."""
    session.install("build")
    folder = Path(session.create_tmp()).resolve()
    wheels = folder / "wheels"
    session.run("python", "-m", "build", "--wheel", "--outdir", str(wheels))
    (wheel,) = wheels.glob("*.whl")
    session.run("python", "-m", "venv", "--clear", str(folder / "clean"))
    scripts = folder / "clean" / ("Scripts" if sys.platform == "win32" else "bin")
    session.run(
        *(str(scripts / "python"), "-m", "pip", "install", "--quiet"),
        *(str(wheel), KERAS, BACKENDS["jax"]),
        external=True,
    )
    charrnn = str(scripts / "charrnn")
    with session.chdir(folder):
        session.run(
            *(charrnn, "train", "python-docs", "--epochs", "1", "--units", "64"),
            external=True,
        )
        session.run(
            *(charrnn, "sample", "runs/python-docs/model.keras", "--prompt", "The "),
            *("--length", "200", "--seed", "1"),
            external=True,
        )


@nox.session
def bench(session: nox.Session) -> None:
    """Measure, `nox -s bench -- NAME ...` one of tests/benchmarks; else the speed."""
    session.install(*BACKENDS.values(), KERAS, ".")
    name, *words = session.posargs or ["speed"]
    if name.startswith("-"):
        name, words = "speed", session.posargs
    session.run("python", "-m", f"tests.benchmarks.{name}", *words)
