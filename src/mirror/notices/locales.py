"""Dates, numbers, currencies and country names in one language, never of this machine.

CLDR (through Babel) knows most languages. It lacks what three languages of our readers need:
Crimean Tatar (``crh``) is unknown, Bashkir (``ba``) has neither month nor country names, Chechen
(``ce``) orders dates as no Chechen text does. For those the tables below stand first. What neither
has is a ``LookupError``: the sentence counts as missing, it never takes another language's word or
the process's locale. Only the publisher's side imports this module.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal, get_currency_name

from mirror.errors import ConfigError

PSEUDO: Final = "en-x-pseudo"  # a private-use tag: a real one would collide some day

# Tags that CLDR files under another name. The right side must be one Babel knows.
_BABEL: Final = {"crh": "tr", "prs": "fa_AF", "cnr": "sr_Latn_ME", PSEUDO: "en"}

# Where CLDR's name is not the one the country uses for itself in that language.
_OWN_NAMES: Final = {("ru", "KG"): "Кыргызстан"}

# CLDR's digits for the numbering systems of our languages; Babel writes Latin ones for all.
_DIGITS: Final = {"arabext": "۰۱۲۳۴۵۶۷۸۹", "arab": "٠١٢٣٤٥٦٧٨٩"}
_SEPARATORS: Final = {"arabext": "٬", "arab": "٬"}


@dataclass(frozen=True, slots=True)
class _Table:
    """What stands in for CLDR. ``months`` are as in "2 February"; ``group`` parts thousands."""

    months: tuple[str, ...]
    group: str = "\u00a0"
    territories: dict[str, str] = field(default_factory=dict)
    currencies: dict[str, str] = field(default_factory=dict)


_TABLES: Final = {
    "crh": _Table(
        months=tuple("yanvar fevral mart aprel mayıs iyün iyül avgust sentâbr oktâbr noyabr dekabr".split()),
        territories={
            "AF": "Afğanistan",
            "AM": "Ermenistan",
            "AZ": "Azerbaycan",
            "BY": "Belarus",
            "CN": "Çin",
            "GE": "Gürcistan",
            "IR": "İran",
            "KG": "Qırğızistan",
            "KZ": "Qazahistan",
            "MD": "Moldova",
            "PK": "Pakistan",
            "RU": "Rusiye",
            "TJ": "Tacikistan",
            "TM": "Türkmenistan",
            "TR": "Türkiye",
            "UA": "Ukraina",
            "UZ": "Özbekistan",
        },
        currencies={"RUB": "Rusiye rublesi", "UAH": "Ukraina grivnası"},
    ),
    "ba": _Table(
        months=tuple(
            "ғинуар февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь".split()
        ),
        territories={
            "AF": "Афғанстан",
            "AM": "Әрмәнстан",
            "AZ": "Әзербайжан",
            "BY": "Беларусь",
            "CN": "Ҡытай",
            "GE": "Грузия",
            "IR": "Иран",
            "KG": "Ҡырғыҙстан",
            "KZ": "Ҡаҙағстан",
            "MD": "Молдова",
            "PK": "Пакистан",
            "RU": "Рәсәй",
            "TJ": "Тажикстан",
            "TM": "Төркмәнстан",
            "TR": "Төркиә",
            "UA": "Украина",
            "UZ": "Үзбәкстан",
        },
        currencies={"RUB": "Рәсәй һумы"},
    ),
    "ce": _Table(
        months=tuple(
            "январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь".split()
        ),
        territories={"MK": "Къилбаседа Македони"},
    ),
}


@dataclass(frozen=True, slots=True)
class Words:
    """How one language writes dates, numbers and names. Made by ``words_of``.

    ``plural_locale`` is a tag that CLDR has plural rules for.
    """

    tag: str
    plural_locale: str
    direction: str
    _locale: Locale = field(repr=False)
    _table: _Table | None = field(repr=False)

    def number(self, value: int) -> str:
        """``value`` with this language's digits and grouping."""
        if self._table is not None:
            return f"{value:,}".replace(",", self._table.group)
        text = format_decimal(value, locale=self._locale)
        system = self._locale.default_numbering_system
        if system not in _DIGITS:
            return text
        digits = _DIGITS[system]
        return "".join(digits[int(c)] if c in "0123456789" else _SEPARATORS[system] for c in text)

    def date(self, day: date) -> str:
        """A calendar date (Gregorian), the month as a word."""
        if self._table is not None:
            return f"{day.day} {self._table.months[day.month - 1]} {day.year}"
        return self._checked(format_date(day, "long", locale=self._locale))

    def partial_date(self, text: str) -> str:
        """``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD`` as this language writes it."""
        if len(text) == 10:
            return self.date(date.fromisoformat(text))
        if len(text) == 4:
            return self._own_digits(text)
        day = date.fromisoformat(text + "-01")
        if self._table is not None:
            return f"{self._table.months[day.month - 1]} {day.year}"
        return self._checked(format_skeleton("yMMMM", day, locale=self._locale))

    def territory(self, code: str) -> str:
        """The name of a country.

        Raises:
            LookupError: Neither CLDR nor our tables have it in this language.
        """
        if (self.tag, code) in _OWN_NAMES:
            return _OWN_NAMES[self.tag, code]
        if self._table is not None and code in self._table.territories:
            return self._table.territories[code]
        if self.tag == "crh":
            raise LookupError("no name for a country")
        return str(self._locale.territories[code])

    def currency(self, code: str, count: int) -> str:
        """The name of a currency beside ``count``, or its code where the language has no name."""
        if self._table is not None and code in self._table.currencies:
            return self._table.currencies[code]
        return code if self.tag == "crh" else get_currency_name(code, count=count, locale=self._locale)

    def _own_digits(self, text: str) -> str:
        system = "latn" if self._table is not None else self._locale.default_numbering_system
        if system not in _DIGITS:
            return text
        return text.translate({ord("0") + n: digit for n, digit in enumerate(_DIGITS[system])})

    def _checked(self, text: str) -> str:
        if "M0" in text or "M1" in text:  # CLDR's placeholder for a month without a name
            raise LookupError("no name for a month")
        return self._own_digits(text)


def words_of(tag: str) -> Words:
    """Return the words of the language ``tag``.

    Raises:
        ConfigError: ``unknown-language``: CLDR does not know it, and we have no table.
    """
    known = _BABEL.get(tag, tag.replace("-", "_"))
    try:
        locale = Locale.parse(known)
    except (UnknownLocaleError, ValueError, TypeError) as error:
        raise ConfigError(
            "a language of the notices has no locale data; dates and numbers could not be written",
            code="unknown-language",
        ) from error
    return Words(tag, known.replace("_", "-"), locale.text_direction, locale, _TABLES.get(tag))
