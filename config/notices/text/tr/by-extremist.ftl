label = Belarus: “aşırılıkçı”
what = Belarus makamları bu yayıncıyı “aşırılıkçı oluşum” ilan etti (İçişleri Bakanlığı, { $decided }); ondan önce bir mahkeme sayfalarını aşırılıkçı malzeme saymıştı.
statute-by-koap = Belarus İdari Suçlar Kanunu
statute-by-uk = Belarus Ceza Kanunu
info = Belarus'ta aşırılıkçı sayılan malzemeyi yaymak yasaya aykırıdır. Yetkililer beğenileri, yorumları, iletmeyi ve kopya saklamayı da sayıyor. Cihazlara da el konuyor.

    Abonelik: bunun için insanlar gözaltına alındı; polis iki kez bunun henüz cezalandırılmadığını söyledi, Adalet Bakanlığı ise sonra cezalandırıldığını açıkladı. Burada cezalandırılır sayılıyor. Aboneler bir “oluşumun” katılımcısı da sayılabilir ki bu, ceza davası konusudur; tarihsiz bir kaynak böyle bir dava bilmiyordu.

    Röportaj vermek ya da bilgi göndermek yardım sayılabilir ki bu da ceza davası konusudur. Cezanın miktarını doğrulayamadık.

    Sınırda telefonlara bakılıyor ve orada eski abonelikler bulundu. Hak örgütleri şunu öneriyor: geçmişi temizleyin, mesajlaşma uygulamasını kodla kilitleyin, öbür cihazlarda oturumu kapatın. Bunu yolculuktan önce ve güvenli bir yerde yapın.

    Yalnız okumanın cezalandırılıp cezalandırılmadığı incelenmedi. Ceza yaptırımları burada kullanılan haberlerden sonra değiştirildi, bu yüzden süreler eskimiş olabilir. Yasanın metni okunmadı.
