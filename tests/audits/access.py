"""WCAG 2.2 AA of one page before the eyes: what axe-core finds, and what no list of rules can see."""

from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
TOOLS = HERE.parent.parent / "var" / "npm" / "node_modules"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = ["color-contrast", "link-in-text-block"]
AXE = """
(only) => axe.run(document, { runOnly: only, resultTypes: ["violations"] }).then(({ violations }) =>
  violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(" ")} ${node.html.slice(0, 120)}`)))
"""
# SC 1.4.12: what a reader may set, and nothing may be lost by it.
SPACED = """
() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }
    p { margin-block-end: 2em !important }`);
  document.adoptedStyleSheets = [sheet];
}
"""
UNSPACED = "() => { document.adoptedStyleSheets = []; }"
FITS = """
() => {
  const faults = [], width = innerWidth, full = document.documentElement.scrollWidth;
  if (full > width) faults.push(`scrolls sideways: ${full} > ${width}`);
  for (const el of document.querySelectorAll("main *, header *, nav *")) {
    const style = getComputedStyle(el);
    if (!/hidden|clip/.test(style.overflowX) || style.clipPath !== "none" || style.display === "-webkit-box") continue;
    if (el instanceof SVGElement || el.matches("input, select, img, .visually-hidden *")) continue;
    if (el.checkVisibility() && el.scrollWidth > el.clientWidth + 1) faults.push(`cut off: ${el.scrollWidth} in ${el.clientWidth}: ${el.className} ${el.textContent.trim().slice(0, 40)}`);
  }
  return faults;
}
"""
# 320 px: 1280 px at 400 % (SC 1.4.10). 640 px: the same at 200 % (SC 1.4.4).
REFLOWED = (320, 640)


@cache
def _source(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def axe(page: Any, *, colours_only: bool = False) -> list[str]:
    """What axe-core finds on the page as it stands; its own words, one for each element."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_source(TOOLS / "axe-core" / "axe.min.js"))
    only = {"type": "rule", "values": COLOURS} if colours_only else {"type": "tag", "values": RULES}
    found: list[str] = page.evaluate(AXE, only)
    return found


def own(page: Any, *, mistaken: bool) -> list[str]:
    """Focus, landmarks, errors and targets; `mistaken`: a form came back with something to mend."""
    opened = page.evaluate("() => document.activeElement.matches('[aria-invalid], fieldset *')")
    page.keyboard.press("Tab")
    found: list[str] = page.evaluate(_source(HERE / "access.js"), {"mistaken": mistaken, "opened": opened})
    return found


def reflow(page: Any) -> list[str]:
    """Nothing scrolls sideways or is cut off on a narrow or zoomed page, nor with a reader's own spacing."""
    size, found = page.viewport_size, []
    for width in REFLOWED:
        page.set_viewport_size({"width": width, "height": size["height"]})
        found += [f"at {width} px: {fault}" for fault in page.evaluate(FITS)]
        if width == REFLOWED[0]:
            page.evaluate(SPACED)
            found += [f"at {width} px, spaced: {fault}" for fault in page.evaluate(FITS)]
            page.evaluate(UNSPACED)
    page.set_viewport_size(size)
    return found
