label = Rusya: “istenmeyen örgüt”
what = Rusya makamları bu yayıncıyı “istenmeyen örgüt” ilan etti (karar: { $decided }; sicil: { $registered }). Buna mahkeme olmadan savcılar karar verir.
statute-ru-koap = Rusya İdari Suçlar Kanunu
statute-ru-uk = Rusya Ceza Kanunu
info = Rusya'da “istenmeyen örgüt” faaliyetine katılmak yasaya aykırıdır. Mahkemeler sıradan okurların yeniden paylaşımlarını da katılma saydı. Para vermek, önceden uyarı olmadan, daha ilk seferde ceza davası konusudur.

    Okumanın ve izlemenin yasal olduğu bildirildi. Rusya'daki bir başka yasa, resmen aşırılıkçı diye listelenen malzemeyi bilerek aramayı ya da açmayı, VPN ile olsa da cezalandırıyor. Bu yayıncının böyle bir listede olduğuna dair bir işaret aradık ve bulamadık; bu hiçbir şeyi kanıtlamaz. Buna güvenmeden önce yeniden bakın.

    Beğeniler ve yorumlar: bir basın özgürlüğü örgütü bunların cezaya yol açabileceğini söylüyor. Yalnız beğeni yüzünden verilmiş bir mahkûmiyet bulamadık. Kopya saklama: bunun cezalandırılabileceğini yalnız yayıncının kendi uyarısı söylüyor; biz olay bulamadık. İletişim: yayıncının kendi uyarısı bunu sayıyor. Tek bir kişiye gönderme: aynı damgayı taşıyan başka bir yayın, özel iletmenin yasayla yasaklanmadığını, herkese açık gönderilerde dikkat gerektiğini yazdı.

    Eski gönderiler de hesaba katılabilir. Gözden geçirilip kaldırılabilirler; bunu güvenli bir yerde yapın, çünkü birinin gözü önünde silmek de dikkat çekebilir.

    Kimi ilgilendirdiği kesinleşmiş değil. Yayıncının kendi uyarısı daha dar da okunabilir: yalnız Rusya'da bulunan ve ayrıca Rusya pasaportu olan ya da orada sürekli yaşayan vatansız kişiler. Burada geniş okuma esas alındı. Kaynaklar Rusya dışında yapılanlar konusunda da uyuşmuyor.

    Burada sayılan cezalar özel kişiler içindir. Tutarlar, biri devlet ajansı olan basın haberlerinden alındı; yasanın metni okunmadı.
