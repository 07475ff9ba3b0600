"""
Reading a service's TOML file into its settings. A wrong or missing setting is reported
by its name, with what was expected, before anything is started.
"""

import tomllib
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError


class SettingsError(Exception):
    """The file is not there, is not TOML, or a setting in it is wrong. The text says which."""


class Settings(BaseModel):
    """Base of a service's settings: unknown names are errors, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _from_hex(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return bytes.fromhex(value)
    except ValueError:
        raise ValueError("must be written in hex") from None


def _of_length(length: int) -> BeforeValidator:
    def check(value: object) -> object:
        data = _from_hex(value)
        if not isinstance(data, bytes) or len(data) != length:
            raise ValueError(f"must be {length} bytes in hex ({2 * length} digits)")
        return data

    return BeforeValidator(check)


HexId = Annotated[bytes, _of_length(8)]
HexKey = Annotated[bytes, _of_length(32)]

S = TypeVar("S", bound=Settings)


def load(model: type[S], path: Path) -> S:
    """The settings in the TOML file at `path`. Relative paths in it are relative to the working directory."""
    try:
        return model.model_validate(tomllib.loads(path.read_text()))
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: not TOML: {error}") from error
    except ValidationError as error:
        lines = [f"  {'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
        raise SettingsError("\n".join([f"{path}: settings to change:", *lines])) from error
