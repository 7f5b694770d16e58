label = Russia: “undesirable organization”
what = The Russian authorities have declared this publisher an “undesirable organization” (decision: { $decided }; register: { $registered }). Prosecutors decide this without a court.
statute-ru-koap = Code of Administrative Offences of Russia
statute-ru-uk = Criminal Code of Russia
info = In Russia, taking part in the work of an “undesirable organization” is an offence. Courts have treated reposts by ordinary readers as taking part. Giving money is a crime already the first time, without an earlier warning.

    Reading and watching were reported to be lawful. Another Russian law punishes knowingly searching for, or opening, material that is officially listed as extremist, also through a VPN. We looked for a sign that this publisher is on such a list and found none; that proves nothing. Check again before you rely on it.

    Likes and comments: a press freedom organization says that they can lead to penalties. We found no conviction for a like alone. Keeping a copy: only the publisher's own notice says that it can be punished; we found no case. Contact: the publisher's own notice names it. Sending to one person: another outlet under the same label wrote that private forwarding is not banned by the law, and that public posts need care.

    Posts made earlier can count too. Older posts can be looked through and taken down; do it in a safe place, because removing things under someone's eyes can itself draw attention.

    Who is concerned is not settled. The publisher's own notice can be read more narrowly: only people who are in Russia and also hold a Russian passport or are stateless residents. This notice takes the wider reading. The sources also disagree on acts done outside Russia.

    The penalties named here are those for private persons. The amounts come from press reports, among them a state news agency; the text of the law itself was not read.
