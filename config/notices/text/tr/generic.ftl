label = Bu haberle bir şey yapmadan önce
what = Bazı ülkelerde insanlar, yetkililerin istemediği haberleri paylaştıkları, beğendikleri, sakladıkları ya da gönderdikleri için cezalandırılıyor. Kurallar ülkeden ülkeye farklıdır ve değişir.
info = Okumak başka, başkalarının görebildiği ya da cihazınızda iz bırakan bir eylem başkadır. Paylaşmadan, beğenmeden, saklamadan, yazdırmadan, abone olmadan, bize yazmadan ya da para vermeden önce nerede olduğunuzu, hangi pasaportu taşıdığınızı ve telefonunuza ya da hesabınıza kimin bakabileceğini düşünün.

    Sizden bir şey alanlar da tehlikeye girebilir. Bunu almak isteyip istemeyeceklerini kendinize sorun.

    Eski beğeniler, paylaşımlar ve abonelikler bugün de bulunabilir. Eski izler gözden geçirilip kaldırılabilir; bunu güvenli bir yerde ve acele etmeden yapın, çünkü birinin gözü önünde silmek de dikkat çekebilir. Sınır geçmeden önce cihazda ne olduğunu düşünün.

    Bulunduğunuz yerin kurallarını bilmiyorsanız daha güvenlisi okumak, hiçbir şey saklamamak ve yüz yüze konuşmaktır.
