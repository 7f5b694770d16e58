# İngilizceden makine çevirisi; anadili konuşan biri ya da hukukçu gözden geçirmedi.

act-read = Okuma
act-search = Arama
act-share_public = Herkese açık paylaşım
act-share_private = Tek bir kişiye gönderme
act-copy_link = Bağlantıyı ya da metni kopyalama
act-react = Beğenme ya da tepki verme
act-comment = Yorum yapma
act-save = Bir kopya saklama
act-export = Dışa aktarma ya da yazdırma
act-subscribe = Abone olma ya da takip etme
act-contact = Haber merkezine yazma ya da malzeme gönderme
act-donate = Para verme
act-embed = Kendi sayfanızda bağlantı verme ya da gösterme
act-relay = Sayıları cihazınızdan başkalarına aktarma
act-invite = Birini davet etme

located = { $code ->
    [RU] Rusya'da bulunuyorsanız
    [BY] Belarus'ta bulunuyorsanız
    [IR] İran'da bulunuyorsanız
    [KG] Kırgızistan'da bulunuyorsanız
   *[other] şu ülkede bulunuyorsanız: { $name }
}
located-control = { $code ->
    [RU] Rusya'da ya da onun denetlediği topraklarda bulunuyorsanız
   *[other] şu ülkede ya da onun denetlediği topraklarda bulunuyorsanız: { $name }
}
citizen = { $code ->
    [RU] Rusya pasaportunuz varsa
    [BY] Belarus pasaportunuz varsa
    [IR] İran pasaportunuz varsa
    [KG] Kırgızistan pasaportunuz varsa
   *[other] şu ülkenin pasaportuna sahipseniz: { $name }
}
stateless = { $code ->
    [RU] vatansızsanız ve sürekli Rusya'da yaşıyorsanız
    [BY] vatansızsanız ve sürekli Belarus'ta yaşıyorsanız
   *[other] vatansızsanız ve sürekli şu ülkede yaşıyorsanız: { $name }
}
and = { $first } ve { $second }
or = { $first } veya { $second }
who = Eğer { $audience }, aşağıdakiler sizi ilgilendirebilir.
list = { $first }, { $second }

standing-punished = Kaynaklar bunun cezalandırıldığını bildiriyor.
standing-claimed = Yetkililer ya da yayıncının kendisi bunun cezalandırılabileceğini söylüyor. Biz böyle bir olay bulamadık.
standing-unclear = Bunun cezalandırılıp cezalandırılamayacağı belirsiz. Riskli sayın.
standing-reported-lawful = Kaynaklar bunun yasal olduğunu bildiriyor. Bu değişebilir.
standing-unlisted = Bunun cezalandırılıp cezalandırılamayacağını kimse incelemedi. Riskli sayın.

kind-fine = Para cezası
kind-labour = Zorunlu çalışma
kind-detention = İdari tutuklama
kind-imprisonment = Hapis cezası
kind-confiscation = Eşyaya el koyma
kind-death = Ölüm cezası
kind-unverified = Miktarını doğrulayamadığımız bir ceza yaptırımı
unit-hour = saat
unit-day = gün
unit-month = ay
unit-year = yıl
unit-base-unit = temel birim
amount-range = { $from } ile { $to } { $unit } arası
amount-up-to = en çok { $to } { $unit }
amount-from = en az { $from } { $unit }
step-first = ilk seferde
step-repeat = daha önceki bir cezadan sonra
step-any = daha ilk seferde
statute = { $statute }
statute-article = { $statute }, madde { $article }
penalty = { $kind }: { $amount } ({ $step }). { $statute }. Bilginin tarihi: { $date }.
penalty-bare = { $kind } ({ $step }). { $statute }. Bilginin tarihi: { $date }.

source = { $title } ({ $kind }, { $date })
source-undated = { $title } ({ $kind }, tarihsiz)
source-kind-official = resmî metin
source-kind-state-press = devlet haber ajansı
source-kind-press = basın
source-kind-publisher = yayıncı
source-kind-rights-group = hak örgütü

alt-tell-in-person = Birine yüz yüze, kendi sözlerinizle anlatın.
alt-no-reaction = Okuyun; beğeni, tepki ya da yorum bırakmayın.
alt-memory-only = Saklamadan şimdi okuyun. Siz başka türlü seçmedikçe bu program kapandıktan sonra hiçbir şey saklamaz.
alt-contact-later = Bekleyin ve haber merkezine daha sonra, sizin için güvenli bir yerden yazın.
alt-no-money = Para göndermeyin; az da olsa, başkası aracılığıyla da olsa. Okumak ücretsizdir.
alt-no-relay = Aktarmayı kapalı bırakın. Bu işi başkalarının işlettiği aynalar yapar.
alt-no-subscription = Okumak istediğinizde yeniden gelin. Abonelik gerekmez.
alt-browse = Aramak yerine başlıklara göz atın.
alt-read-on = Okumaya devam edin, bunu başka zamana bırakın.

ui-safer = Daha güvenlisi:
ui-summary = Bazı ülkelerde bu cezalandırılabilir.
ui-checked = Şimdiye kadar incelenenler: { $countries }. Başka ülkelerin hukuku incelenmedi.
ui-checked-none = Tek tek ülkelerin hukuku incelenmedi.
ui-past = Daha önce yapılanlar da hesaba katılabilir.
ui-recipient = Bunu gönderdiğiniz kişi tehlikeye girebilir.
ui-old = Bu uyarı güncelliğini yitirmiş olabilir: gözden geçirme zamanı geçti.
ui-advice = Bu bir bilgidir, hukuki danışmanlık değildir.
ui-more = Bu konuda daha fazlası, bu programın içinde
ui-question = Devam edilsin mi?
ui-question-again = Bu geri alınamayabilir. Yine de devam edilsin mi?
ui-back = Hayır, geri dön
ui-proceed = Devam et
ui-off = Bu burada sunulmuyor: risk çok yüksek.

ui-sources = Kaynaklar
ui-acts = Eylem eylem
ui-penalties = Kaynaklarda geçen cezalar
ui-confidence-high = Ne kadar kesin: yüksek. Resmî bir duyuru ya da birbiriyle uyuşan kaynaklar.
ui-confidence-medium = Ne kadar kesin: orta. İyi kaynaklar, ama açık sorular var.
ui-confidence-low = Ne kadar kesin: düşük. Zayıf, eski ya da dolaylı kaynaklar.
ui-suspended = Yetkililer bunu askıya aldı. Kaldırılana kadar uyarı kalır.
ui-repealed = Bu kaldırıldı. Uyarı artık geçerli değil.

ui-machine = Makine çevirisi, bir insan gözden geçirmedi.
ui-human = Bir insan çevirdi, gözden geçirilmedi.
ui-outdated = Bu çeviri, metnin daha eski bir sürümünü izliyor.
ui-beside = İngilizce aslı:
ui-other-language = Bu uyarı henüz sizin dilinizde yok.
