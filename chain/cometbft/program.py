"""Where CometBFT itself is: a Go program, taken from COMETBFT, PATH or Go's own bin directory."""

import os
import shutil
import subprocess
from pathlib import Path

from chain.cometbft.errors import NoCometBft

VERSION = "v0.38.26"
INSTALL = f"go install github.com/cometbft/cometbft/cmd/cometbft@{VERSION}"
_SERIES = "0.38."


def find() -> str:
    """The path of a CometBFT 0.38. Raises NoCometBft, which says how to get one."""
    named = os.environ.get("COMETBFT", "")
    found = shutil.which(named) if named else shutil.which("cometbft") or shutil.which("cometbft", path=_go_bin())
    if found is None:
        where = f"COMETBFT={named} is no program" if named else "cometbft is not on this machine"
        raise NoCometBft(f"{where}; with Go: {INSTALL}")
    version = subprocess.run([found, "version"], capture_output=True, text=True, check=False).stdout.strip()
    if not version.removeprefix("v").startswith(_SERIES):
        raise NoCometBft(f"{found} is version {version or 'unknown'}; {_SERIES}x is needed: {INSTALL}")
    return found


def _go_bin() -> str:
    """GOBIN, or the bin directory of each GOPATH; both have defaults."""
    gopath = os.environ.get("GOPATH") or str(Path.home() / "go")
    places = [str(Path(path) / "bin") for path in gopath.split(os.pathsep)]
    return os.pathsep.join([*filter(None, [os.environ.get("GOBIN")]), *places])
