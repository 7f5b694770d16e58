label = Iran: sending material to media abroad
what = A law in Iran, cleared on { $decided }, punishes sending video, images or information to foreign media when this is held to be against national security, or to media that are called hostile.
statute-ir-media = Law on sending material to foreign or hostile media (no article number in the sources)
info = The law is about sending: video, images and information. It also names content that is held to cause public fear, with longer terms; whether passing on news falls under that is not clear from the sources.

    The same law punishes the personal use of a satellite internet terminal.

    The sources do not say whether acts outside Iran are covered. This notice also counts Iranian citizens abroad until counsel decides.

    If you have material that matters, waiting is an act too. Keep nothing on your phone that names other people. Think of those who can be recognised in a picture or by a voice.

    The terms come from two press reports; the text of the law itself was not read.
