"""What is wrong with a page as it stands before the eyes: said in words, by measuring it in the browser."""

from typing import Any

TOUCH = 44
MEASURE = """
({ width, touch, language }) => {
  const faults = [];
  const seen = (el) => el.checkVisibility({ visibilityProperty: true }) && el.getClientRects().length > 0
    && !el.closest(".visually-hidden, .skip");
  const name = (el) => `<${el.tagName.toLowerCase()}${el.id ? "#" + el.id : ""}${[...el.classList].map((c) => "." + c).join("")}>`
    + ` ${(el.textContent || el.value || "").trim().replace(/\\s+/g, " ").slice(0, 50)}`;
  const all = (selector) => [...document.querySelectorAll(selector)].filter(seen);

  // Nothing sideways: neither a page that scrolls nor a box that silently cuts off what is in it.
  const full = document.documentElement.scrollWidth;
  if (full > width) {
    faults.push(`scrolls sideways: ${full} > ${width}`);
    const scrolls = (el) => el && el !== document.body && (/auto|scroll/.test(getComputedStyle(el).overflowX) || scrolls(el.parentElement));
    for (const el of all("body *")) {
      if (el.getBoundingClientRect().right > width + 1 && !scrolls(el)) { faults.push(`  sticks out: ${name(el)}`); break; }
    }
  }
  for (const el of all("body *")) {
    const style = getComputedStyle(el);
    if (!/hidden|clip/.test(style.overflowX) || style.clipPath !== "none" || style.display === "-webkit-box") continue;
    if (el instanceof SVGElement || el.matches("input, select, img")) continue;
    if (el.scrollWidth > el.clientWidth + 1) faults.push(`cut off: ${el.scrollWidth} in ${el.clientWidth}: ${name(el)}`);
  }

  // Figures and words stay in their own cell; what is placed elsewhere (position: absolute) is a cell of its own.
  const isPlaced = (node, el) => node && node !== el && (getComputedStyle(node).position === "absolute" || isPlaced(node.parentElement, el));
  const outside = (el) => {
    const box = el.getBoundingClientRect(), walker = document.createTreeWalker(el, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT), range = document.createRange();
    while (walker.nextNode()) {
      const node = walker.currentNode;
      const isElement = node instanceof Element;
      if (isPlaced(isElement ? node : node.parentElement, el)) continue;
      range.selectNode(node);
      const part = (isElement ? node : range).getBoundingClientRect();
      if (part.width && (part.left < box.left - 1 || part.right > box.right + 1)) return true;
    }
    return false;
  };
  for (const el of all("td, dd, dt, li, p, h1, h2, h3, summary, .btn, .badge, .stat, nav a")) {
    if (getComputedStyle(el).display === "inline") continue;
    if (!/auto|scroll/.test(getComputedStyle(el).overflowX) && outside(el)) faults.push(`spills over: ${name(el)}`);
  }

  // A page says what it is, once.
  if (!document.title.trim()) faults.push("no title");
  if (document.documentElement.lang !== language) faults.push(`lang is ${document.documentElement.lang}`);
  const heads = all("h1");
  if (heads.length !== 1) faults.push(`${heads.length} h1`);
  else if (!heads[0].textContent.trim()) faults.push("the h1 is empty");
  if (all("main").length !== 1) faults.push(`${all("main").length} main`);
  if (/{[{%]|Traceback|Exception/.test(document.body.innerText)) faults.push("raw code is shown");

  // Everybody can name it.
  for (const el of all("input, select, textarea")) {
    if (el.type !== "hidden" && !el.labels?.length && !el.ariaLabel && !el.getAttribute("aria-labelledby")) faults.push(`no label: ${name(el)} ${el.name}`);
  }
  for (const el of all("a, button, summary, [role=img]")) {
    const text = el.innerText?.trim() || el.ariaLabel || el.getAttribute("aria-labelledby") || el.querySelector("img")?.alt;
    if (!text) faults.push(`no name: ${name(el)}`);
  }
  for (const el of all("img")) {
    if (!el.hasAttribute("alt")) faults.push(`no alt: ${el.src}`);
    if (el.complete && !el.naturalWidth) faults.push(`broken picture: ${el.src}`);
  }
  const ids = [...document.querySelectorAll("[id]")].map((el) => el.id);
  for (const id of new Set(ids.filter((id, i) => ids.indexOf(id) !== i))) faults.push(`id twice: ${id}`);
  for (const mark of ["aria-describedby", "aria-labelledby", "aria-errormessage", "for", "popovertarget", "data-dialog"]) {
    for (const el of document.querySelectorAll(`[${mark}]`)) {
      for (const id of el.getAttribute(mark).split(" ")) {
        if (id && !document.getElementById(id)) faults.push(`${mark} names nothing: ${id}`);
      }
    }
  }

  // A thumb hits it.
  if (touch) {
    const small = (el, least) => {
      const box = el.getBoundingClientRect();
      return box.height + 0.5 < least || box.width + 0.5 < least ? `${Math.round(box.width)}x${Math.round(box.height)}` : "";
    };
    for (const el of all("nav a, nav button, header a, header button, button:not(.link), .btn:not(.link), summary, select, input:not([type=checkbox], [type=radio])")) {
      const size = small(el, touch);
      if (size) faults.push(`small target ${size}: ${name(el)}`);
    }
    for (const el of all(".btn.link")) {
      const size = small(el, 24);
      if (size) faults.push(`small target ${size}: ${name(el)}`);
    }
  }
  return faults;
}
"""


def faults(page: Any, language: str = "en") -> list[str]:
    """In words; [] when there are none. Touch targets are asked for on narrow pages only.

    A heading can be read before the stylesheet has come, so a page that is still loading is waited for.
    """
    page.wait_for_load_state()
    width = page.viewport_size["width"]
    found: list[str] = page.evaluate(
        MEASURE, {"width": width, "touch": TOUCH if width < 640 else 0, "language": language}
    )
    return found
