label = Kırgızistan: “aşırılıkçı malzeme”
what = Kırgızistan'da bir mahkeme Kloop, Temirov Live ve Ait Ait Dese'nin yayınlarını aşırılıkçı saydı ({ $decided }; onandı: { $upheld }). Bunları beğenmek ve paylaşmak yasaklandı.
info = Karar başka yayıncıların değil, bu yayınların malzemesini anıyor. Haberlere göre beğeniler ve paylaşımlar yasak. Hangi cezanın verildiği doğrulanmadı.

    Okumanın, saklamanın, tek bir kişiye göndermenin ya da bu yayınlarla iletişimin kapsanıp kapsanmadığı incelenmedi.

    Eski beğeniler ve paylaşımlar bugün de bulunabilir. Gözden geçirilip geri alınabilirler; bunu güvenli bir yerde yapın.
