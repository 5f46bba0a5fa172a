"""Pages in headless Chromium, without any network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from support.oracles import module, oracle

# contrast of every text with what is below it (WCAG 2.2, 1.4.3 and the definition of relative luminance)
CONTRASTS = """() => {
  const channel = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
  const below = (element) => {
    for (; element; element = element.parentElement) {
      const found = numbers(getComputedStyle(element).backgroundColor);
      if (found.length < 4 || found[3] > 0) return found;
    }
    return [255, 255, 255];
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || element.closest("script, style, i") || !element.getClientRects().length) continue;
    const svg = element.closest("svg");
    const ink = luminance(numbers(svg ? getComputedStyle(element).fill : getComputedStyle(element).color));
    const paper = luminance(below(element));
    const ratio = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
    found.push([ratio, texts.currentNode.data.trim().slice(0, 40)]);
  }
  return found.sort((a, b) => a[0] - b[0]);
}"""


@contextmanager
def opened(path: Path, width: int = 1200, scheme: str = "light", opening: bool = True) -> Iterator[tuple[Any, list[str]]]:
    """Open a page and everything in it; yield it, the messages of the console and the requests to the network."""
    sync_api: Any = module("playwright.sync_api")
    said: list[str] = []
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=oracle("chromium"), args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, offline=True)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: said.append(dialog.message))
        page.on("request", lambda asked: said.append(asked.url) if not asked.url.startswith(("file:", "data:")) else None)
        page.goto(path.as_uri())
        if opening:
            page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        yield page, said
        browser.close()
