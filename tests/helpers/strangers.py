"""What strangers could write into an article's body, and ``page/frame.ts`` alone on a page to show it to."""

import subprocess
from functools import cache

from helpers.node import WEB, node

# As the page's own (loader/index.html), but for the script, which is a file here.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src blob: data:; "
    "connect-src http: https:; frame-src 'self' blob:; base-uri 'none'; form-action 'none'"
)
ENTRY = """
import { framed } from "./page/frame.ts";
window.show = async (body, isWithout) => {
  if (isWithout) delete Element.prototype.setHTML;
  window.said = [];
  const calls = {
    link: (address) => window.said.push(address),
    picture: (index, made) =>
      Object.assign(made.createElement("button"), { textContent: `picture ${index}` }),
    hear: () => {},
  };
  const article = { id: "a", language: "en", body };
  const frame = await framed(article, "Text", calls, (element) => document.body.append(element));
  return frame.links;
};
"""
ELEMENTS = set(
    "html head meta body p h2 h3 h4 ul ol li blockquote pre table td th figure thead tbody tr figcaption "
    "code em strong sub sup br hr span button".split()
)
ATTRIBUTES = set("lang dir role tabindex data-to http-equiv content style".split())
RUN = "parent.pwned=1"
# One defect each, in a body that is whole otherwise. Every AT leads to the mirror, which would see a request.
ATTACKS = {
    "script": f"<p>a</p><script>{RUN};fetch('AT')</script>",
    "event": f'<p onclick="{RUN}" onmouseover="{RUN}">a</p>',
    "picture-event": f'<p>a<img src="image:0" onerror="{RUN}" onload="{RUN}"></p>',
    "picture": '<p>a<img src="AT.png"></p>',
    "picture-set": '<p>a<img src="image:0" srcset="AT.png 1x"></p>',
    "style": '<p style="background:url(AT.png)">a</p>',
    "styles": "<style>p{background:url(AT.png)}@import 'AT.css';</style><p>a</p>",
    "sheet": '<link rel="stylesheet" href="AT.css"><p>a</p>',
    "preload": '<link rel="preload" as="image" href="AT.png"><p>a</p>',
    "frame": '<iframe src="AT.html"></iframe><p>a</p>',
    "frame-text": f'<iframe srcdoc="<script>parent.{RUN}</script>"></iframe><p>a</p>',
    "object": '<object data="AT"></object><embed src="AT"><p>a</p>',
    "base": '<base href="AT"><p><a href="x">a</a></p>',
    "refresh": '<meta http-equiv="refresh" content="0;url=AT"><p>a</p>',
    "form": '<form action="AT"><button>a</button></form><p>a</p>',
    "field": f'<input autofocus onfocus="{RUN}"><p>a</p>',
    "svg": f'<svg onload="{RUN}"><image href="AT.png"/><text>inside</text></svg><p>a</p>',
    "math": f'<math><mtext><p>inside</p><img src=x onerror="{RUN}"></mtext></math><p>a</p>',
    "template": f"<template><p>inside</p><img src=x onerror={RUN}></template><p>a</p>",
    "video": '<video src="AT.mp4" poster="AT.png" autoplay></video><audio src="AT.mp3"></audio><p>a</p>',
    "script-link": f'<p><a href="javascript:{RUN}">a</a></p>',
    "data-link": f'<p><a href="data:text/html,<script>{RUN}</script>">a</a></p>',
    "link-more": '<p><a href="https://example.org" target="_top" ping="AT" download>a</a></p>',
    "noscript": f'<noscript><p title="</noscript><img src=x onerror={RUN}>">a</p></noscript><p>a</p>',
    "comment": f"<p>a</p><!--><img src=x onerror={RUN}>-->",
    "unclosed": f"<p>a<table><p><img src=x onerror={RUN}",
    "custom": f'<x-y onclick="{RUN}">inside</x-y><p is="x-y">a</p>',
    "names": '<p id="body" name="defaultView" class="leave" slot="x">a</p>',
}
PAGE = b'<!doctype html><html lang="en"><title>t</title><body><script src="show.js"></script>'
# What stands in the frame: names of elements, names of attributes, the frame's address.
INSIDE = """() => {
  const inside = document.querySelector("iframe").contentDocument;
  const all = [...inside.querySelectorAll("*")];
  return [all.map((each) => each.localName), all.flatMap((each) => each.getAttributeNames()), inside.URL];
}"""
# Markup that would run and fetch, put into the frame as if the copy had let it through.
PLANT = """(at) => {
  const inside = document.querySelector("iframe").contentDocument;
  const script = inside.createElement("script");
  script.textContent = "parent.pwned = 1";
  inside.body.append(script);
  inside.body.insertAdjacentHTML("beforeend", `<img src="${at}x.png" onerror="parent.pwned=1">
    <iframe src="${at}x.html"></iframe><p style="background:url(${at}y.png)">b</p>`);
}"""


@cache
def program() -> bytes:
    """``page/frame.ts`` with a function to call it by."""
    script = (
        "import { build } from 'esbuild'; import { readFileSync } from 'node:fs';"
        "const stdin = { contents: readFileSync(0, 'utf8'), resolveDir: '.', loader: 'ts' };"
        "const { outputFiles } = await build({ stdin, bundle: true, format: 'iife', write: false });"
        "process.stdout.write(outputFiles[0].text)"
    )
    command = [node(), "--input-type=module", "-e", script]
    made = subprocess.run(command, cwd=WEB, input=ENTRY.encode(), check=True, capture_output=True, timeout=60)
    return made.stdout
