// What axe cannot see: focus that is shown and not covered, the way past the navigation, errors tied to their fields,
// landmarks, targets. Gives sentences; none when nothing is wrong. A Tab was pressed before, so that focus is shown;
// `opened`: before it the focus was at a mistake.
({ mistaken, opened }) => {
  const faults = [];
  const seen = (el) => el.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && el.getClientRects().length > 0;
  const name = (el) => `<${el.tagName.toLowerCase()}${el.id ? `#${el.id}` : ""}${[...el.classList].map((one) => `.${one}`).join("")}> ${(el.textContent || el.value || "").trim().replace(/\s+/g, " ").slice(0, 40)}`;
  const all = (selector, root = document) => [...root.querySelectorAll(selector)].filter(seen);

  // Errors: tied to their fields, and the page opens at one.
  for (const field of document.querySelectorAll("[aria-invalid=true]")) {
    const said = (field.getAttribute("aria-describedby") || "").split(" ").map((id) => document.getElementById(id));
    if (!said.some((el) => el?.matches(".errorlist, .bad, [role=alert]") && el.textContent.trim())) faults.push(`no word of the error at ${name(field)} ${field.name}`);
  }
  for (const list of all("ul.errorlist")) {
    if (!list.id || !document.querySelector(`[aria-describedby~="${list.id}"]`)) faults.push(`an error of no field: ${name(list)}`);
  }
  if (mistaken && !opened && !all("[role=alert]").length) faults.push("nothing leads to the mistake");

  // Places: everything lies in a landmark, navigations have names of their own.
  const outside = [...document.body.children].filter((el) => seen(el) && el.textContent.trim() && !el.matches("header, nav, main, footer, dialog, .skip, .visually-hidden, script, [popover]"));
  for (const el of outside) if (!el.querySelector("main")) faults.push(`outside of all landmarks: ${name(el)}`);
  const navs = all("nav").map((nav) => nav.ariaLabel || nav.getAttribute("aria-labelledby"));
  if (navs.some((label) => !label) || new Set(navs).size < navs.length) faults.push(`navigations without names of their own: ${navs}`);
  if (all("nav").length && document.querySelector("a, button")?.getAttribute("href") !== "#main") faults.push("the first stop is not the way past the navigation");

  // Focus: seen, and not under what sticks to the edges.
  const covers = all("body *").filter((el) => /fixed|sticky/.test(getComputedStyle(el).position));
  const stops = all("a[href], button, input, select, textarea, summary, [tabindex='0']").filter((el) => !el.disabled && el.tabIndex >= 0 && !el.closest("[popover]:not(:popover-open), dialog:not([open])"));
  for (const el of stops) {
    el.focus({ focusVisible: true });
    if (document.activeElement !== el) continue;
    const style = getComputedStyle(el);
    const marked = [el, el.parentElement, ...el.querySelectorAll("*")].some((one) => {
      const { outlineStyle, outlineWidth } = getComputedStyle(one);
      return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
    });
    if (!marked) faults.push(`focus is not seen: ${name(el)} (${style.outline})`);
    if (covers.some((cover) => cover.contains(el))) continue;
    const box = el.getBoundingClientRect();
    const hidden = covers.find((cover) => {
      const over = cover.getBoundingClientRect();
      return over.top <= box.top && over.bottom >= box.bottom && over.left <= box.left && over.right >= box.right;
    });
    if (hidden) faults.push(`focus is hidden: ${name(el)} under ${name(hidden)}`);
    else if (box.bottom <= 0 || box.top >= innerHeight) faults.push(`focus is out of sight: ${name(el)}`);
  }

  // Targets: 24 px each way, unless it stands in a sentence or another one of the same does.
  for (const el of all("a[href], button, input:not([type=hidden]), select, summary")) {
    const box = el.getBoundingClientRect();
    const large = (label) => { const { width, height } = label.getBoundingClientRect(); return width >= 24 && height >= 24; };
    if (box.width >= 23.5 && box.height >= 23.5) continue;
    if (el.labels && [...el.labels].some(large)) continue;
    if (el.matches("a") && getComputedStyle(el).display === "inline") {
      if (getComputedStyle(el, "::after").position === "absolute") continue; // the whole row
      const line = el.closest("p, li, small, td, dd, .soft");
      if (line && line.textContent.trim().length > el.textContent.trim().length) continue;
    }
    if (el.matches(".skip, .visually-hidden")) continue;
    faults.push(`small target ${Math.round(box.width)}x${Math.round(box.height)}: ${name(el)}`);
  }
  document.activeElement?.blur();
  return faults;
}
