label = Belarus: “extremist”
what = The authorities of Belarus have declared this publisher an “extremist formation” (Interior Ministry, { $decided }); a court had ruled its pages extremist material before that.
statute-by-koap = Code of Administrative Offences of Belarus
statute-by-uk = Criminal Code of Belarus
info = In Belarus, spreading material that is ruled extremist is an offence. Officials also name likes, comments, forwarding and keeping copies. Devices are taken away as well.

    Subscribing: people were detained for it, while police said twice that it was not yet punished, and the Justice Ministry later said that it is. This notice treats it as punished. Subscribers can also be called participants of a “formation”, which is a crime; an undated source knew of no such case.

    Giving interviews or sending information can be called assistance, which is a crime as well. We could not verify the penalty.

    Phones are checked at the border, and old subscriptions have been found there. Rights groups advise: clear the history, lock the messenger with a code, and log out on other devices. Do it before you travel, in a safe place.

    Whether reading alone is punished was not checked. The criminal penalties were revised after the reports used here, so the terms may be out of date. The text of the law itself was not read.
