label = Kyrgyzstan: “extremist material”
what = A court in Kyrgyzstan ruled the materials of Kloop, Temirov Live and Ait Ait Dese extremist ({ $decided }; upheld { $upheld }). Liking and sharing them was barred.
info = The ruling names the materials of these outlets, not of other publishers. The reports say that likes and shares are barred. Which penalty follows was not verified.

    Whether reading, keeping, sending to one person or contacting the outlets is covered was not checked.

    Likes and shares made earlier can still be found. They can be looked through and taken back; do it in a safe place.
