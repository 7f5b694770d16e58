label = İran: yurt dışındaki medyaya malzeme gönderme
what = İran'da { $decided } tarihinde onaylanan bir yasa, ulusal güvenliğe aykırı sayılırsa yabancı medyaya, ya da düşman diye anılan medyaya video, görüntü ya da bilgi göndermeyi cezalandırıyor.
statute-ir-media = Yabancı ya da düşman medyaya malzeme gönderme yasası (kaynaklarda madde numarası yok)
info = Yasa göndermekle ilgilidir: video, görüntü ve bilgi. Toplumda korku yarattığı sayılan içeriği de daha uzun sürelerle anıyor; haber aktarmanın buna girip girmediği kaynaklardan anlaşılmıyor.

    Aynı yasa uydu interneti terminalinin kişisel kullanımını da cezalandırıyor.

    Kaynaklar İran dışında yapılanların kapsanıp kapsanmadığını söylemiyor. Hukukçular karar verene kadar burada yurt dışındaki İran vatandaşları da sayılıyor.

    Önemli bir malzemeniz varsa beklemek de bir eylemdir. Telefonunuzda başka insanların adını veren hiçbir şey tutmayın. Bir görüntüde ya da sesinden tanınabilecek kişileri düşünün.

    Süreler iki basın haberinden alındı; yasanın metni okunmadı.
