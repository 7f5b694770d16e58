// Made from `notices/builtin.py` by `python tests/helpers/builtin_ts.py`.

import type { Builtin } from "../text.ts";

export const LAST_RESORT: Builtin = {
  language: "tr",
  direction: "ltr",
  texts: [
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
