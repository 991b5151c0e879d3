"""Replacing a file whole: whoever reads it finds the old text or the new one, never a part."""

import os
import tempfile
from pathlib import Path


def replace_file(path: Path, text: str, *, private: bool = True) -> None:
    """Write `text` to `path` atomically, and on the disk when this returns; `private`: for its owner alone (0600).

    Raises:
        OSError: it cannot be written; what was there before still is.
    """
    if private:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # 0600 by its own contract
        new = Path(name)
    else:
        new = path.with_name(f".{path.name}.part")
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)  # less what the caller's umask takes
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        new.unlink(missing_ok=True)
        error.filename = str(path)  # writing into an open file names none
        raise
    except BaseException:
        new.unlink(missing_ok=True)
        raise
