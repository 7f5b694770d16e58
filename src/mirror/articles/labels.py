"""Labels of a page's frame: a block that is exactly one of these is no text. Lower case, without edges.

In English, Russian, Ukrainian, Belarusian, Persian, Turkish and Chinese.
"""

from typing import Final

# Taken out wherever they stand.
WIDGETS: Final = frozenset(
    line
    for line in """
accessibility links
skip to main content
skip to main navigation
skip to search
skip to content
skip navigation
advertisement
article continues below advertisement
story continues below advertisement
embed share
embed
the code has been copied to your clipboard
the url has been copied to your clipboard
no media source currently available
direct link
pop-out player
share on facebook
share on twitter
share on x
share on whatsapp
share on telegram
share this article
share this story
share this page
share via email
copy link
copy link to clipboard
email this article
print this page
print this article
ссылки для упрощенного доступа
ссылки доступа
перейти к основному содержанию
перейти к основной навигации
перейти к поиску
перейти к контенту
реклама
реклама. продолжение ниже
поделиться в фейсбуке
поделиться в facebook
поделиться в твиттере
поделиться в telegram
поделиться в вконтакте
поделиться ссылкой
скопировать ссылку
спеціальні потреби
доступність посилання
перейти до основного матеріалу
перейти до основної навігації
перейти до пошуку
поділитися у facebook
поділитися в telegram
скопіювати посилання
лінкі ўнівэрсальнага доступу
лінкі ўніверсальнага доступу
перайсьці да асноўнага зьместу
перайсці да асноўнага зместу
падзяліцца ў facebook
падзяліцца ў telegram
لینک‌های قابلیت دسترسی
لینک‌های دسترسی
رفتن به محتوای اصلی
رفتن به صفحه اصلی
رفتن به جستجو
erişilebilirlik linkleri
erişilebilirlik
ana içeriğe geç
ana içeriğe atla
ana navigasyona geç
aramaya geç
reklam
facebook'ta paylaş
twitter'da paylaş
bağlantıyı kopyala
无障碍链接
跳转到内容
跳转到主要内容
跳到主要内容
跳转到导航
跳转到检索
分享到微信
分享到微博
分享到脸书
复制链接
廣告
广告
""".strip().splitlines()
)
# Taken out before the first and after the last paragraph only: inside a text these may be headings.
LABELS: Final = frozenset(
    line
    for line in """
breaking news
breaking
latest news
latest
top stories
top story
live
live updates
home
menu
main menu
navigation
search
news
print
email
e-mail
share
tweet
pin it
like
facebook
twitter
x
whatsapp
telegram
viber
vk
linkedin
reddit
instagram
youtube
messenger
flipboard
rss
comments
comment
leave a comment
add a comment
show comments
view comments
no comments
read more
see also
related
related articles
related stories
related topics
related news
more news
more stories
more on this topic
most popular
most read
most viewed
you may also like
recommended
editor's picks
tags
topics
follow us
subscribe
sign up
sign in
log in
register
newsletter
back to top
close
next
previous
previous article
next article
all rights reserved
loading
photo
video
audio
listen
download
save
gallery
privacy policy
terms of use
cookie policy
contact us
about us
срочная новость
срочные новости
срочно
главные новости
последние новости
новости
лента новостей
главное
главная
меню
поиск
печать
поделиться
поделитесь
отправить
комментарии
комментировать
оставить комментарий
читайте также
читать далее
смотрите также
по теме
еще по теме
ещё по теме
материалы по теме
самое читаемое
популярное
рекомендуем
подписаться
подписывайтесь
подписка
рассылка
теги
темы
наверх
закрыть
вход
регистрация
о нас
все права защищены
термінові новини
терміново
головні новини
останні новини
новини
головна
меню сайту
пошук
друк
друкувати
поділитися
поширити
коментарі
коментувати
читайте також
дивіться також
за темою
більше за темою
найпопулярніше
підписатися
теми
вгору
закрити
усі права захищені
тэрміновыя навіны
тэрмінова
апошнія навіны
галоўныя навіны
навіны
галоўная
пошук па сайце
друкаваць
падзяліцца
каментары
камэнтары
чытайце таксама
глядзіце таксама
па тэме
самае папулярнае
падпісацца
тэмы
наверх старонкі
усе правы абароненыя
خبر فوری
اخبار فوری
تازه‌ترین خبرها
آخرین اخبار
آخرین خبرها
سرخط خبرها
اخبار
صفحه اصلی
خانه
منو
جستجو
چاپ
همرسانی
هم‌رسانی
اشتراک‌گذاری
به اشتراک بگذارید
ارسال
نظرات
دیدگاه‌ها
بیشتر بخوانید
بیشتر
در همین زمینه
مطالب مرتبط
پربیننده‌ترین‌ها
برچسب‌ها
عضویت
خبرنامه
بستن
تمامی حقوق محفوظ است
son dakika
son dakika haberleri
son haberler
haberler
anasayfa
ana sayfa
menü
ara
yazdır
paylaş
yorumlar
yorum yap
daha fazla oku
devamını oku
ayrıca bakınız
ilgili haberler
ilgili
en çok okunanlar
abone ol
etiketler
başa dön
kapat
tüm hakları saklıdır
突发新闻
突發新聞
最新消息
最新新闻
最新
要闻
头条新闻
新闻
首页
主页
菜单
搜索
打印
分享
评论
发表评论
阅读更多
更多
相关新闻
相关报道
相关阅读
延伸阅读
热门
推荐
订阅
标签
返回顶部
关闭
版权所有
""".strip().splitlines()
)
