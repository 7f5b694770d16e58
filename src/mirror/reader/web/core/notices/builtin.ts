/**
 * The last resort: texts for when no notices verified (`notices/builtin.py`, from which
 * `python tests/helpers/builtin_ts.py` made this file). All but English are machine translations, and say so.
 */

/** Stands in for any text that is nowhere. */
export const MISSING = "builtin.missing";
export const RIGHT_TO_LEFT: readonly string[] = ["fa"];

const KEYS = [
  "builtin.title",
  "builtin.read",
  "builtin.off",
  "builtin.missing",
  "ui.safer",
  "alt.read-on",
  "ui.back",
  "ui.machine",
  "ui.beside",
  "ui.other-language",
];

const TEXTS = {
  en: [
    "Before you act on this news",
    "The warnings that belong to this news are missing or damaged. In some countries people are punished for what they do with news. You can read; this program keeps nothing on the device.",
    "This is closed: the warnings that belong to this news are missing or damaged, so nobody can say what the risk is. Fetch the news again from another mirror.",
    "A warning belongs here, and its text is missing. Treat this as risky.",
    "Safer:",
    "Go on reading and leave this for another time.",
    "No, go back",
    "Machine translation, not reviewed by a person.",
    "The English original:",
    "This notice is not yet available in your language.",
  ],
  ru: [
    "Прежде чем что-то сделать с этой новостью",
    "Предупреждения к этим новостям отсутствуют или повреждены. В некоторых странах людей наказывают за то, что они делают с новостями. Читать можно; программа ничего не хранит на устройстве.",
    "Это закрыто: предупреждения к этим новостям отсутствуют или повреждены, и никто не может сказать, каков риск. Получите новости ещё раз с другого зеркала.",
    "Здесь должно быть предупреждение, но его текст отсутствует. Считайте это рискованным.",
    "Безопаснее:",
    "Читайте дальше, а это отложите.",
    "Нет, вернуться",
    "Машинный перевод, человеком не проверен.",
    "Английский оригинал:",
    "На вашем языке этого предупреждения пока нет.",
  ],
  be: [
    "Перш чым нешта рабіць з гэтай навіной",
    "Папярэджанні да гэтых навін адсутнічаюць або пашкоджаныя. У некаторых краінах людзей караюць за тое, што яны робяць з навінамі. Чытаць можна; праграма нічога не захоўвае на прыладзе.",
    "Гэта закрыта: папярэджанні да гэтых навін адсутнічаюць або пашкоджаныя, і ніхто не можа сказаць, якая рызыка. Атрымайце навіны яшчэ раз з іншага люстэрка.",
    "Тут мусіць быць папярэджанне, але яго тэкст адсутнічае. Лічыце гэта рызыкоўным.",
    "Бяспечней:",
    "Чытайце далей, а гэта адкладзіце.",
    "Не, вярнуцца",
    "Машынны пераклад, чалавекам не правераны.",
    "Англійскі арыгінал:",
    "На вашай мове гэтага папярэджання пакуль няма.",
  ],
  uk: [
    "Перш ніж щось робити з цією новиною",
    "Попередження до цих новин відсутні або пошкоджені. У деяких країнах людей карають за те, що вони роблять із новинами. Читати можна; програма нічого не зберігає на пристрої.",
    "Це закрито: попередження до цих новин відсутні або пошкоджені, і ніхто не може сказати, який ризик. Отримайте новини ще раз з іншого дзеркала.",
    "Тут має бути попередження, але його тексту немає. Вважайте це ризикованим.",
    "Безпечніше:",
    "Читайте далі, а це відкладіть.",
    "Ні, повернутися",
    "Машинний переклад, людиною не перевірений.",
    "Англійський оригінал:",
    "Вашою мовою цього попередження поки немає.",
  ],
  fa: [
    "پیش از آنکه با این خبر کاری کنید",
    "هشدارهای این خبرها نیست یا آسیب دیده است. در برخی کشورها مردم را برای کاری که با خبر می‌کنند مجازات می‌کنند. می‌توانید بخوانید؛ این برنامه چیزی بر دستگاه نگه نمی‌دارد.",
    "این کار بسته است: هشدارهای این خبرها نیست یا آسیب دیده است و کسی نمی‌تواند بگوید خطر چیست. خبرها را دوباره از آینهٔ دیگری بگیرید.",
    "اینجا جای هشداری است که متن آن نیست. این کار را پرخطر بدانید.",
    "امن‌تر:",
    "به خواندن ادامه دهید و این کار را به وقت دیگری بگذارید.",
    "نه، برگرد",
    "ترجمهٔ ماشینی، بازبینی‌نشده از سوی انسان.",
    "اصل انگلیسی:",
    "این هشدار هنوز به زبان شما در دسترس نیست.",
  ],
  "zh-Hans": [
    "在对这条新闻采取行动之前",
    "这些新闻应有的提示缺失或已损坏。在一些国家，有人因为对新闻所做的事而受到处罚。您可以阅读；本程序不在设备上保留任何内容。",
    "这项功能已关闭：这些新闻应有的提示缺失或已损坏，没有人能说明风险有多大。请从另一个镜像重新获取新闻。",
    "这里应有一则提示，但其文字缺失。请把它当作有风险的行为。",
    "更安全的做法：",
    "继续阅读，这件事以后再说。",
    "不，返回",
    "机器翻译，未经人工审校。",
    "英文原文：",
    "这则提示目前还没有您的语言版本。",
  ],
  tr: [
    "Bu haberle bir şey yapmadan önce",
    "Bu haberlere ait uyarılar eksik ya da bozuk. Bazı ülkelerde insanlar haberle yaptıkları yüzünden cezalandırılıyor. Okuyabilirsiniz; bu program cihazda hiçbir şey saklamaz.",
    "Bu kapalı: bu haberlere ait uyarılar eksik ya da bozuk, bu yüzden riskin ne olduğunu kimse söyleyemez. Haberleri başka bir aynadan yeniden alın.",
    "Buraya bir uyarı gerekir, ama metni eksik. Bunu riskli sayın.",
    "Daha güvenlisi:",
    "Okumaya devam edin, bunu başka zamana bırakın.",
    "Hayır, geri dön",
    "Makine çevirisi, bir insan gözden geçirmedi.",
    "İngilizce aslı:",
    "Bu uyarı henüz sizin dilinizde yok.",
  ],
};

/** The texts by language and key. */
export const BUILTIN: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map(
  Object.entries(TEXTS).map(([tag, texts]) => [
    tag,
    new Map(texts.map((text, place) => [KEYS[place]!, text])),
  ]),
);
