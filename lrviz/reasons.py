"""The system's own errors in plain words."""

from __future__ import annotations

import errno
import os
from typing import Final

_REASONS: Final = {
    errno.EISDIR: "it is a folder",
    errno.ENOTDIR: "a file where a folder should be",
    errno.ELOOP: "symbolic links that lead in a circle",
    errno.ENAMETOOLONG: "the name is too long",
    errno.EROFS: "the file system is read-only",
    errno.EBUSY: "it is in use",
    errno.ENXIO: "nothing there to read it",
}
_ROOM: Final = "free some space, or write to another disk"
_ELSEWHERE: Final = "choose a folder you may write to"
_HINTS: Final = {
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EACCES: _ELSEWHERE,
    errno.EPERM: _ELSEWHERE,
    errno.EROFS: _ELSEWHERE,
    errno.EISDIR: "add a file name, such as `curve.png`",
}


def reason(error: OSError) -> str:
    """What went wrong: "no space left on device"."""
    if error.errno is None:
        return str(error)
    words = os.strerror(error.errno)
    return _REASONS.get(error.errno, words[:1].lower() + words[1:])


def hint(error: OSError) -> str:
    """What to do about it, empty where there is nothing useful to say."""
    return _HINTS.get(error.errno or 0, "")
