"""Names nobody bears: put together from syllables, and a few that software stumbles over."""

import unicodedata

from sandbox.company.draw import Draw

_FIRST = (
    "Al",
    "Be",
    "Ca",
    "Do",
    "El",
    "Fa",
    "Gi",
    "Ha",
    "Io",
    "Ka",
    "Lu",
    "Mi",
    "Ne",
    "Or",
    "Pa",
    "Ro",
    "Sa",
    "Ti",
    "Ve",
    "Zo",
)
_MIDDLE = ("la", "ri", "no", "me", "vi", "sto", "lan", "de")
_END = ("a", "o", "is", "en", "ra", "lin", "us", "ée")
_LAST = (
    "Bar",
    "Cor",
    "Dal",
    "Fen",
    "Gor",
    "Hol",
    "Kes",
    "Lam",
    "Mor",
    "Nor",
    "Pel",
    "Quin",
    "Ros",
    "Sten",
    "Tor",
    "Val",
    "Wen",
    "Zan",
)
_LAST_MIDDLE = ("a", "e", "i", "o", "an", "en", "il", "um")
_LAST_END = ("dov", "lier", "mann", "ney", "rup", "sson", "tini", "vaar", "wick", "zek", "ño", "çois")
_TRADES = ("Trading", "Supplies", "Workshop", "& Daughters", "Gardens", "Instruments", "Bakery", "Logistics")

# Two parts of a name each, as somebody once typed or imported them.
AWKWARD = (
    ("Zoë-Maëlle", "Šimůnkovářová"),
    ("Þórdís", "Łęcka-Østergård"),
    ("Мирела", "Дорвенова"),
    ("Ναλία", "Λορέτη"),
    ("美奈央", "田野沢"),
    ("مارلا", "لوردان"),
    ('Ally "Quote"', "O'Comma, Jr."),
    ("Robert'); --", "Tablewright"),
    ("<b>Bo</b>", "Anglebracket & Sons"),
    ("🎈 Pia", "Ballonné"),
    ("=1+1", "Spreadsheeter"),
    ("", "Onlylastname"),
    ("Line\tTab", "  Spaced  "),
    ("Ana", "N" * 80),
)


_AWKWARD_EVERY = 41
_NO_ADDRESS_EVERY = 149


def anybody(number: int, draw: Draw) -> tuple[str, str]:
    """A first and a last name; one in 41 is awkward, all kinds in turn."""
    turn, rest = divmod(number, _AWKWARD_EVERY)
    return person(draw) if rest else AWKWARD[turn % len(AWKWARD)]


def person(draw: Draw) -> tuple[str, str]:
    """A first and a last name."""
    first = draw.choice(_FIRST) + draw.choice(_MIDDLE) + draw.choice(_END)
    return first, draw.choice(_LAST) + draw.choice(_LAST_MIDDLE) + draw.choice(_LAST_END)


def business(draw: Draw) -> str:
    """The name of a company."""
    return f"{draw.choice(_LAST)}{draw.choice(_LAST_MIDDLE)}{draw.choice(_LAST_END)} {draw.choice(_TRADES)}"


def address(first: str, last: str, number: int) -> str:
    """An e-mail address of a reserved domain (RFC 2606), different for every number; one in 149 is not really one."""
    if number % _NO_ADDRESS_EVERY == 1:
        return f"unknown,{number}@n.a"
    local = unicodedata.normalize("NFKD", f"{first}.{last}").encode("ascii", "ignore").decode().lower()
    local = "".join(letter for letter in local if letter.isalnum() or letter == ".").strip(".")[:30].strip(".")
    return f"{local or 'customer'}.{number}@example.{'org' if number % 3 else 'com'}"
