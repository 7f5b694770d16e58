# Sentences that every notice uses. Calm, short, conditional: never say who the reader is.
# Dates, numbers, currencies and country names arrive finished; an integer only chooses a plural.

## The acts, as headings

act-read = Reading
act-search = Searching
act-share_public = Sharing in public
act-share_private = Sending it to one person
act-copy_link = Copying the link or the text
act-react = Liking or reacting
act-comment = Commenting
act-save = Keeping a copy
act-export = Exporting or printing
act-subscribe = Subscribing or following
act-contact = Contacting the newsroom or sending it material
act-donate = Giving money
act-embed = Linking to it or showing it on a page of your own
act-relay = Passing editions on from your device
act-invite = Inviting someone

## Whom a designation concerns. $code is a country's code, $name its name.

located = { $code ->
   *[other] you are in { $name }
}
located-control = { $code ->
   *[other] you are in { $name } or in territory it controls
}
citizen = { $code ->
    [RU] you hold a Russian passport
    [BY] you hold a Belarusian passport
    [IR] you hold an Iranian passport
    [KG] you hold a Kyrgyz passport
   *[other] you hold a passport of { $name }
}
stateless = { $code ->
   *[other] you are stateless and live permanently in { $name }
}
and = { $first } and { $second }
or = { $first }, or { $second }
who = If { $audience }, the following can concern you.
list = { $first }, { $second }

## What the sources say of an act

standing-punished = The sources report that this is punished.
standing-claimed = Officials or this publisher say that this can be punished. We found no case.
standing-unclear = Whether this can be punished is unclear. Treat it as risky.
standing-reported-lawful = The sources report that this is lawful. That can change.
standing-unlisted = Nobody has checked whether this can be punished. Treat it as risky.

## Penalties. $max chooses the plural; $from and $to are finished numbers.

kind-fine = Fine
kind-labour = Compulsory work
kind-detention = Detention
kind-imprisonment = Imprisonment
kind-confiscation = Things are taken away
kind-death = Death
kind-unverified = A criminal penalty whose size we could not verify
unit-hour = { $max ->
    [one] hour
   *[other] hours
}
unit-day = { $max ->
    [one] day
   *[other] days
}
unit-month = { $max ->
    [one] month
   *[other] months
}
unit-year = { $max ->
    [one] year
   *[other] years
}
unit-base-unit = { $max ->
    [one] base unit
   *[other] base units
}
amount-range = { $from } to { $to } { $unit }
amount-up-to = up to { $to } { $unit }
amount-from = { $from } { $unit } or more
step-first = the first time
step-repeat = after an earlier penalty
step-any = already the first time
statute = { $statute }
statute-article = { $statute }, article { $article }
penalty = { $kind }: { $amount } ({ $step }). { $statute }. As of { $date }.
penalty-bare = { $kind } ({ $step }). { $statute }. As of { $date }.

## Sources

source = { $title } ({ $kind }, { $date })
source-undated = { $title } ({ $kind }, undated)
source-kind-official = official text
source-kind-state-press = state news agency
source-kind-press = press
source-kind-publisher = publisher
source-kind-rights-group = rights group

## Safer alternatives

alt-tell-in-person = Tell someone in person, in your own words.
alt-no-reaction = Read it and leave no like, reaction or comment.
alt-memory-only = Read it now without keeping it. Unless you choose otherwise, this program keeps nothing after it is closed.
alt-contact-later = Wait, and write to the newsroom later, from a place that is safe for you.
alt-no-money = Send no money, not even a little and not through someone else. Reading costs nothing.
alt-no-relay = Leave passing-on switched off. Mirrors run by others do this work.
alt-no-subscription = Come back when you want to read. You need no subscription.
alt-browse = Look through the headlines instead of searching.
alt-read-on = Go on reading and leave this for another time.

## Around the gate

ui-safer = Safer:
ui-summary = In some countries this can be punished.
ui-checked = Checked so far: { $countries }. The law of other countries was not checked.
ui-checked-none = The law of no single country was checked.
ui-past = What was done earlier can count as well.
ui-recipient = The person you send it to may be at risk.
ui-old = This notice may be out of date. Its review is overdue.
ui-advice = This is information, not legal advice.
ui-more = More about this, inside this program
ui-question = Go on with this?
ui-question-again = It may not be possible to undo this. Go on all the same?
ui-back = No, go back
ui-proceed = Go on
ui-off = This is not offered here: the risk is too high.

## The information page

ui-sources = Sources
ui-acts = Act by act
ui-penalties = Penalties in the sources
ui-confidence-high = How sure: high. An official notice, or sources that agree.
ui-confidence-medium = How sure: medium. Decent sources, with open questions.
ui-confidence-low = How sure: low. Weak, old or indirect sources.
ui-suspended = The authorities have suspended this. The warning stays until it is repealed.
ui-repealed = This was repealed. The warning no longer applies.

## The state of a text

ui-machine = Machine translation, not reviewed by a person.
ui-human = Translated by a person, not reviewed.
ui-outdated = This translation follows an older version of the text.
ui-beside = The English original:
ui-other-language = This notice is not yet available in your language.
