"""Every fixed bound, with its reason. Checked before memory is allocated.

Bounds that only one module uses still stand here, so that one page shows what a hostile mirror
or a broken source can make us spend.
"""

from typing import Final

# --- pieces -----------------------------------------------------------------------------------
# With the TLS handshake, a certificate chain of 3 to 4 kB and headers, this stays under the 15 kB
# at which connections to foreign hosts freeze in Russia (net4people/bbs#490), one connection each.
MAX_PIECE: Final = 10_240
# What a piece may weigh on the wire. Few sizes hide which piece is which; a quarter of the bound
# is fine-grained enough that the last piece of a cluster wastes 1.3 kB on average.
PIECE_SIZES: Final = (2_560, 5_120, 7_680, 10_240)

# --- clusters, pages, manifests ----------------------------------------------------------------
# One decompressed cluster, in bytes before the codebook expands it and in characters after: a
# decoder allocates at most this.
MAX_CLUSTER_RAW: Final = 2 << 20
MAX_DICTIONARY_RAW: Final = 1 << 20  # 64 kB of content and 8,288 strings are usual
MAX_PAGE_RAW: Final = 4 << 20  # titles of one day; 1,000 characters each at the very most
MAX_PAGE_CLUSTERS: Final = 32  # all are fetched for one article; we make four, or one per language
MAX_PAGE_NAMES: Final = 4_096  # languages or sections of one page
MAX_HEAD_RAW: Final = 1 << 20  # manifest and front page, from one piece
MAX_FRONT: Final = 256  # headlines of a front page; a screen shows ten, we make 24
MAX_CONTENTS_RAW: Final = 4 << 20  # a part of the table of contents: 100,000 pages of 40 bytes
MAX_CONTENTS: Final = 64  # parts of the table of contents outside the head; we make up to 16
MAX_DICTIONARIES: Final = 1_024  # of one edition: two for each of 500 languages
# A codebook string stands for one or two bytes. What a text may expand to is bounded by
# MAX_CLUSTER_RAW characters, whatever the strings: this bounds the dictionary.
MAX_CODEBOOK_STRING: Final = 48
# A list of pieces longer than this carries more than MAX_CLUSTER_RAW can compress to, or an image
# of 2 MiB.
MAX_PIECES: Final = 256
# One article as its sanitized body, UTF-8. The longest post in our corpora is 66 kB; books are
# not news, and one article must not starve the rest of its cluster.
MAX_ARTICLE_BODY: Final = 1 << 20
MAX_ARTICLES: Final = 100_000  # in one edition: thirty a day for nine years
MAX_IMAGE: Final = 1 << 20  # 103 pieces; a phone's screen needs far less

# --- articles, as sources give them ------------------------------------------------------------
MAX_TITLE: Final = 1_000  # characters; longer is a body put into the wrong field
MAX_SUMMARY: Final = 4_000  # characters; front pages carry it, and must stay a few pieces
MAX_SOURCE_FILE: Final = 16 << 20  # one HTML, Markdown or text file; the largest real page seen: 3 MB
MAX_LINK: Final = 2_000  # characters of an address; longer ones fail in browsers and proxies
MAX_ALT: Final = 500  # characters of an image's description or credit
MAX_LINE: Final = 500  # characters of a byline, a section or a credit line
MAX_BLOCK_NESTING: Final = 12  # lists and quotations inside one another; the reader indents four
MAX_ARTICLE_IMAGES: Final = 100  # pictures of one article; a photo gallery has 60
MAX_FEED_ENTRIES: Final = 10_000  # entries of one feed; real ones stop at some hundred
MAX_FEED: Final = 64 << 20  # one RSS or Atom document: 1,000 entries of full text at 64 kB
MAX_SOURCE_PICTURES: Final = 512 << 20  # bytes of all pictures of one source; held in memory until encoded
MAX_SOURCE_REDIRECTS: Final = 5  # browsers follow 20, real sites need 2
MAX_SOURCE_FETCHES: Final = 4  # pages and pictures at once; more is rude to the newsroom's own site
SOURCE_SECONDS: Final = 120.0  # for one page, picture or feed; 16 MiB at 1 Mbit/s take 134
MAX_SOURCE_FILES: Final = 100_000  # files in one folder, as many as an edition has articles

# --- trust ---------------------------------------------------------------------------------------
MAX_METADATA: Final = MAX_PIECE  # one metadata file, as transferred: connections freeze for these too
MAX_ROOT_ROTATIONS: Final = 256  # roots walked in one refresh: a key change each month for 20 years
MAX_DELEGATIONS: Final = 32  # roles visited to find one target, as the reference client has it
# The mutable file m/heads/<channel> unpacked: 9 metadata files of at most a piece each, most of them
# far smaller. A frame of one piece could claim 4 GiB.
MAX_METADATA_HEAD_RAW: Final = 64 << 10
MAX_METADATA_HEAD_FILES: Final = 16  # the 9, and room for roots in a row
# What a reader may be made to believe of time by an online key alone: a signed instant is taken only
# up to the expiry of the root, which needs the offline threshold.
MAX_INSTANT: Final = 253_402_300_799  # the last second of the year 9999
MAX_KEY_FILE: Final = 16 << 10  # a sealed key is under 1 kB
MAX_PASSPHRASE: Final = 1_024  # bytes of UTF-8
# A sealed key names the cost of opening it: bounded, or a hostile file could ask for 100 GB.
MAX_KDF_MEMORY: Final = 1 << 30  # bytes; the default takes 256 MiB
MAX_KDF_PASSES: Final = 16  # with all of that memory, half a minute of two cores; the default takes 3
# A publisher never jumps further than a restored backup may lag behind; a wild jump (by mistake or by
# a thief) could only be undone by rotating keys, since no reader goes back.
MAX_VERSION_JUMP: Final = 1_000

# --- notices -------------------------------------------------------------------------------------
# The whole signed set before compression: 4 designations in 8 languages are about 200 kB, and 27
# languages fit; a decoder allocates a small multiple of this.
MAX_NOTICE_SET: Final = 2 << 20
MAX_NOTICE_ITEMS: Final = 2_000  # entries of any one list or table; the largest is one language's texts
MAX_NOTICE_TEXT: Final = 8_000  # characters of one finished text; the longest is an information page
MAX_NOTICE_FILE: Final = 256 << 10  # one catalogue or translation file, as its author wrote it

# --- the browser's reader ------------------------------------------------------------------------
MAX_PROGRAM: Final = 1 << 20  # bytes of its program, unpacked, and of each file of it; ours has 200 kB
MAX_EMBEDDED: Final = 64 << 20  # bytes of an archive in one page; a phone's browser holds it four times
MAX_PROGRAM_FILES: Final = 64  # script, worker, template, facts, icons, and a text for each language

# --- archives ------------------------------------------------------------------------------------
MAX_ARCHIVE_ENTRIES: Final = 1_000_000  # more pieces than MAX_ARCHIVE holds, when they are full
MAX_ARCHIVE: Final = 8 << 30  # a USB stick; larger libraries travel as several channels

# --- programs ------------------------------------------------------------------------------------
MAX_CONFIG: Final = 64 << 10  # one configuration file; ours are under 4 kB
MAX_MIRRORS: Final = 32  # of one node's configuration: each is asked for its newest statement
MAX_READER_MIRRORS: Final = 1_024  # of one reader: a few are asked, the others when those fail
MAX_READER_FILE: Final = 4 << 20  # one file of the browser's reader; with its decoders it is under 1 MB

# --- rotation ------------------------------------------------------------------------------------
# Invitations between the publication and a reader. Random recursive trees of 10,000 readers are at
# most 15 deep; each step adds 16 bytes to every invitation below it.
MAX_DEPTH: Final = 16
MAX_INDEX: Final = 0xFFFF  # of a child in its parent's branch, two bytes in a derivation
# Children that a reader may invite without asking: the publisher does not hear of them, so where it
# cuts a branch it must write a slip for every child that may exist.
MAX_FRIENDS: Final = 16
# An invitation in bytes: 16 ancestors and three addresses; its link, 900 characters, is still a QR
# code of 101 modules. At depth 8, with three ordinary addresses, the link is under 600 characters.
MAX_INVITATION: Final = 632
MAX_CODE_FILE: Final = 16 << 20  # a photograph of an invitation's QR code; a telephone's has 3 to 8 MB
MAX_CODE_PIXELS: Final = 25_000_000  # of it, decoded, 4 bytes each; telephones take 12 million as a rule
MAX_LINK_PREFIX: Final = 200  # characters of an invitation's link before "#"
MAX_ENTRANCES: Final = 3  # addresses in an invitation or a slip: one, and two when it fails
MAX_ENTRANCE: Final = 160  # characters of one; an onion name with a path has 90
SLIP_RECORD: Final = 508  # bytes sealed: 20 fill a piece beside its head and signature
PAGE_RECORDS: Final = 20  # of 508 bytes; with 80 bytes of head and signature, 10,240
# Pages of one epoch, as a power of two.
MIN_PAGE_BITS: Final = 1  # two pages are the fewest between which a slip can choose
MAX_PAGE_BITS: Final = 16  # 65,536 pages are 671 MB and carry nine hundred thousand slips
# Slips that are looked for under one key: above that, readers look one step further down their own
# branch. With the two pages they ask for, there is room for five times as many.
MAX_ANCHORED: Final = 8
MIN_EPOCH_SECONDS: Final = 600  # shorter than the clocks of phones are wrong
MAX_EPOCH_SECONDS: Final = 30 * 86_400  # a path that a prober saw would live for three months
MAX_EPOCH: Final = 0xFFFFFFFF  # four bytes; with the shortest epochs, until the year 83,000
# Places at one endpoint, each with its own path: at most 4 cohorts share one, and a cohort that moves
# in gets a place that nobody had. A node compares what it is asked for with three paths for each.
MAX_SEATS: Final = 64
# A reader's report of endpoints that did not answer: whatever it says, 400 characters in a line.
REPORT_SIZE: Final = 300
# Endpoints that one report names: those of the invitation, of the slip before, and of the newest.
MAX_REPORTED: Final = 3 * MAX_ENTRANCES
# How long after its epoch a report counts: it may be carried by hand, and what was silent longer ago a
# probe of today tells better.
REPORT_SECONDS: Final = 7 * 86_400
MAX_REPORT_FILE: Final = 8 << 20  # bytes; 20,000 reports, about a minute of work at the very worst
MAX_ENDPOINTS: Final = 100_000  # of one list; the largest public one has 461
MAX_ENDPOINT_LIST: Final = 32 << 20  # bytes; 100,000 entries of 300

# --- publisher -----------------------------------------------------------------------------------
MAX_CHANNELS: Final = 64  # of one publication; the largest newsroom we know of writes 27 languages
MAX_HOLDERS: Final = 16  # keys of one role: a root that names more, with signatures, fills its piece
MAX_NAME: Final = 120  # characters of a publication's or channel's name, on a reader's narrow screen
MAX_IMAGE_SIDE: Final = 2_560  # pixels; a larger tier would pass MAX_IMAGE at any useful quality
MAX_IMAGE_FILE: Final = 32 << 20  # a picture as a source has it; raw photographs are not for readers
MAX_IMAGE_PIXELS: Final = 64_000_000  # decoded, 4 bytes each: a phone's camera makes 50 million
MAX_ARTICLE_FILE: Final = 8 << 20  # one kept article: the largest body, escaped, and 100 lists of pieces
MAX_STATE_FILE: Final = 16 << 20  # the kept metadata: 256 roots and 64 channels of a piece each, twice
# A release further than this after the last one is refused unless the editor has checked the clock:
# readers take a signed instant as the least that the time can be, and it cannot be unsaid.
MAX_CLOCK_LEAP: Final = 90 * 86_400  # seconds

# --- reader --------------------------------------------------------------------------------------
# One record of a reader's library; the largest is a saved article of MAX_ARTICLE_BODY, escaped.
MAX_RECORD: Final = 8 << 20

# --- network -------------------------------------------------------------------------------------
CONNECT_SECONDS: Final = 10.0  # three SYN retries (1 + 2 + 4 s) and a round trip to a far host
PROXIED_CONNECT_SECONDS: Final = 30.0  # Tor builds two circuits for an onion service, 5 s each when slow
READ_SECONDS: Final = 20.0  # silence on one request; a 10 kB piece at 8 kbit/s takes 10 s
# What one request must achieve on the whole: 40 seconds for a piece. Otherwise a mirror that drips a
# byte at a time would hold a reader for hours. Two pieces are the least under way: a link of 5 kbit/s.
SLOWEST_BYTES_PER_SECOND: Final = 1_000
MAX_CONNECTIONS: Final = 32  # at a time, over all mirrors, those that hang included: not yet a port scan
MAX_FETCHES: Final = 24  # pieces under way at a time: fills 3 Mbit/s at 600 ms of round trip
MAX_CONNECTIONS_PER_MIRROR: Final = 12  # twice what browsers open; only where hardly another mirror answers
SLIPS_SECONDS: Final = 30.0  # for a reader's two slip pages, before the news; 8 kbit/s bring them in 21
# The doctor's patience is shorter than a reader's own: it waits for each dead mirror in full.
DOCTOR_CONNECT_SECONDS: Final = 8.0  # for a name and TLS to stand: two lost SYNs (1 + 2 s), slow round trips
DOCTOR_SILENT_SECONDS: Final = 6.0  # without a byte; a link of 8 kbit/s brings one every second
DOCTOR_WHOLE_SECONDS: Final = 30.0  # for a mirror's metadata, and for its pieces; 8 kbit/s bring 30 kB
# A node's cover site is held in memory, and sent by a machine that may be small.
MAX_COVER: Final = 32 << 20
MAX_COVER_FILES: Final = 2_000  # a small site has a hundred
MAX_COUNTERS: Final = 64 << 10  # a file of 14 epochs of 64 seats is 20 kB
# A node's patience with those who connect to it. A request of ours is 200 bytes; browsers send 1 kB.
MAX_REQUEST_LINE: Final = 8_190  # bytes; longer paths name nothing, and are still answered
MAX_HEADER_FIELD: Final = 4_096  # bytes; an ordinary proxy's longest
MAX_HEADER_FIELDS: Final = 64  # a browser behind two proxies sends 30
HANDSHAKE_SECONDS: Final = 15.0  # of TLS; two round trips of 3 s, lost once
IDLE_SECONDS: Final = 30.0  # for a whole request head to come, the first or the next one
WRITE_SECONDS: Final = 60.0  # for WRITE_CHUNK to go; at 10 kbit/s it takes 52
WRITE_CHUNK: Final = 64 << 10  # bytes; a piece is one chunk, a page of the browser's reader several
SEND_BUFFER: Final = 128 << 10  # bytes the kernel may hold for one peer that does not read
STOP_SECONDS: Final = 5.0  # for answers under way, when a node is told to stop
# --- names over HTTPS ----------------------------------------------------------------------------
MAX_NAMES_ANSWER: Final = 8 << 10  # bytes of one DNS message; 100 addresses, padded, are under 4 kB
NAMES_SECONDS: Final = 20.0  # for one question, with its connection: six round trips of 3 s
# Questions over one pair of connections. A handshake and eight padded answers are 12 kB: connections
# freeze at 15 kB for resolvers too.
NAMES_PER_PAIR: Final = 8
NAMES_AT_ONCE: Final = 8  # names asked for at a time: with two connections each, as many as a page opens
REMEMBERED_SECONDS: Final = 300.0  # the longest that an address is used; a mirror that moves is found again
FORGOTTEN_SECONDS: Final = 30.0  # the shortest: answers that claim no time would be asked for with each piece

# --- looking like a browser ----------------------------------------------------------------------
MAX_RESPONSE_HEAD: Final = 16 << 10  # bytes; aiohttp takes 8 kB in one line, hosts send 2 kB in all
