"""An error in one sentence, as a terminal may show it."""

from __future__ import annotations

import errno

from forecast.support.terminal import printable


def said(error: Exception) -> str:
    """One sentence; characters that steer a terminal are shown by their codes."""
    text = str(error)
    if isinstance(error, OSError) and error.strerror:
        text = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        text += (": free some space, raise the limit, or name another folder with output=FOLDER (a panel: OUTPUT); an "
                 "earlier report is as it was")
    elif isinstance(error, PermissionError | NotADirectoryError) or getattr(error, "errno", 0) == errno.EROFS:
        text += ": name a file that you may read, and a folder that you may write with output=FOLDER (a panel: OUTPUT)"
    return printable(text)
