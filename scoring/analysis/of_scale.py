"""A scale as a Markov chain: claims Poisson, states its levels, or levels with claim-free years where it asks."""

from collections.abc import Sequence

from scoring.analysis.chain import Chain, assemble, explore
from scoring.analysis.claims import poisson
from scoring.scale import Place, Scale, step


def scale_chain(scale: Scale, frequency: float, starts: Sequence[int]) -> Chain:
    """The chain at a claim frequency (claims a year), newcomers spread evenly over the levels `starts`."""
    most = len(scale.moves[0]) - 1

    def years(place: Place) -> list[dict[Place, float]]:
        return [{step(place, claims, scale).after: 1.0} for claims in range(most + 1)]

    chances, slopes = poisson(frequency, most)
    return assemble(
        explore([Place(level) for level in range(len(scale.levels))], years),
        [Place(level) for level in starts],
        chances,
        slopes,
        level_of=lambda place: place.level,
        values=[float(level.value) for level in scale.levels],
        names=[level.name for level in scale.levels],
    )
