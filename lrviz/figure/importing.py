"""Import matplotlib so that no matplotlibrc and no environment variable can break it, change figures, or run code.

In a program of the user, matplotlib reads the user's matplotlibrc, as it does without lrviz: the settings are theirs,
also for figures that lrviz does not draw. The command line has no use for them. There matplotlib reads its own defaults
only, since the current folder may hold a matplotlibrc of somebody else, and matplotlib before 3.11 runs code in it.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from lrviz import files
from lrviz.figure.style import MAX_STYLE_BYTES, config_folder, data_folder, setting_lines

_logger = logging.getLogger("matplotlib")
_FILE: Final = "matplotlibrc"
# Options of FreeType, which change the shapes of letters, and a backend, which may not exist.
_VARIABLES: Final = ("FREETYPE_PROPERTIES", "MPLBACKEND")

_CONFIG_FOLDER: Final = os.environ.get("MPLCONFIGDIR")


def made_temporary_folder() -> bool:
    """Whether matplotlib made a folder that its exit handler removes, since it cannot write to the user's."""
    return os.environ.get("MPLCONFIGDIR") != _CONFIG_FOLDER


def import_matplotlib(*, user_settings: bool = True) -> None:
    """Import matplotlib, if it is not imported yet, and initialize FreeType.

    Args:
        user_settings: Whether matplotlib reads the user's matplotlibrc. One that would make the import fail is ignored.
    """
    if "matplotlib" in sys.modules:
        return
    defaults = not user_settings or not all(_is_safe(path) for path in _settings_files())
    backend = os.environ.get("MPLBACKEND")
    with (
        muted(),
        _default_settings() if defaults else environment(dict.fromkeys(_VARIABLES)),
        warnings.catch_warnings(action="ignore", category=DeprecationWarning),
    ):
        import matplotlib as mpl
        import matplotlib.ft2font
    if backend is not None:
        with suppress(ValueError):  # with an invalid name, importing matplotlib directly would have failed
            mpl.rcParams["backend"] = backend


@contextmanager
def muted() -> Iterator[None]:
    """Suppress messages of matplotlib on stderr about missing fonts, missing glyphs and ignored settings."""
    level = _logger.level
    _logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=r"(?s)Glyph .* missing from font")
            yield
    finally:
        _logger.setLevel(level)


@contextmanager
def environment(changes: dict[str, str | None]) -> Iterator[None]:
    """Set environment variables, or remove them for None, while the context lasts."""
    before = {name: os.environ.get(name) for name in changes}
    try:
        _update(changes)
        yield
    finally:
        _update(before)


def _update(variables: dict[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@contextmanager
def _default_settings() -> Iterator[None]:
    """Let matplotlib find its own matplotlibrc, in whose folder it looks for one before it asks MATPLOTLIBRC."""
    folder = Path.cwd() if os.path.lexists(_FILE) else None
    try:
        if folder is not None:
            os.chdir(data_folder())
        with environment(dict.fromkeys(_VARIABLES) | {"MATPLOTLIBRC": str(data_folder() / _FILE)}):
            yield
    finally:
        if folder is not None:
            os.chdir(folder)


def _settings_files() -> Iterator[Path]:
    """The files that matplotlib may read while it is imported."""
    yield Path(_FILE)
    if path := os.environ.get("MATPLOTLIBRC"):
        yield Path(path)
        yield Path(path) / _FILE
    yield config_folder() / _FILE


def _is_safe(path: Path) -> bool:
    """Whether matplotlib can be imported with this file.

    It fails on bytes that are not UTF-8, on quotes that are not closed and on some locales, and waits for a pipe.
    """
    try:
        text = files.read_text(path, MAX_STYLE_BYTES)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return True
    except OSError:
        return False
    return "use_locale" not in text and None not in setting_lines(text)
