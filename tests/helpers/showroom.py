"""A publication to be looked at: in English, Russian and Persian, with what articles are made of."""

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image

from helpers.newsdesk import Desk, files_of
from helpers.notices import choice_text

# Stories, each with its section, its title and its text, the newest first; then what was corrected.
_ENGLISH: Final = """\
City | River towns ask for new flood walls after a third wet spring

Mayors of four towns on the lower Veska asked the regional council on March 3 to pay for higher
walls, saying the river had left its banks for the third spring in a row.

## Heavy but bearable

The head of the council called the damage "heavy but bearable" and promised [an
answer](https://archive.example/file) before the summer.

![Sandbags beside the old bridge](river.png)

> We cannot fill sandbags every year, and nobody here believes that the next one will be dry.

- Oldbridge: 140 houses, nine days
- Veska: 60 houses

| Town | Wall |
|---|---|
| Oldbridge | 3.2 m |
| Veska | 2.8 m |

The council is expected to vote on May 20.

====

City | Bakers walk over the bridge

They came back by night, and nobody asked where the bread had gone.

====

City | The ferry stops

From Monday on there is no ferry between the two banks. Who has to cross walks.

====

Politics | A vote that was counted twice

Observers counted 1,204 slips, the commission 1,412.

====

Politics | New rules for markets

Stalls need a licence from autumn on, the region says.

====

The walls are 3.2 m high, not 2.3 m."""

_RUSSIAN: Final = """\
Город | Приречные города просят новые дамбы после третьей мокрой весны подряд

Мэры четырёх городов в низовьях Вески 3 марта попросили областной совет оплатить более высокие
дамбы: река вышла из берегов третью весну подряд.

## Тяжело, но терпимо

Глава совета назвал ущерб «тяжёлым, но терпимым» и пообещал [ответить](https://archive.example/file)
до лета.

![Мешки с песком у старого моста](river.png)

> Мы не можем набивать мешки каждый год, и никто здесь не верит, что следующий будет сухим.

- Старый Мост: 140 домов, девять дней
- Веска: 60 домов

| Город | Дамба |
|---|---|
| Старый Мост | 3,2 м |
| Веска | 2,8 м |

Ожидается, что совет проголосует 20 мая.

====

Город | Пекари перешли мост

Ночью они вернулись, и никто не спросил, куда делся хлеб.

====

Город | Паром останавливается

С понедельника паром между берегами не ходит. Кому нужно, идёт пешком.

====

Политика | Голоса посчитали дважды

Наблюдатели насчитали 1204 бюллетеня, комиссия 1412.

====

Политика | Новые правила для рынков

С осени ларькам нужна лицензия, сообщает область.

====

Высота дамбы 3,2 м, а не 2,3 м."""

_PERSIAN: Final = """\
شهر | شهرهای کنار رود پس از سومین بهار پرباران دیوارهای تازه می‌خواهند

شهرداران چهار شهر در پایین‌دست وسکا روز ۳ مارس از شورای منطقه خواستند هزینهٔ دیوارهای بلندتر را
بپردازد و گفتند رود سومین بهار پیاپی از بستر خود بیرون آمده است.

## سنگین اما تحمل‌پذیر

رئیس شورا خسارت را «سنگین اما تحمل‌پذیر» خواند و قول داد تا پیش از تابستان
[پاسخ](https://archive.example/file) دهد.

![کیسه‌های شن کنار پل کهنه](river.png)

> نمی‌توانیم هر سال کیسهٔ شن پر کنیم، و هیچ‌کس اینجا باور ندارد که سال بعد خشک باشد.

- پل کهنه: ۱۴۰ خانه، نه روز
- وسکا: ۶۰ خانه

| شهر | دیوار |
|---|---|
| پل کهنه | ۳٫۲ متر |
| وسکا | ۲٫۸ متر |

انتظار می‌رود شورا روز ۲۰ مه رأی بدهد.

====

شهر | نانوایان از روی پل گذشتند

شب بازگشتند و هیچ‌کس نپرسید نان کجا رفته است.

====

شهر | قایق از کار می‌افتد

از دوشنبه میان دو ساحل قایقی نیست. هر که باید بگذرد پیاده می‌رود.

====

سیاست | رأی‌هایی که دو بار شمرده شد

ناظران ۱۲۰۴ برگه شمردند و کمیسیون ۱۴۱۲ برگه.

====

سیاست | Veska قانون تازه‌ای برای بازارها دارد

از پاییز دکه‌ها پروانه می‌خواهند، منطقه می‌گوید.

====

بلندی دیوار ۳٫۲ متر است، نه ۲٫۳ متر."""

_NEXT: Final = "\n\n====\n\n"
_NEWS: Final = {"en": _ENGLISH, "ru": _RUSSIAN, "fa": _PERSIAN}


def tree(base: Path) -> dict[str, bytes]:
    """What mirrors of it hold. Made in a thread: a browser's driver has an event loop in this one."""
    with ThreadPoolExecutor() as pool:
        return pool.submit(_published, base).result()


def _picture() -> bytes:
    out = BytesIO()
    Image.linear_gradient("L").resize((600, 400)).save(out, "PNG")
    return out.getvalue()


def _published(base: Path) -> dict[str, bytes]:
    made = Desk(base, base / "publication").init("--channel=fa=fa")
    for language, news in _NEWS.items():
        for number, story in enumerate(news.split(_NEXT)[:-1]):
            head, _, text = story.partition("\n\n")
            section, _, title = head.partition(" | ")
            facts = {"title": title, "section": section, "source": f"https://{language}.example/{number}"}
            summary = " ".join(text.partition("\n\n")[0].split())
            made.story(20 - number, text, language, summary=summary, **facts)
        (base / language / "river.png").write_bytes(_picture())
        made.add(base / language, channel=language)
    (made.folder / "notices.toml").write_text(choice_text("ru-undesirable"))
    made.release()
    for language, news in _NEWS.items():
        correction = news.split(_NEXT)[-1]
        with (base / language / "story-20.md").open("a", encoding="utf-8") as first:
            first.write(f"\n{correction}\n")
        made.add(base / language, f"--correction={correction}", channel=language)
    made.later().release()
    return files_of(made.folder / "tree")
