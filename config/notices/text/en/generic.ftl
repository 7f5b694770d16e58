label = Before you act on this news
what = In some countries people are punished for sharing, liking, keeping or sending news that the authorities do not want. The rules differ from country to country, and they change.
info = Reading is one thing; an act that others can see, or that leaves something on your device, is another. Before you share, react, keep, print, subscribe, write to us or give money, think about where you are, which passport you hold, and who may look at your phone or your account.

    Those who receive something from you can be at risk too. Ask yourself whether they would want to have it.

    What was liked, shared or subscribed to earlier can still be found. Older traces can be looked through and removed; do it in a safe place and without haste, because removing things under someone's eyes can itself draw attention. Before you cross a border, think about what is on the device.

    When you do not know the rules where you are, the safer way is to read, keep nothing, and talk in person.
