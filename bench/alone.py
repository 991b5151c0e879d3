"""What a bench has installed for others is not counted as ours."""

import sys


class _Without:
    """An environment without data frames: where they are installed, pyarrow and ADBC import them for their own sake."""

    @staticmethod
    def find_spec(name: str, *_: object) -> None:
        """Nobody has them."""
        if name in {"pandas", "polars"}:
            raise ImportError(f"no {name} for this contender")


def without_data_frames() -> None:
    """From here on, in this process, neither pandas nor Polars can be imported."""
    sys.meta_path.insert(0, _Without)
