"""The words on a record, in English and French."""

from config.locale.texts import Texts as Texts
from config.locale.texts import languages as languages
