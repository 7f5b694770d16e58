"""What a prober sends: raw requests, whole, broken and odd."""

# ruff: noqa: E501 - tables, which one line for each entry would make three times as long

H = b"Host: bees.example\r\n"
BODY = b"hello"


def get(path: str, more: str = "", method: str = "GET", version: str = "HTTP/1.1") -> bytes:
    """A request with a host."""
    return f"{method} {path} {version}\r\nHost: bees.example\r\n{more}\r\n".encode("latin-1")


_PATHS = """
/ /index.html /about /about/ /about/index.html /pic /pic/ /pic/one.png /long.html /empty.html /short.htm
/style.css /bees.jpg /notes.txt /data.unknown /no-ending /a%20b.txt /caf%C3%A9.html /caf%c3%a9.html
/UPPER.HTML /upper.html /INDEX.HTML /none /none/ /none/deeper /index.html/ /notes.txt/x /favicon.ico
/robots.txt /index.htm /.hidden /. /./ /.. /../ /../etc/passwd /about/.. /about/../ /about/./index.html
/about/../index.html /about/../../index.html //index.html ///about// /about//index.html /%69ndex.html
/index%2ehtml /about%2findex.html /%2e%2e/x /about/%2e%2e/ /%2e /index.html%00 /%zz /% /%2 /a%2 /index.html?
/index.html?a=b /about?a=b /about?a=b#c /about#x /index.html#x /index.html?a#b /#x /?x /?/../ /%3f /%23 /%25
/index.html%3fx /pic%20 /pic; /~ /" /<> /a|b /\\ /index.html\\ /{} /a+b /... /.../ /..a /a.. /.a/..
/aaaaaaaaaaaaaaaaaaaaaaaa/m/timestamp.json /aaaaaaaaaaaaaaaaaaaaaaaa /aaaaaaaaaaaaaaaaaaaaaaaa/
/m/timestamp.json /p/ab/cd /s/1/2 /r/index.html /metrics /health
""".split()

_LINES = [
    b"GET /\r\n", b"GET /notes.txt\r\n", b"GET /none\r\n", b"GET / \r\n", b"GET  / HTTP/1.1\r\n" + H + b"\r\n",
    b"GET /  HTTP/1.1\r\n" + H + b"\r\n", b"GET / HTTP/1.1 \r\n" + H + b"\r\n", b"GET / HTTP/1.1\n" + H + b"\n",
    b"HEAD /\r\n", b"POST /\r\n", b"GET /\n", b"\r\n\r\nGET / HTTP/1.1\r\n" + H + b"\r\n",
    b"\n\r\n\n" + get("/none"), b" GET / HTTP/1.1\r\n", b"get / HTTP/1.1\r\n", b"GET\r\n", b"GET \r\n", b"GET",
    b"\x16\x03\x01\x02\x00\x01\x00", b"\x80\x2e\x01\x03\x01", b"\x00", b"\xff\xfe", b"SSH-2.0-x\r\n", b"\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"OPTIONS * HTTP/1.1\r\n" + H + b"\r\n", b"GET x HTTP/1.1\r\n",
    b"GET /a b HTTP/1.1\r\n", b"HEAD /a b HTTP/1.1\r\n", b"GET /\t HTTP/1.1\r\n", b"GET /\x7f HTTP/1.1\r\n",
    b"GET /\x00 HTTP/1.1\r\n", b"GET / HTTP/1.1\r" + H, b"GET / HTTP\r\n\r\n", b"GET / HTTP/\r\n\r\n",
    b"GET / XTTP/1.1\r\n\r\n", b"GET / http/1.1\r\n\r\n", b"GET / HTTP/1\r\n\r\n", b"GET / HTTP/1.\r\n\r\n",
    b"GET / HTTP/0.9\r\n\r\n", b"GET / HTTP/2.0\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/10.0\r\n\r\n",
    b"HEAD / HTTP/2.0\r\n\r\n", b"GET / HTTP/1.x\r\n\r\n", b"GET / HTTP/1.1x\r\n\r\n", b"GET /HTTP/1.1\r\n\r\n",
    *(b"GET / HTTP/1.%b\r\n%b\r\n" % (minor, H) for minor in (b"0", b"2", b"7", b"01", b"001", b"99", b"999",
      b"1000", b"00001", b"0999")),
    b"GE(T / HTTP/1.1\r\n", b"GE_T / HTTP/1.1\r\n" + H + b"\r\n", b"-- / HTTP/1.1\r\n" + H + b"\r\n",
    b"GET http://other.example/ HTTP/1.1\r\n" + H + b"\r\n", b"GET http://other.example HTTP/1.1\r\n" + H + b"\r\n",
    b"GET http://other.example/about HTTP/1.1\r\n" + H + b"\r\n", b"GET http://other.example/none HTTP/1.0\r\n\r\n",
    b"GET http://o.example:81/about HTTP/1.1\r\n\r\n", b"GET http://o.example:81/about HTTP/1.0\r\n\r\n",
    b"GET http://o.example?a=b HTTP/1.1\r\n" + H + b"\r\n", b"GET HTTP://o.example/ HTTP/1.1\r\n" + H + b"\r\n",
    b"GET http:///about HTTP/1.1\r\n" + H + b"\r\n", b"GET http://[::1]/about HTTP/1.1\r\n" + H + b"\r\n",
    b"GET http://[::1/about HTTP/1.1\r\n" + H + b"\r\n", b"GET http:/x HTTP/1.1\r\n" + H + b"\r\n",
    b"GET ftp://o.example/notes.txt HTTP/1.1\r\n" + H + b"\r\n", b"GET http://o_o.example/ HTTP/1.1\r\n",
    b"GET http://o.example:x/ HTTP/1.1\r\n", b"GET http://user@o.example/ HTTP/1.1\r\n", b"GET mailto:x HTTP/1.1\r\n",
    b"GET http://o.example:/about HTTP/1.1\r\n" + H + b"\r\n", b"GET http://..example/ HTTP/1.1\r\n" + H + b"\r\n",
    b"GET http://o.example\r\n", b"GET http://o.example/\r\n", b"GET http://o.example \r\n",
    b"CONNECT bees.example:443 HTTP/1.1\r\n" + H + b"\r\n", b"CONNECT / HTTP/1.1\r\n" + H + b"\r\n",
]  # fmt: skip

_METHODS = [
    get(path, method=method)
    for method in "HEAD POST PUT DELETE OPTIONS TRACE PATCH PROPFIND CONNECT FOO G".split()
    for path in ("/", "/index.html", "/about", "/pic/", "/none", "/aaaaaaaaaaaaaaaaaaaaaaaa/m/timestamp.json")
]

_FIELDS = [
    "Connection: close", "Connection: keep-alive", "Connection: Keep-Alive, x", "Connection: upgrade",
    "Connection: keep-alive\r\nConnection: close", "Connection: close\r\nConnection: keep-alive", "Connection:",
    "Range: bytes=0-0", "Range: bytes=0-", "Range: bytes=-3", "Range: bytes=2-4,6-8", "Range: bytes=0-1,0-1",
    "Range: bytes=5-2", "Range: bytes=99999999-", "Range: bytes=-0", "Range: bytes=0-99999999",
    "Range: bytes=a-b", "Range: BYTES=0-1", "Range: bytes = 0-1", "Range: bytes=0 - 1 , 3-4", "Range: items=0-1",
    "Range: bytes=", "Range: bytes=0-0,-1", "Range: bytes=0-0,", "Range: bytes=,0-0", "Range: bytes=1-1;",
    "Range: bytes=99999999999999999999-", "Range: bytes=0-99999999999999999999", "Range: bytes=-99999999999",
    "Range: bytes=00000000000000000000000001-2", "Range: bytes=0-4,5-9", "Range: bytes=0-\r\nRange: bytes=1-1",
    "Range: bytes=99999999-,0-1", "Range: bytes=0-5,99999999-", "Range: bytes=--1", "Range: bytes=0-0\t",
    'If-Range: "6553f100-a"\r\nRange: bytes=0-1', 'If-Range: "x"\r\nRange: bytes=0-1',
    "If-Range: Tue, 14 Nov 2023 22:13:20 GMT\r\nRange: bytes=0-1", "If-Range: x\r\nRange: bytes=0-1",
    "If-Range: Tue, 14 Nov 2023 22:13:21 GMT\r\nRange: bytes=0-1",
    'If-None-Match: "6553f100-a"', 'If-None-Match: W/"6553f100-a"', "If-None-Match: *", 'If-None-Match: "x"',
    'If-None-Match: "x", "6553f100-a"', 'If-None-Match: "x" , W/"6553f100-a" , "y"', 'If-None-Match: "6553f100-a"x',
    "If-None-Match:", 'If-Match: "6553f100-a"', 'If-Match: W/"6553f100-a"', "If-Match: *", 'If-Match: "x"',
    "If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT", "If-Modified-Since: Tue, 14 Nov 2023 22:13:21 GMT",
    "If-Modified-Since: Tue, 14 Nov 2023 22:13:19 GMT", "If-Modified-Since: yesterday", "If-Modified-Since:",
    "If-Modified-Since: Tuesday, 14-Nov-23 22:13:20 GMT", "If-Modified-Since: Tue Nov 14 22:13:20 2023",
    'If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT\r\nIf-None-Match: "x"',
    'If-Modified-Since: Tue, 14 Nov 2000 22:13:20 GMT\r\nIf-None-Match: "6553f100-a"',
    "If-Unmodified-Since: Tue, 14 Nov 2023 22:13:20 GMT", "If-Unmodified-Since: Tue, 14 Nov 2023 22:13:19 GMT",
    "If-Unmodified-Since: x", "If-Modified-Since: Fri, 31 Feb 2023 22:13:20 GMT",
    "If-Modified-Since: x\r\nIf-Modified-Since: y",
    "Accept-Encoding: gzip", "Accept-Encoding: gzip, deflate, br", "Accept-Encoding: br, gzip;q=0.5",
    "Accept-Encoding: gzip;q=0", "Accept-Encoding: gzip;q=0.000", "Accept-Encoding: xgzip", "Accept-Encoding: *",
    "Accept-Encoding: GZIP", "Accept-Encoding: gzipx", "Accept-Encoding: identity", "Accept-Encoding: gzip;q=2",
    "Accept-Encoding: x-gzip, gzip", "Accept-Encoding: gzip ; q=1", "Accept-Encoding: gzip;q=1.0",
    "Accept-Encoding: gzip\r\nVia: 1.1 x", "Accept-Encoding: gzip\r\nRange: bytes=0-1",
    'Accept-Encoding: gzip\r\nIf-None-Match: "6553f100-a"', "Accept-Encoding: gzip\r\nUser-Agent: Chrome/1",
    "User-Agent: Mozilla/5.0 Chrome/120.0 Safari/537.36", "User-Agent: Mozilla/4.0 (compatible; MSIE 6.0; X)",
    "User-Agent: Mozilla/5.0 Gecko/20100101 Firefox/120.0", "User-Agent: Opera MSIE 8.0 x", "User-Agent: MSIE 6",
    "User-Agent: MSIE 7.0; x", "User-Agent: curl/8", "Expect: 100-continue", "Expect: x", "Upgrade: h2c",
    "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA",
    "X-Odd_name: 1", "X: \xff\xfe", "X :1", " X: 1", "X", ":x", "X:", "X: a\r\n b", "X: a\x00b", "X: a\rb", "X\x01: 1",
    "X: a\r", "\t", "Cookie: a=b", "Referer: x", "Authorization: Basic eA==", "Origin: https://x.example",
    "Content-Length: 0", "Content-Length: -1", "Content-Length: x", "Content-Length:", "Content-Length: 1 1",
    "Content-Length: 99999999999999999999", "Content-Length: 0\r\nContent-Length: 0", "Transfer-Encoding: gzip",
    "Transfer-Encoding: identity", "Transfer-Encoding: chunked, gzip", "Transfer-Encoding: gzip\r\nContent-Length: 1",
    "Host: second.example", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "Content-Length: 2000000",
    "Authorization: a\r\nAuthorization: b", "Keep-Alive: 5", "Proxy-Connection: keep-alive", "X-HTTP-Method: PUT",
]  # fmt: skip
_FIELDS_ON = [
    get(path, f"{more}\r\n", method=method)
    for more in _FIELDS
    for path, method in (
        ("/notes.txt", "GET"), ("/", "GET"), ("/none", "GET"), ("/notes.txt", "HEAD"), ("/notes.txt", "POST"),
        ("/pic/", "GET"), ("/about", "GET"), ("/long.html", "GET"), ("/empty.html", "GET"),
    )
]  # fmt: skip

_HOSTS = [
    b"GET %b HTTP/1.%d\r\n%b\r\n" % (path, minor, host)
    for path in (b"/about", b"/notes.txt", b"/none")
    for minor in (0, 1)
    for host in (b"", b"Host:\r\n", b"Host: \r\n", b"Host: A.Example\r\n", b"Host: a:80\r\n", b"Host: a:x\r\n",
                 b"Host: a..b\r\n", b"Host: a.\r\n", b"Host: .\r\n", b"Host: a/b\r\n", b"Host: a b\r\n", b"Host: [::1]:5\r\n",
                 b"Host: [::1\r\n", b"Host: ::1\r\n", b"Host: a\tb\r\n", b"Host: \xe9\r\n", b"host: low\r\n", b"Host : a\r\n",
                 b"Host: 127.0.0.1\r\n", b"Host: :80\r\n", b"Host: a@b\r\n", b"Host: .a\r\n", b"Host: a.:8\r\n",
                 b"Host: [a]b\r\n", b"Host: a[b]\r\n", b"Host: a\r\nHost: a\r\n", b"Connection: keep-alive\r\n")
]  # fmt: skip

_BODIES = [
    get(path, f"{more}\r\n", method=method) + body
    for path in ("/", "/notes.txt", "/none")
    for method in ("GET", "HEAD", "POST", "PUT")
    for more, body in (
        ("Content-Length: 5", BODY), ("Content-Length: 5\r\nExpect: 100-continue", BODY),
        ("Content-Length: 5\r\nConnection: close", BODY), ("Content-Length: 9", BODY),
        ("Content-Length: 3", BODY), ("Content-Length: 100000", b"x" * 100_000),
        ("Transfer-Encoding: chunked", b"5\r\nhello\r\n0\r\n\r\n"), ("Transfer-Encoding: chunked", b"5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n"),
        ("Transfer-Encoding: chunked", b"x\r\n"), ("Transfer-Encoding: chunked", b"5\r\nhelloX"),
        ("Transfer-Encoding: chunked", b"0\r\n\r\n"), ("Transfer-Encoding: chunked", b"5\nhello\n0\n\n"),
        ("Transfer-Encoding: CHUNKED", b"0\r\n\r\n"), ("Transfer-Encoding: chunked\r\nContent-Length: 5", BODY),
        ("Transfer-Encoding: chunked", b"ffffffffffffffffffff\r\n"), ("Content-Length: 5\r\nContent-Type: text/x", BODY),
    )
]  # fmt: skip

_LONG = [
    b"GET /" + b"a" * size + b" HTTP/1.1\r\n" + H + b"\r\n" for size in (900, 1_000, 1_024, 4_000, 8_000, 8_150)
] + [
    b"GET /" + b"a" * size + b" HTTP/1.1\r\n" for size in range(8_170, 8_190)
] + [
    b"GET /" + b"a" * 9_000, b"a" * 9_000, b"A" * 9_000, b"GET /" + b"\x01" * 9_000,
    b"GET / HTTP/1.1\r\n" + b"X" * 9_000, b"GET / HTTP/1.1\r\nX: " + b"y" * 9_000 + b"\r\n\r\n",
    *(b"GET / HTTP/1.1\r\n" + H + b"X: " + b"y" * size + b"\r\n\r\n" for size in (900, 1_100, 8_000, *range(8_183, 8_192))),
    *(b"GET / HTTP/1.1\r\n" + H + b"X: %b\r\n" % (b"y" * size) * count + b"\r\n"
      for size, count in ((8_000, 3), (8_000, 4), (8_000, 5), (4_000, 7), (4_000, 8), (4_000, 9), (100, 300), (100, 310), (3, 5_000))),
    b"\r\n" * 2_000 + get("/none"), b"GET / HTTP/1.0\r\n" + b"X: y\r\n" * 200 + b"\r\n",
]  # fmt: skip

ONE = [
    *(get(path) for path in _PATHS), *(get(path, version="HTTP/1.0") for path in _PATHS[:30]), *_LINES, *_METHODS,
    *_FIELDS_ON, *_HOSTS, *_BODIES, *_LONG, get("/none", "Connection: keep-alive\r\n", version="HTTP/1.0"),
    *(get("/notes.txt", f"{more}\r\n", version="HTTP/1.0") for more in _FIELDS[:40]),
]  # fmt: skip

_NEXT = get("/notes.txt")
MORE = [
    (get("/") + get("/none") + _NEXT,), (get("/none", method="HEAD") + _NEXT,), (get("/", "Connection: close\r\n") + _NEXT,),
    (_NEXT * 30,), (get("/none"), get("/about"), _NEXT), (get("/a b") + _NEXT,), (get("/", method="POST"), _NEXT),
    (get("/", "Content-Length: 5\r\n", method="POST") + BODY + _NEXT,), (get("/", "Content-Length: 5\r\n", method="POST"), BODY + _NEXT),
    (get("/", "Transfer-Encoding: chunked\r\n", method="POST"), b"5\r\nhello\r\n0\r\n\r\n" + _NEXT),
    (get("/", "Transfer-Encoding: chunked\r\n", method="POST"), b"zz\r\n" + _NEXT),
    (get("/", "Content-Length: 2000000\r\n", method="POST"), _NEXT), (get("/", version="HTTP/1.0") + _NEXT,),
    (_NEXT + b"\r\n" + _NEXT,), (_NEXT + b"x" + _NEXT,), (_NEXT + _NEXT[:20],), (b"GET /\r\n" + _NEXT,), (_NEXT * 1_001,),
    (get("/", method="TRACE") + _NEXT,), (get("/none", 'If-Match: "x"\r\n') + _NEXT,), (get("/", 'If-Match: "x"\r\n') + _NEXT,),
    (get("/bees.jpg") * 5,), (get("/", "Expect: 100-continue\r\nContent-Length: 5\r\n", method="POST"), BODY + _NEXT),
]  # fmt: skip
