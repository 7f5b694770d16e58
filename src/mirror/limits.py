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
# Raw text of one cluster; a decoder allocates at most this. 300 kB compress to about 8 pieces.
MAX_CLUSTER_RAW: Final = 4 << 20
MAX_DICTIONARY_RAW: Final = 1 << 20
MAX_PAGE_RAW: Final = 1 << 20
MAX_MANIFEST_RAW: Final = 4 << 20
# One article as its sanitized body, UTF-8. The longest post in our corpora is 66 kB; books are
# not news, and one article must not starve the rest of its cluster.
MAX_ARTICLE_BODY: Final = 1 << 20
MAX_ARTICLES: Final = 100_000
MAX_IMAGE: Final = 1 << 20

# --- articles, as sources give them ------------------------------------------------------------
MAX_TITLE: Final = 1_000  # characters
MAX_SUMMARY: Final = 4_000  # characters
MAX_SOURCE_FILE: Final = 16 << 20  # one HTML, Markdown or text file; the largest real page seen: 3 MB
MAX_FEED: Final = 64 << 20  # one RSS or Atom document
MAX_SOURCE_FILES: Final = 100_000  # files in one folder

# --- trust ---------------------------------------------------------------------------------------
MAX_METADATA: Final = MAX_PIECE  # any one metadata file, as transferred (design: the freeze holds for metadata too)
MAX_ROOT_ROTATIONS: Final = 256

# --- archives ------------------------------------------------------------------------------------
MAX_ARCHIVE_ENTRIES: Final = 1_000_000
MAX_ARCHIVE_ENTRY: Final = MAX_PIECE  # every entry of a bundle is a piece or a metadata file
MAX_ARCHIVE: Final = 8 << 30

# --- network -------------------------------------------------------------------------------------
CONNECT_SECONDS: Final = 10.0
READ_SECONDS: Final = 20.0  # silence on one request; a 10 kB piece at 8 kbit/s takes 10 s
