"""Footers that say a publisher was designated: seen in every language, told from news, never lost."""

import pytest

from mirror.articles import DesignationKind, decode, read_plain, sanitize
from mirror.articles.blocks import Block, Leaf
from mirror.articles.boilerplate import Stripped, strip

BODY = (
    "The mayor said on Friday that the bridge will stay closed until the end of the month.",
    "Engineers found cracks in two of its piers after the flood, and asked for more time.",
)


def stripped(*lines: str) -> Stripped:
    return strip([Block("p", (Leaf(line),)) for line in lines])


FOOTERS = {
    "en": (
        DesignationKind.UNDESIRABLE, "RU",
        "Radio Veska has been designated an “undesirable organization” by Russian prosecutors.",
        "If you live in Russia, sharing or liking our content may be punished with a fine or prison.",
    ),
    "en agent": (
        DesignationKind.FOREIGN_AGENT, "GE",
        "Our newsroom was labeled a foreign agent by the government of Georgia.",
        "Please note that you may be fined if you share our content or donate to us.",
    ),
    "ru": (
        DesignationKind.UNDESIRABLE, "RU",
        "Радио «Веска» признано в России «нежелательной организацией».",
        ("Если вы находитесь в России, за распространение наших материалов, лайки и "
        "комментарии вам грозит штраф."),
    ),
    "ru by": (
        DesignationKind.EXTREMIST, "BY",
        "Власти Беларуси объявили «Веску» экстремистским формированием.",
        "Если вы в Беларуси, за репост или подписку вам грозит уголовное преследование.",
    ),
    "uk": (
        DesignationKind.UNDESIRABLE, "RU",
        "Радіо «Веска» визнано в Росії «небажаною організацією».",
        "Якщо ви в Росії, за поширення наших матеріалів вам загрожує штраф або позбавлення волі.",
    ),
    "be": (
        DesignationKind.EXTREMIST, "BY",
        "Улады Беларусі прызналі «Веску» «экстрэмісцкім фармаваннем».",
        "За распаўсюд нашых матэрыялаў, лайкі і падпіску ў Беларусі вас могуць чакаць штраф і зняволенне.",
    ),
    "fa": (
        DesignationKind.UNDESIRABLE, "RU",
        "دولت روسیه رادیو وسکا را «سازمان نامطلوب» اعلام کرده است.",
        ("اگر در روسیه هستید، هم‌رسانی، پسندیدن یا ذخیره محتوای ما ممکن است برای شما جریمه یا "
        "زندان داشته باشد."),
    ),
    "tr": (
        DesignationKind.UNDESIRABLE, "RU",
        "Veska Radyosu, Rusya hükümeti tarafından “istenmeyen kuruluş” ilan edildi.",
        ("Rusya'da iseniz, içeriklerimizi paylaşmanız veya beğenmeniz size para cezası veya "
        "hapis getirebilir."),
    ),
    "zh": (
        DesignationKind.UNDESIRABLE, "RU",
        "维斯卡电台已被俄罗斯政府列为“不受欢迎组织”。",
        "如果您在俄罗斯，分享、点赞或保存我们的内容可能会被罚款或监禁。",
    ),
    "ky": (
        DesignationKind.EXTREMIST, "KG",
        "Кыргызстандын соту «Весканын» материалдарын экстремисттик материал деп тапты.",
        "Сиз бөлүшсөңүз же лайк басcаңыз, айып салынышы мүмкүн.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FOOTERS)
def test_a_footer_is_seen_in_every_language(name: str) -> None:
    kind, country, statement, warning = FOOTERS[name]
    found = stripped(*BODY, statement, warning)
    assert [block.text for block in found.blocks] == list(BODY)
    assert [(one.kind, one.jurisdiction, one.in_body) for one in found.designations] == [
        (kind, country, False)
    ]
    assert found.designations[0].text == f"{statement}\n\n{warning}"


@pytest.mark.parametrize("name", FOOTERS)
def test_a_statement_alone_at_the_end_is_a_footer_too(name: str) -> None:
    kind, _, statement, _ = FOOTERS[name]
    found = stripped(*BODY, statement)
    assert [block.text for block in found.blocks] == list(BODY)
    assert [(one.kind, one.text) for one in found.designations] == [(kind, statement)]


@pytest.mark.parametrize("name", FOOTERS)
def test_a_statement_in_the_middle_is_news(name: str) -> None:
    _, _, statement, _ = FOOTERS[name]
    lines = [*BODY, *BODY, statement, *BODY, *BODY, *BODY]
    found = stripped(*lines)
    assert [block.text for block in found.blocks] == lines
    assert found.designations == ()


@pytest.mark.parametrize("name", FOOTERS)
def test_a_statement_with_a_warning_in_the_middle_stays_and_is_told(name: str) -> None:
    _, _, statement, warning = FOOTERS[name]
    lines = [*BODY * 3, statement, warning, *BODY * 3]
    found = stripped(*lines)
    assert [block.text for block in found.blocks] == lines
    assert [(one.text, one.in_body) for one in found.designations] == [(f"{statement}\n\n{warning}", True)]


def test_a_last_sentence_with_a_date_is_news() -> None:
    news = "Russia declared the broadcaster an undesirable organization on February 2."
    found = stripped(*BODY, news)
    assert [block.text for block in found.blocks] == [*BODY, news]
    assert [one.in_body for one in found.designations] == [True]


def test_news_that_ends_with_a_designation_stays_and_is_told() -> None:
    news = (
        "Russia declared the broadcaster an undesirable "
        "organization on February 2. Its offices had closed in 2022."
    )
    found = stripped(*BODY, news)
    assert [block.text for block in found.blocks] == [*BODY, news]
    assert [(one.text, one.in_body) for one in found.designations] == [(news, True)]
    text = "\n\n".join(["A Title Of Four Words", *BODY, news])
    draft = read_plain(decode(text.encode()), ident="x")
    assert "designation-in-body" in [problem.code for problem in draft.problems]


def test_words_that_the_law_forces_go_wherever_they_stand() -> None:
    label = (
        "НАСТОЯЩИЙ МАТЕРИАЛ (ИНФОРМАЦИЯ) ПРОИЗВЕДЕН, РАСПРОСТРАНЕН И (ИЛИ) НАПРАВЛЕН ИНОСТРАННЫМ АГЕНТОМ "
        "«ВЕСКА», ВКЛЮЧЕННЫМ В РЕЕСТР, ЛИБО КАСАЕТСЯ ДЕЯТЕЛЬНОСТИ ИНОСТРАННОГО АГЕНТА «ВЕСКА»"
    )
    for lines in ([label, *BODY], [*BODY * 5, label, *BODY * 5]):
        found = stripped(*lines)
        assert label not in [block.text for block in found.blocks]
        assert [(one.kind, one.text) for one in found.designations] == [
            (DesignationKind.FOREIGN_AGENT, label)
        ]


def test_an_unknown_text_about_the_publisher_before_the_footer_goes() -> None:
    about = "Veska is made by people who love the river and its towns."
    statement, warning = FOOTERS["en"][2:]
    found = stripped(*BODY, "With reporting by AFP", about, statement, warning)
    assert [block.text for block in found.blocks] == list(BODY)
    assert found.credits == ("With reporting by AFP",)
    assert found.removed == (about,)


def test_a_footer_is_found_in_one_paragraph() -> None:
    footer = " ".join(FOOTERS["en"][2:])
    found = stripped(*BODY, footer)
    assert [block.text for block in found.blocks] == list(BODY)
    assert found.designations[0].text == footer


def test_two_countries_are_nobodys_guess() -> None:
    found = stripped(*BODY, "Veska has been declared an undesirable organization by Russia and by Belarus.")
    assert [one.jurisdiction for one in found.designations] == [None]


def test_nothing_but_a_footer_is_told_and_left() -> None:
    statement, warning = FOOTERS["en"][2:]
    found = stripped(statement, warning)
    assert [block.text for block in found.blocks] == [statement, warning]
    assert [one.in_body for one in found.designations] == [True]


CREDITS = [
    "With reporting by Reuters, AP, and AFP",
    "(Reporting by Jane Roe; Editing by John Doe)",
    "Additional reporting by Jane Roe",
    "Based on reporting by AP and dpa",
    "Jane Roe contributed to this report.",
    "Source: Reuters",
    "Reuters, AFP",
    "По материалам Reuters и AFP",
    "С использованием сообщений Интерфакса",
    "По сообщениям Reuters, AP и AFP",
    "За матеріалами Reuters, AP та AFP",
    "З використанням повідомлень AFP",
    "Паводле матэрыялаў Reuters",
    "Паводле Reuters і AFP",
    "با گزارش رویترز، آسوشیتدپرس و خبرگزاری فرانسه",
    "به گزارش خبرگزاری‌های رویترز و آسوشیتدپرس",
    "Reuters, AP ve AFP haberlerine dayanmaktadır",
    "Kaynak: Reuters",
    "来源：路透社",
    "据路透社、美联社、法新社报道",
]


@pytest.mark.parametrize("credit", CREDITS)
def test_credits_are_told_from_the_text(credit: str) -> None:
    found = stripped(*BODY, credit)
    assert [block.text for block in found.blocks] == list(BODY)
    assert found.credits == (credit,)


@pytest.mark.parametrize(
    "sentence",
    [
        "По сообщениям местных жителей, вода начала спадать в пятницу утром.",
        "За інформацією поліції, зловмисника затримано.",
        "به گزارش خبرگزاری فارس، این نمایش روز جمعه به روی صحنه می‌رود.",
        "据路透社报道，会议将于周五举行。",
        "Reuters reported that the bridge would open in May.",
        "By Friday the water had fallen by two meters.",
    ],
)
def test_sentences_that_begin_like_credits_stay(sentence: str) -> None:
    found = stripped(*BODY, sentence)
    assert [block.text for block in found.blocks] == [*BODY, sentence]
    found = stripped(sentence, *BODY)
    assert [block.text for block in found.blocks] == [sentence, *BODY]


@pytest.mark.parametrize(
    "label",
    [
        "Share",
        "• 16x9 Image",
        "4×3 image",
        "Facebook Twitter WhatsApp",
        "Поделиться",
        "Читайте також",
        "بیشتر بخوانید",
        "Son Dakika",
        "相关新闻",
        "© 2024 Veska. All rights reserved.",
        "Все права защищены",
        "Share | Print | Email",
        "12 comments",
    ],
)
def test_labels_go_at_both_ends_and_are_told(label: str) -> None:
    for lines in ([label, *BODY], [*BODY, label]):
        found = stripped(*lines)
        assert [block.text for block in found.blocks] == list(BODY)
        assert found.removed == (label,)


@pytest.mark.parametrize("label", ["Share", "News", "Photo", "Live", "Comments", "More"])
def test_the_same_word_inside_a_text_is_a_heading(label: str) -> None:
    found = stripped(BODY[0], label, BODY[1])
    assert [block.text for block in found.blocks] == [BODY[0], label, BODY[1]]


def test_a_text_of_one_word_is_not_boilerplate() -> None:
    assert [block.text for block in stripped("Live").blocks] == ["Live"]


def test_lines_of_verse_stay_together() -> None:
    verse = sanitize("<p>First line<br>second line<br>third line</p><p>end of it all</p>").body
    assert verse.count("<br>") == 2
