"""The patterns by which boilerplate, credits and designations are known, in the languages we have.

Data only (single labels stand in ``labels.py``): what is done with it stands in ``boilerplate.py`` and
``designation.py``. The patterns are matched without regard to case against text from which quotation
marks were taken, with white space collapsed. The languages are English, Russian, Ukrainian, Belarusian,
Persian, Turkish and Chinese throughout; Kyrgyz, Kazakh, Georgian, German, French and Polish where states
designate or are named.
"""

import re
from typing import Final


def _any(*parts: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{part})" for part in parts), re.IGNORECASE)


# "16x9 Image", "• 16×9 Изображение", "Image 4:3"; the shape of a picture, not what it shows.
IMAGE_SIZE: Final = _any(
    r"\d{1,4} ?[x×хX:*] ?\d{1,4}(?: ?px)? ?(?:image|photo|picture|изображение|фото|зображення"
    r"|відарыс|выява|تصویر"
    r"|عکس|görsel|resim|fotoğraf|图片|图像|圖片)?",
    r"(?:image|photo|picture|изображение|фото|зображення|відарыс|выява|تصویر|عکس|görsel|resim|图片"
    r"|图像) ?:? ?"
    r"\d{1,4} ?[x×хX:*] ?\d{1,4}(?: ?px)?",
)
# Sentences of a page's frame; at most 200 characters, before the first or after the last paragraph.
FRAME: Final = _any(
    r"(?:©|\(c\)|copyright\b).{0,150}",
    r".{0,100}\ball rights reserved\b.{0,60}",
    r"(?:subscribe to|sign up (?:for|to)|follow us (?:on|at)|join us on|download (?:our|the) app"
    r"|like us on)\b.{0,150}",
    r"(?:share|tweet|print|email|e-mail|pin)(?: (?:this|it|article|story|page|on \w+))+",
    r"the post .{1,150} (?:appeared first|first appeared) on .{1,80}",
    r"(?:continue|keep) reading\b.{0,150}",
    r"(?:show|view|read|load|see) (?:all |more )?comments?(?: \(?\d+\)?)?",
    r"\d+ (?:comments?|shares?|views?|комментари\w+|просмотр\w*|коментар\w*|yorum)",
    r"(?:reprinted|republished) (?:with|by) .{0,60}permission.{0,80}",
    r".{0,60}все права защищены.{0,60}",
    r".{0,60}(?:усі|всі) права захищен.{0,60}",
    r".{0,60}(?:усе|ўсе) правы абаронен.{0,60}",
    r"(?:подписывайтесь|подпишитесь) на .{0,150}",
    r"(?:підписуйтеся|підпишіться|підписуйтесь) на .{0,150}",
    r"(?:падпісвайцеся|падпішыцеся) на .{0,150}",
    r".{0,60}tüm hakları saklıdır.{0,60}",
    r".{0,60}(?:کلیه|تمامی|همه) حقوق.{0,60}محفوظ.{0,40}",
    r".{0,40}(?:版权所有|版權所有|保留所有权利).{0,60}",
)
# A line that leads to another article, and one that asks for a subscription; at most 200 characters, with
# a link inside. Web pages put them between the paragraphs.
SEE_ALSO: Final = _any(
    r"[\W_]*(?:related|see also|see more|read more|read also|also read|read next|more|also|watch"
    r"|don.t miss|recommended)"
    r"(?: (?:stories|story|coverage|on this|from \w+))?\s*[:|→»]",
    r"\W*(?:читайте (?:также|ещ[её])|смотрите также|по теме|подробнее|см\. также|материалы по "
    r"теме)\s*[:|→»]",
    r"\W*(?:читайте також|дивіться також|за темою|докладніше|більше)\s*[:|→»]",
    r"\W*(?:чытайце таксама|глядзіце таксама|па тэме|больш)\s*[:|→»]",
    r"\W*(?:بیشتر بخوانید|در همین زمینه|مطالب مرتبط|همچنین بخوانید)\s*[::|]",
    r"\W*(?:ayrıca (?:bkz|oku|bakınız)|ilgili haber|daha fazla|devamı)\w*\s*[:|→»]",
    r"\W*(?:相关(?:新闻|阅读|报道)|延伸阅读|另请参阅|更多)\s*[:：|]",
)
PROMO: Final = _any(
    r"\bsign up\b|\bsubscribe\b|\bfollow (?:us|him|her|them|\w+ on)\b|\bclick here\b"
    r"|\bnewsletters?\b|\binbox\b",
    r"подпис(?:ывайтесь|аться|ка|ку)|подпишитесь|нажмите здесь|рассылк",
    r"підпис(?:уйтесь|уйтеся|атися|ка)|підпишіться|натисніть тут|розсилк",
    r"падпіс(?:вайцеся|ацца|ка)|падпішыцеся|рассылк",
    r"عضو (?:شوید|خبرنامه)|خبرنامه|کلیک کنید|دنبال کنید",
    r"abone ol|bültenimize|buraya tıkla|takip edin",
    r"订阅|訂閱|关注我们|關注我們|点击这里",
)
# What a publisher says of itself below its articles; all words of one row must be there, and a number.
ABOUT: Final = tuple(
    tuple(re.compile(word, re.IGNORECASE) for word in row)
    for row in (
        (r"\bjournalists?\b", r"\blanguages?\b", r"\bcountries\b"),
        (r"журналист", r"язык", r"стран"),
        (r"журналіст", r"мов", r"краї"),
        (r"журналіст", r"мов", r"краін"),
        (r"(?:روزنامه.?نگار|خبرنگار)", r"زبان", r"کشور"),
        (r"gazeteci", r"\bdil", r"ülke"),
        (r"记者|記者", r"语言|語言|种语|種語", r"国家|國家"),
    )
)
# "To find out more, click here."; at most 160 characters, and only beside a designation.
MORE: Final = _any(
    r"\b(?:find out|learn|read) more\b",
    r"\bclick here\b",
    r"\bmore information\b",
    r"подробнее|подробности|узнать больше|по (?:этой )?ссылке|нажмите",
    r"детальніше|докладніше|дізнатися більше|за (?:цим )?посиланням|натисніть",
    r"падрабязн|даведацца больш|па (?:гэтай )?спасылцы|націсніце",
    r"اطلاعات بیشتر|بیشتر بدانید|اینجا کلیک|جزئیات بیشتر",
    r"daha fazla bilgi|buraya tıkla|ayrıntı",
    r"了解更多|更多信息|更多資訊|点击(?:这里|此处)|點擊(?:這裡|此處)",
    r"кененирээк|толугураак|толығырақ",
)

# The end of a text that is only the beginning of one.
CUT: Final = re.compile(
    r"(?:\[\s*(?:…|\.\.\.)\s*\]|…|\.\.\.)\s*$|\b(?:read more|continue reading)\W*$"
    r"|(?:читать (?:далее|дальше|полностью)|далее|докладніше|читати далі|чытаць далей|ادامه(?: "
    r"مطلب)?|devamı\w*|阅读更多|阅读全文)\W*$",
    re.IGNORECASE,
)

# --- credits ----------------------------------------------------------------------------------------
_AGENCY: Final = (
    r"reuters|associated press|ap|afp|agence france-presse|dpa|efe|ansa|bbc|cnn|rfe/rl|voa|upi|kyodo|xinhua"
    r"|bloomberg|рейтер\w*|ройтерс|рэйтэр|афп|ап|ассошиэйтед пресс|асошіейтед прес|франс пресс"
    r"|би-би-си|бі-бі-сі|дпа|интерфакс\w*|інтерфакс\w*|тасс|риа новости|унiан|уніан|укрінформ"
    r"|белта|бельта|радио свобода"
    r"|радіо свобода|радыё свабода|رویترز|آسوشیتدپرس|فرانس‌پرس|فرانس پرس|خبرگزاری فرانسه|بی‌بی‌سی"
    r"|بی بی سی|ایرنا"
    r"|ایسنا|路透社|美联社|美聯社|法新社|新华社|新華社|德新社|彭博社?|anadolu ajansı|aa"
)
# A line that names agencies after a word for "by" and says nothing else.
AGENCIES: Final = re.compile(
    r"[\s(\[—–-]*(?:(?:from|by|via|with|sources?|reports? (?:by|from|of)|based on|according to|по "
    r"(?:данным|сообщениям"
    r"|информации)|за (?:даними|повідомленнями|інформацією)|паводле(?: \w+)?|به (?:گزارش|نقل "
    r"از)(?: خبرگزاری‌?(?:ها)?ی?)?"
    r"|据|據|综合|綜合|kaynak(?:lar)?)[\s:：،,]*){0,2}(?:" + _AGENCY + r")"
    r"(?:(?:\s*[,،、/&+;]\s*|\s+(?:and|и|і|та|й|ды|و|ve|和|及|與|与)\s+|\s*[和及与與、]\s*"
    r"|\s*[,،]\s*(?:and|и|і|та|و|ve)\s+)(?:" + _AGENCY + r"))*"
    r"(?:['’]?n[iıuü]n)?(?:\s*(?:haberlerine dayan\w+|katkı\w+|供稿|报道|消息|综合))?[\s).\]。]*",
    re.IGNORECASE,
)
# Words that open a credit line; at most 250 characters, after the last paragraph.
CREDIT: Final = _any(
    r"\(?with (?:additional |further |some )?(?:reporting|contributions?|material|reports|files"
    r"|information)\b",
    r"\(?(?:additional |extra |further )?(?:reporting|writing|editing|translation|research) (?:and "
    r"\w+ )?by\b",
    r"\(?(?:based|adapted) (?:in part )?on (?:reporting|reports?|stories|a (?:report|story)|an "
    r"original)\b.{0,40}\b(?:by|from)\b",
    r"\(?(?:written|edited|translated|compiled|reported|produced) (?:in \w+ )?(?:by|from)\b",
    r"\(?(?:some )?(?:material|information) (?:in|for|from) .{0,60}\b(?:used|came|contributed)\b",
    r".{2,160}\bcontributed (?:reporting|research|to this (?:report|story|article|piece))",
    r"\(?sources?: ",
    r"\(?(?:по материалам|с использованием (?:материалов|сообщений|информации)|использованы "
    r"материалы|при участии"
    r"|на основе (?:материалов|сообщений|информации)|источники?:|над материалом работал|материал подготовил"
    r"|подготовил[аи]?\b|перев[её]л[аи]?\b|перевод:|редактор:|с дополнениями)",
    r"\(?(?:за матеріалами|з використанням (?:матеріалів|повідомлень|інформації)|на основі "
    r"(?:матеріалів|повідомлень)"
    r"|використано матеріали|за участ[іи]|джерел[оа]:|матеріал підготува|підготува(?:в|ла|ли)\b"
    r"|переклад:|редактор\w*:)",
    r"\(?(?:паводле матэрыялаў|з выкарыстаннем (?:матэрыялаў|паведамленняў)|на падставе "
    r"(?:матэрыялаў|паведамленняў)"
    r"|выкарыстаныя матэрыялы|пры ўдзеле|крыніц[аы]:|падрыхтава(?:ў|ла|лі)\b|пераклад:)",
    r"\(?(?:با (?:گزارش|استفاده از (?:گزارش|مطالب|خبر)|همکاری|گزارش‌هایی از)|بر (?:اساس|پایه) "
    r"گزارش(?:‌های)? "
    r"(?:خبرگزاری|رویترز)|منابع?:|منبع ?:)",
    r"\(?(?:kaynak(?:lar)? ?:|derleyen ?:|çeviri ?:|haberi hazırlayan|katkıda bulunan)",
    r"[(（]?(?:来源|來源|资料来源|消息来源|編輯|编辑|记者|編譯|编译)[:：]",
    r"[(（](?:综合报道|綜合報導|本文)",
)
BYLINE: Final = re.compile(
    r"(?:by|author|автор|авторы|автори|аўтар|نویسنده|yazar|作者)(?:\s*[:：]\s*|\s+)(?P<names>\S.{1,100})",
    re.IGNORECASE,
)
# What stands before the name of who took a picture, inside a caption.
IMAGE_CREDIT: Final = re.compile(
    r"(?:\b(?:photo|image|picture|credit|photograph)(?: (?:by|credit|courtesy of))?\s*[:/]|\bphoto "
    r"by\b|©|\bфото\s*[:/]"
    r"|\bзображення\s*:|\bфота\s*:|عکس(?: از)?\s*:|\bfotoğraf\s*:|图片来源?\s*[:：]"
    r"|图[:：])\s*(?P<name>.{2,200})",
    re.IGNORECASE,
)

# --- designations -----------------------------------------------------------------------------------
UNDESIRABLE: Final = _any(
    r"\bundesirable\b(?: \w+){0,3} organi[sz]ation",
    r"нежелательн\w+(?: \w+){0,3} организаци",
    r"организаци\w+(?: \w+){0,6} нежелательн",
    r"небажан\w+(?: \w+){0,3} організаці",
    r"непажадан\w+(?: \w+){0,3} (?:арганізацы|структур)",
    r"سازمان‌?(?:ها)?ی? (?:\w+ )?نامطلوب",
    r"istenmeyen (?:\w+ )?(?:kuruluş|örgüt|organizasyon)",
    r"不受欢迎(?:的)?(?:外国)?(?:组织|机构)|不受歡迎(?:的)?(?:外國)?(?:組織|機構)|不良组织|不良組織",
    r"(?:жагымсыз|каалабаган|керексиз) уюм",
    r"(?:қалаусыз|жағымсыз) ұйым",
    r"unerwünschte\w* organisation",
    r"organi[sz]ations? indésirables?",
    r"organizacj\w+ niepożądan",
)
FOREIGN_AGENT: Final = _any(
    r"\bforeign (?:influence )?agents?\b",
    r"иностранн\w+ агент|иноагент|агент\w* иностранн\w+ влияни",
    r"іноземн\w+ агент|агент\w* іноземн",
    r"замежн\w+ агент",
    r"(?:عامل|عوامل|مأمور|مامور|ایجنت)\w* (?:خارجی|بیگانه)",
    r"yabancı (?:etki )?ajan",
    r"外国代理人|外國代理人|境外代理人",
    r"чет (?:элдик|өлкөлүк) (?:өкүл|агент)",
    r"шетел(?:дік)? агент",
    r"უცხო\w* (?:გავლენის |ძალის )?(?:აგენტ|ინტერესების გამტარებ)",
    r"ausländische\w* agent",
    r"agents? (?:de l.étranger|étrangers?)",
    r"zagraniczn\w+ agent",
)
EXTREMIST: Final = _any(
    r"\bextremist (?:organi[sz]ation|formation|group|community|entity|material|content|publication"
    r"|resource)s?\b",
    r"экстремистск\w+(?: \w+)? (?:организаци|формирован|сообществ|материал|ресурс)",
    r"(?:организаци|формирован|сообществ|материал)\w*(?: \w+){0,3} экстремистск",
    r"екстремістськ\w+ (?:\w+ )?(?:організаці|формуван|спільнот|матеріал)",
    r"экстр[эе]місцк\w+ (?:\w+ )?(?:арганізацы|фарм(?:ір|ав)|супольнасц|матэрыял|згуртаван)",
    r"(?:سازمان|گروه|محتوا|مطالب)\w* (?:\w+ )?افراط.?(?:ی|گرا)",
    r"(?:aşırılıkçı|aşırıcı|ekstremist) (?:\w+ )?(?:örgüt|kuruluş|oluşum|materyal|içerik)",
    r"(?:极端主义|極端主義|极端)(?:组织|組織|团体|内容|材料|资料)",
    r"экстремисттик (?:уюм|материал)|экстремистік (?:ұйым|материал)",
    r"extremistische\w* (?:organisation|material)",
)
# That somebody was put among these.
DECLARED: Final = _any(
    r"\b(?:declared|designated|labell?ed|recogni[sz]ed|listed|branded|deemed|outlawed|banned"
    r"|classified|ruled|named|added)\b",
    r"\b(?:призна|объяв|внес|включ|запрещ|назва|выполня)\w*",
    r"\b(?:визна|оголо|внес|включ|заборон|назва)\w*",
    r"\b(?:прызна|абвешч|абвясц|[ву]не[сс]|[ву]ключ|забарон|назва)\w*",
    r"اعلام|شناخته|معرفی|خوانده|قرار داده|تلقی|برچسب|ممنوع",
    r"\bilan (?:edil|etti|etmiş)|\b(?:tanımlan|nitelen|sayıl|listelen|kabul edil|yasakla)",
    r"列为|列為|列入|宣布|认定|認定|定为|定性|指定|视为|視為|禁止|贴上",
    r"деп (?:тап|табыл|жарыяла|жариялан|таан|таны)|таанылган|танылған",
    r"გამოცხად|აღიარ|ჩაითვალ",
    r"\b(?:erklärt|eingestuft|bezeichnet|verboten|déclaré|désigné|qualifié|interdit|uznan|ogłoszon|wpisan)",
)
# Labels that Russian law forces upon those whom it designated; they have no other use.
FORCED: Final = _any(
    r"(?:настоящий материал|данное сообщение|данный материал|этот материал|настоящее сообщение)\b.{0,200}"
    r"(?:создан|произвед|распростран|направлен)\w*.{0,300}иностранн\w+ агент",
)
# Whom the sentence about penalties addresses, what one may not do, and what is threatened.
ADDRESSED: Final = _any(
    r"\b(?:you|your)\b|\bour (?:\w+ )?(?:content|materials?|site|website|pages?|posts?|work)\b",
    r"\b(?:вы|вам|вас|ваш\w*)\b|\bнаш\w* (?:\w+ )?(?:материал|контент|публикац|сайт|страниц|текст)",
    r"\b(?:ви|вами|ваш\w*)\b|\bнаш\w* (?:\w+ )?(?:матеріал|контент|публікац|сайт|сторін|текст)",
    r"\bнаш\w* (?:\w+ )?(?:матэрыял|кантэнт|публікац|сайт|старон|тэкст)",
    r"شما|محتوای ما|مطالب ما",
    r"\bsiz(?:i|e|in|ler)?\b|\w+(?:sanız|seniz|siniz|sınız)\b|\biçeri(?:ğ|k)\w*imiz",
    r"您|你|我们的|我們的|本台|本站",
    r"\b(?:сиз|силер|сіз)\w*",
)
ACTS: Final = _any(
    r"\b(?:shar(?:e|ing)|lik(?:e|ing)|comment(?:ing)?|sav(?:e|ing)|repost(?:ing)?|donat\w+"
    r"|contact(?:ing)?|distribut\w+|link(?:ing)?)\b",
    r"распростран|репост|делить|делитесь|поделит|лайк|нравится|коммент|сохран|связ|обращ|пожертв"
    r"|донат|контакт|ссылк",
    r"пошир|репост|лайк|вподоба|комент|збер[еі]|зв.яз|контакт|донат|посилан",
    r"распаўсюд|рэпост|лайк|падабай|камент|камэнт|захав|захоў|сувяз|кантакт|данат|падпіс|спасылк",
    r"اشتراک|هم‌?رسانی|پسند|لایک|کامنت|نظر|ذخیره|تماس|بازنشر|انتشار",
    r"paylaş|beğen|yorum|kaydet|iletişim|bağış|takip",
    r"分享|转发|轉發|转载|轉載|点赞|點讚|评论|評論|保存|收藏|联系|聯繫|捐款",
    r"бөлүш|тарат|лайк|пикир|сакта|байланыш|бөліс|тарат|сақта",
)
PENALTIES: Final = _any(
    r"\b(?:fine[sd]?|imprison\w*|jail\w*|prison|penalt\w+|prosecut\w+|liab\w+|punish\w*|criminal)\b",
    r"штраф|лишени|тюрем|тюрьм|заключени|ответственн|наказ|преследован|уголовн",
    r"ув.язнен|позбавлен|відповідальн|покаран|кримінальн|переслідуван",
    r"зняволен|пазбаўлен|адказнасц|пакаран|крымінальн|турэмн|перасьлед|перасл",
    r"جریمه|زندان|حبس|مجازات|پیگرد",
    r"\bceza|hapis",
    r"罚款|罰款|监禁|監禁|徒刑|刑事|处罚|處罰|判刑",
    r"айып|түрмө|эркинен|жаза|жоопкерчилик|бас бостандығ|жауап",
)
# Whose authorities; looked for in the sentence that says "declared".
COUNTRIES: Final = {
    "BY": re.compile(
        r"belarus|беларус|белорус|білорус|бялорус|بلاروس|白俄罗斯|白俄羅斯|ბელარუს", re.IGNORECASE
    ),
    "RU": re.compile(
        r"\brussia|росси[ийюея]|\bрф\b|рос[іи]йськ|росі[іїйюєя]|рас[еі]й|расе[ійя]|روسیه|\brusya"
        r"|(?<!白)俄罗斯|(?<!白)俄羅斯|俄方"
        r"|орусия|россия|ресей|русия|russland|russie|rosj|რუსეთ|минюст\w* рф|генпрокуратур",
        re.IGNORECASE,
    ),
    "KG": re.compile(r"kyrgyz|кыргыз|киргиз|қырғыз|قرقیزستان|吉尔吉斯", re.IGNORECASE),
    "KZ": re.compile(r"kazakh|казах|қазақ|казак|قزاقستان|哈萨克", re.IGNORECASE),
    "IR": re.compile(r"\biran|\bиран|\bіран|ایران|伊朗|\biran", re.IGNORECASE),
    "GE": re.compile(r"\bgeorgia|грузи|გრუზი|საქართველო|گرجستان|格鲁吉亚|gürcistan", re.IGNORECASE),
    "AZ": re.compile(r"azerbaij|азербайдж|azerbayc|آذربایجان", re.IGNORECASE),
    "TJ": re.compile(r"tajik|таджик|тоҷик|تاجیکستان", re.IGNORECASE),
    "TM": re.compile(r"turkmen|туркмен|türkmen|ترکمنستان", re.IGNORECASE),
    "UZ": re.compile(r"uzbek|узбек|oʻzbek|özbek|ازبکستان", re.IGNORECASE),
    "CN": re.compile(r"\bchina\b|\bchinese\b|кита|中国|中國|چین", re.IGNORECASE),
    "HK": re.compile(r"hong kong|гонконг|香港", re.IGNORECASE),
    "MM": re.compile(r"myanmar|мьянм|缅甸", re.IGNORECASE),
    "TR": re.compile(r"\bturkey\b|\btürkiye|\bturkish\b|\bтурци|\bтуреч|ترکیه|土耳其", re.IGNORECASE),
    "AF": re.compile(r"afghan|афган|افغانستان|阿富汗|\btaliban", re.IGNORECASE),
}
