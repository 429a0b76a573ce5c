"""The door to every check: `nox` runs them all, `nox -s NAME` one of them."""

import sys
from glob import glob
from pathlib import Path

import nox

nox.needs_version = ">=2024.4.15"
nox.options.default_venv_backend = "venv"

KERAS = "keras==3.15.1"
BACKENDS = {
    "jax": "jax==0.10.2",
    "tensorflow": "tensorflow-cpu==2.21.0",
    "torch": "torch==2.13.0",
}
RUFF = "ruff==0.17.5"
MATPLOTLIB = "matplotlib==3.11.2"
COVERAGE = "coverage==7.17.4"
TESTING = (
    *("pytest==9.2.0", "pytest-xdist==3.8.0", "pytest-cov==7.1.0"),
    *("hypothesis==6.155.2", "charset-normalizer==3.5.2", COVERAGE),
)
SHOWING = ("tensorboard==2.21.0", MATPLOTLIB)

# What touches no backend is tested once, not on each of them.
ONCE = (
    *("tests/text", "tests/batches", "tests/platform", "tests/benchmarks"),
    "tests/test_architecture.py",
)
# What computes is tested as users run it. Of the rest, what XLA compiles is not made
# fast, since compiling takes longer than running.
COMPUTES = (
    *("tests/backend", "tests/network", "tests/runs", "tests/writing"),
    *("tests/test_golden.py", "tests/test_model.py"),
)
UNOPTIMIZED = {
    "XLA_FLAGS": "--xla_backend_optimization_level=0 "
    "--xla_llvm_disable_expensive_passes=true"
}
SOAK = "tests/soak"
TESTS = ("tests-text", *(f"tests-{backend}" for backend in BACKENDS))

nox.options.sessions = ["lint", "types", *TESTS, "coverage", "docs", "build"]


@nox.session
def lint(session: nox.Session) -> None:
    """Check the style with ruff."""
    session.install(RUFF)
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check the types with mypy."""
    session.install("mypy==2.4.1", "nox", "numpy", "safetensors", KERAS)
    session.run("mypy")


@nox.session(venv_backend="none")
def tests(session: nox.Session) -> None:
    """Run all tests, those of each backend in turn; words behind `--` go to pytest."""
    for name in TESTS:
        session.notify(name)


@nox.session(name="tests-text")
def tests_text(session: nox.Session) -> None:
    """Run the tests that touch no backend."""
    _install(session, "jax")
    _run_pytest(session, "jax", *ONCE)


@nox.session(name="tests-jax")
def tests_jax(session: nox.Session) -> None:
    """Run the tests on JAX."""
    _install(session, "jax")
    _run_pytest(session, "jax", *COMPUTES)
    _run_pytest(session, "jax", *_all_but(*ONCE, *COMPUTES), coverage=False)


@nox.session(name="tests-tensorflow")
def tests_tensorflow(session: nox.Session) -> None:
    """Run the tests on TensorFlow."""
    _install(session, "tensorflow")
    _run_pytest(session, "tensorflow", *COMPUTES)
    _run_pytest(session, "tensorflow", *_all_but(*ONCE, *COMPUTES), coverage=False)


@nox.session(name="tests-torch")
def tests_torch(session: nox.Session) -> None:
    """Run the tests on PyTorch."""
    _install(session, "torch")
    _run_pytest(session, "torch", *_all_but(*ONCE))


def _install(session: nox.Session, backend: str) -> None:
    """Make an environment that has one backend alone."""
    session.install(BACKENDS[backend], KERAS, *TESTING, *SHOWING, ".")


def _all_but(*paths: str) -> tuple[str, ...]:
    return ("tests", *(f"--ignore={path}" for path in (SOAK, *paths)))


def _run_pytest(
    session: nox.Session, backend: str, *words: str, coverage: bool = True
) -> None:
    """Run pytest, on a core for each process.

    Measuring coverage takes time, so it is left out where other runs show the same
    lines.
    """
    session.run(
        *("pytest", "--numprocesses=auto", "--maxprocesses=4", "--dist=worksteal"),
        *(("--cov", "--cov-report=") if coverage else ()),
        *words,
        *session.posargs,
        env={
            "KERAS_BACKEND": backend,
            "OMP_NUM_THREADS": "1",
            "COVERAGE_FILE": f".coverage.{session.name}",
            **({} if coverage else UNOPTIMIZED),
        },
        # Of words such as `-k NAME`, a run may know nothing.
        success_codes=[0, 5] if session.posargs else [0],
    )


@nox.session
@nox.parametrize("backend", list(BACKENDS), ids=list(BACKENDS))
def soak(session: nox.Session, backend: str) -> None:
    """Run what is long by nature on one backend, an hour or so."""
    session.install(BACKENDS[backend], KERAS, *TESTING, ".")
    session.run("pytest", SOAK, *session.posargs, env={"KERAS_BACKEND": backend})


@nox.session
def coverage(session: nox.Session) -> None:
    """Tell which lines of the package no test of any session has run."""
    session.install(COVERAGE)
    session.run("coverage", "combine", "--keep", *glob(".coverage.tests-*"))
    session.run("coverage", "report")


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
