# ترجمهٔ ماشینی از انگلیسی؛ بازبینی‌نشده از سوی فارسی‌زبان یا حقوق‌دان.

act-read = خواندن
act-search = جست‌وجو
act-share_public = هم‌رسانی عمومی
act-share_private = فرستادن برای یک نفر
act-copy_link = کپی کردن پیوند یا متن
act-react = پسندیدن یا واکنش دیگر
act-comment = نظر نوشتن
act-save = نگه داشتن نسخه
act-export = خروجی گرفتن یا چاپ
act-subscribe = مشترک شدن یا دنبال کردن
act-contact = تماس با تحریریه یا فرستادن مطلب برای آن
act-donate = دادن پول
act-embed = پیوند دادن یا نمایش در صفحهٔ خودتان
act-relay = رساندن شماره‌ها به دیگران از دستگاه شما
act-invite = دعوت از دیگری

located = { $code ->
    [RU] در روسیه هستید
    [BY] در بلاروس هستید
    [IR] در ایران هستید
    [KG] در قرقیزستان هستید
   *[other] در این کشور هستید: { $name }
}
located-control = { $code ->
    [RU] در روسیه یا در سرزمینی زیر کنترل آن هستید
   *[other] در این کشور یا در سرزمینی زیر کنترل آن هستید: { $name }
}
citizen = { $code ->
    [RU] گذرنامهٔ روسی دارید
    [BY] گذرنامهٔ بلاروسی دارید
    [IR] گذرنامهٔ ایرانی دارید
    [KG] گذرنامهٔ قرقیزی دارید
   *[other] گذرنامهٔ این کشور را دارید: { $name }
}
stateless = { $code ->
    [RU] بی‌تابعیت هستید و همیشه در روسیه زندگی می‌کنید
    [BY] بی‌تابعیت هستید و همیشه در بلاروس زندگی می‌کنید
   *[other] بی‌تابعیت هستید و همیشه در این کشور زندگی می‌کنید: { $name }
}
and = { $first } و { $second }
or = { $first }، یا { $second }
who = اگر { $audience }، آنچه در ادامه می‌آید ممکن است به شما مربوط باشد.
list = { $first }، { $second }

standing-punished = منابع گزارش می‌دهند که برای این کار مجازات می‌کنند.
standing-claimed = مقام‌ها یا خود ناشر می‌گویند که این کار ممکن است مجازات شود. ما موردی نیافتیم.
standing-unclear = روشن نیست که این کار مجازات دارد یا نه. آن را پرخطر بدانید.
standing-reported-lawful = منابع گزارش می‌دهند که این کار قانونی است. این می‌تواند تغییر کند.
standing-unlisted = کسی بررسی نکرده است که این کار مجازات دارد یا نه. آن را پرخطر بدانید.

kind-fine = جریمهٔ نقدی
kind-labour = کار اجباری
kind-detention = بازداشت
kind-imprisonment = زندان
kind-confiscation = ضبط وسایل
kind-death = اعدام
kind-unverified = مجازات کیفری که اندازهٔ آن را نتوانستیم راستی‌آزمایی کنیم
unit-hour = ساعت
unit-day = روز
unit-month = ماه
unit-year = سال
unit-base-unit = واحد پایه
amount-range = { $from } تا { $to } { $unit }
amount-up-to = تا { $to } { $unit }
amount-from = دست‌کم { $from } { $unit }
step-first = در بار نخست
step-repeat = پس از مجازات پیشین
step-any = حتی در بار نخست
statute = { $statute }
statute-article = { $statute }، مادهٔ { $article }
penalty = { $kind }: { $amount } ({ $step }). { $statute }. وضعیت در تاریخ { $date }.
penalty-bare = { $kind } ({ $step }). { $statute }. وضعیت در تاریخ { $date }.

source = { $title } ({ $kind }، { $date })
source-undated = { $title } ({ $kind }، بدون تاریخ)
source-kind-official = متن رسمی
source-kind-state-press = خبرگزاری دولتی
source-kind-press = رسانه
source-kind-publisher = ناشر
source-kind-rights-group = گروه حقوق بشری

alt-tell-in-person = حضوری و با زبان خودتان برای کسی بازگو کنید.
alt-no-reaction = بخوانید و هیچ پسند، واکنش یا نظری نگذارید.
alt-memory-only = همین حالا بخوانید و نگه ندارید. تا خودتان جز این نخواهید، این برنامه پس از بسته شدن چیزی نگه نمی‌دارد.
alt-contact-later = صبر کنید و بعدتر، از جایی که برای شما امن است، به تحریریه بنویسید.
alt-no-money = پول نفرستید، حتی اندک و حتی از راه دیگران. خواندن هزینه‌ای ندارد.
alt-no-relay = بگذارید رساندن به دیگران خاموش بماند. آینه‌هایی که دیگران اداره می‌کنند این کار را انجام می‌دهند.
alt-no-subscription = هر وقت خواستید بخوانید برگردید. نیازی به اشتراک نیست.
alt-browse = به جای جست‌وجو، سرخط‌ها را ببینید.
alt-read-on = به خواندن ادامه دهید و این کار را به وقت دیگری بگذارید.

ui-safer = امن‌تر:
ui-summary = در برخی کشورها این کار ممکن است مجازات شود.
ui-checked = تا کنون بررسی شده: { $countries }. قانون کشورهای دیگر بررسی نشده است.
ui-checked-none = قانون هیچ کشور معینی بررسی نشده است.
ui-past = آنچه پیش‌تر انجام شده نیز ممکن است به حساب آید.
ui-recipient = کسی که این را برایش می‌فرستید ممکن است به خطر بیفتد.
ui-old = این هشدار ممکن است کهنه باشد: زمان بازبینی آن گذشته است.
ui-advice = این اطلاع‌رسانی است، نه مشاورهٔ حقوقی.
ui-more = بیشتر در این باره، درون همین برنامه
ui-question = ادامه می‌دهید؟
ui-question-again = شاید نتوان این کار را برگرداند. با این همه ادامه می‌دهید؟
ui-back = نه، برگرد
ui-proceed = ادامه
ui-off = این کار اینجا ارائه نمی‌شود: خطر بیش از اندازه است.

ui-sources = منابع
ui-acts = کار به کار
ui-penalties = مجازات‌هایی که در منابع آمده است
ui-confidence-high = میزان اطمینان: بالا. اعلام رسمی یا منابع همسو.
ui-confidence-medium = میزان اطمینان: متوسط. منابع خوب، با پرسش‌های باز.
ui-confidence-low = میزان اطمینان: پایین. منابع ضعیف، کهنه یا غیرمستقیم.
ui-suspended = مقام‌ها این را معلق کرده‌اند. هشدار تا لغو آن می‌ماند.
ui-repealed = این لغو شده است. هشدار دیگر برقرار نیست.

ui-machine = ترجمهٔ ماشینی، بازبینی‌نشده از سوی انسان.
ui-human = ترجمهٔ انسانی، بازبینی‌نشده.
ui-outdated = این ترجمه از نسخهٔ کهنه‌تر متن است.
ui-beside = اصل انگلیسی:
ui-other-language = این هشدار هنوز به زبان شما در دسترس نیست.
