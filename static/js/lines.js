// Forms that show what they would do while one types: the invoice's lines and the payment's bills.
// <form data-preview="url" data-preview-into="id">: what is typed goes to the server, its answer replaces #id.
// Tax is never computed here.
const form = document.querySelector("form[data-preview]");
const table = document.getElementById("lines");
const into = document.getElementById(form.dataset.previewInto);
let timer, asked;
for (const part of form.querySelectorAll("[data-without-js]")) part.remove();

const preview = async () => {
  asked?.abort();
  asked = new AbortController();
  const body = new FormData(form);
  body.set("do", "preview");
  try {
    const answer = await fetch(form.dataset.preview, { method: "POST", body, headers: { "X-Preview": "1" }, signal: asked.signal });
    if (!answer.ok) return;
    into.innerHTML = await answer.text();
    showAmounts();
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
};
const soon = () => {
  clearTimeout(timer);
  timer = setTimeout(preview, 350);
};
// What was wrong with a field is taken back when it is edited, and a question with the figures it was about; the
// server says it again if need be.
const forgive = ({ target }) => {
  if (target.matches(".money, [type=checkbox], [data-field]")) form.querySelector(".note.warn[data-until-edited]")?.remove();
  if (target.matches("[aria-invalid]")) {
    target.removeAttribute("aria-invalid");
    (target.closest(".field") ?? target.parentElement).querySelector(".errorlist")?.remove();
    form.querySelector(`.note li:has(> a[href="#${target.id}"])`)?.remove();
  }
  if (form.querySelector("[aria-invalid]")) return;
  for (const note of form.querySelectorAll(".note.bad")) if (!into.contains(note)) note.remove();
};
form.addEventListener("input", forgive);
form.addEventListener("input", soon);
form.addEventListener("change", soon);

// --- rows ---------------------------------------------------------------------------------------------------
const rows = () => [...table.tBodies[0].rows];
const cell = (row, name) => row.querySelector(`[data-field="${name}"]`);
const indexOf = (row) => cell(row, "description").name.split("-")[1];
const TYPED = ["description", "quantity", "price", "discount"];

const showAmounts = () => {
  if (!table) return;
  for (const row of rows()) {
    const sum = into.querySelector(`data[data-row="${indexOf(row)}"]`);
    row.querySelector("[data-amount]").textContent = sum?.value ?? "";
  }
};

// --- dates and tax ------------------------------------------------------------------------------------------
// A due date that nobody chose goes with the date of the invoice; the server does the same.
const { issued_on: issued, due_on: due } = form.elements;
const after = (days) => issued.value && new Date(issued.valueAsNumber + days * 864e5).toISOString().slice(0, 10);
const credit = Number(form.dataset.creditDays);
let followed = issued && due && after(credit);
issued?.addEventListener("change", () => {
  if (!due) return;
  if (due.value === followed && issued.value) due.value = after(credit);
  followed = after(credit);
});

// Under reverse charge no price includes tax: one choice for each rate, which keeps what the line says.
const reverse = form.elements.reverse_charge;
let isUntaxed = false;
const rateWords = (bp) => `${Number(bp) / 100}%`;
const offerRates = (select) => {
  const chosen = select.value;
  const rates = [...new Set([...select.options].map(({ value }) => value.replace("i", "")))].filter(Boolean);
  const plain = rates.map((bp) => [isUntaxed && chosen === `${bp}i` ? chosen : bp, rateWords(bp)]);
  const included = isUntaxed ? [] : rates.filter(Number).map((bp) => [`${bp}i`, form.dataset.included.replace("*", rateWords(bp))]);
  select.replaceChildren(select.options[0], ...[...plain, ...included].map(([value, words]) => new Option(words, value)));
  select.value = chosen;
};
const offerAllRates = () => {
  const selects = [table, document.getElementById("blank-line").content].flatMap((place) => [...place.querySelectorAll("[data-field=gst]")]);
  selects.forEach(offerRates);
};
if (reverse && table) {
  isUntaxed = "untaxed" in form.dataset;
  const always = isUntaxed && !reverse.checked; // export or SEZ under a letter of undertaking
  reverse.addEventListener("change", () => {
    isUntaxed = always || reverse.checked;
    offerAllRates();
  });
}

const isBlank = (row) => TYPED.every((name) => !cell(row, name).value.trim());

const addRow = () => {
  const spare = rows().find((row) => row.hidden && !("removed" in row.dataset));
  if (spare) {
    spare.hidden = false;
    return spare;
  }
  const count = form.elements["lines-TOTAL_FORMS"];
  if (Number(count.value) >= Number(form.elements["lines-MAX_NUM_FORMS"].value)) return null;
  const fresh = document.getElementById("blank-line").content.cloneNode(true);
  for (const field of fresh.querySelectorAll("[name]")) {
    for (const key of ["name", "id"]) field.setAttribute(key, field.getAttribute(key).replace("__prefix__", count.value));
  }
  count.value = Number(count.value) + 1;
  table.tBodies[0].append(fresh);
  const row = rows().at(-1);
  prepare(row);
  return row;
};

const clear = (row) => {
  for (const field of row.querySelectorAll("input, select")) field.value = "";
  row.querySelector("[data-amount]").textContent = "";
};

// A removed row stays, empty and unseen: the server leaves blank rows out.
const remove = (row) => {
  const shown = rows().filter((one) => !one.hidden);
  const next = shown[shown.indexOf(row) + 1] ?? shown[shown.indexOf(row) - 1];
  clear(row);
  if (shown.length > 1) {
    row.hidden = true;
    row.dataset.removed = ""; // its number lies among others': never used again
  }
  if (shown.length > 1 && next) cell(next, "description").focus();
  else cell(row, "description").focus();
  soon();
};

// --- the item picker ----------------------------------------------------------------------------------------
let list, found = [], active = -1, wanted = "";

const close = () => {
  list?.remove();
  list = undefined;
  found = [];
  active = -1;
  document.querySelector("[data-field=description][aria-expanded=true]")?.setAttribute("aria-expanded", "false");
};

const mark = (field, place) => {
  active = place;
  [...list.children].forEach((option, i) => option.setAttribute("aria-selected", i === place));
  list.children[place]?.scrollIntoView({ block: "nearest" });
  if (place < 0) field.removeAttribute("aria-activedescendant");
  else field.setAttribute("aria-activedescendant", list.children[place].id);
};

const pick = (row, item) => {
  cell(row, "item").value = item.id;
  cell(row, "description").value = item.name;
  for (const name of ["hsn", "unit", "price"]) cell(row, name).value = item[name];
  const rate = cell(row, "gst");
  if (rate) {
    const option = [...rate.options].find(({ value }) => [value, `${value}i`].includes(item.gst));
    if (option && isUntaxed) option.value = item.gst; // the choice without tax keeps what the item says
    rate.value = item.gst;
  }
  close();
  cell(row, "quantity").focus();
  soon();
};

const offer = (row, field) => {
  close();
  if (!wanted.items.length) return;
  found = wanted.items;
  list = document.createElement("ul");
  list.className = "offers";
  list.role = "listbox";
  list.id = "item-offers";
  found.forEach((item, i) => {
    const option = document.createElement("li");
    option.role = "option";
    option.id = `item-offer-${i}`;
    const name = document.createElement("strong");
    name.textContent = item.name;
    const note = document.createElement("small");
    note.textContent = item.note;
    option.append(name, note);
    option.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      pick(row, item);
    });
    list.append(option);
  });
  list.popover = "manual";
  field.after(list);
  list.showPopover?.();
  const box = field.getBoundingClientRect();
  const below = innerHeight - box.bottom - 8;
  const above = box.top - 8;
  const place = below > 200 || below > above ? { top: `${box.bottom + 4}px`, maxHeight: `${below}px` } : { bottom: `${innerHeight - box.top + 4}px`, maxHeight: `${above}px` };
  Object.assign(list.style, { left: `${box.left}px`, width: `${Math.max(box.width, 280)}px` }, place);
  field.setAttribute("aria-expanded", "true");
  mark(field, -1);
};

let asking = 0, waiting;
const search = (row, field) => {
  clearTimeout(waiting);
  const text = field.value.trim();
  if (!text) return close();
  waiting = setTimeout(async () => {
    const turn = ++asking;
    const answer = await fetch(`${form.dataset.items}?q=${encodeURIComponent(text)}`).catch(() => null);
    if (!answer?.ok || turn !== asking || document.activeElement !== field) return;
    wanted = await answer.json();
    offer(row, field);
  }, 120);
};

const prepare = (row) => {
  const field = cell(row, "description");
  field.removeAttribute("list");
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-controls", "item-offers"], ["aria-expanded", "false"]]) {
    field.setAttribute(name, value);
  }
  field.addEventListener("input", () => search(row, field));
  field.addEventListener("blur", () => setTimeout(close, 100));
  field.addEventListener("keydown", (event) => {
    if (!list) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const step = event.key === "ArrowDown" ? 1 : -1;
      mark(field, (active + step + found.length + (active < 0 && step < 0 ? 1 : 0)) % found.length);
    } else if (event.key === "Enter" || (event.key === "Tab" && active >= 0)) {
      pick(row, found[Math.max(active, 0)]);
    } else if (event.key === "Escape") {
      close();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
};

// Enter goes on: to the next field, from the last field to the next line, from an empty line to the note below.
const goOn = (event) => {
  const field = event.target;
  if (event.key !== "Enter" || event.defaultPrevented || !field.matches("input, select")) return;
  event.preventDefault();
  const row = field.closest("tr");
  if (field.dataset.field === "description" && isBlank(row)) {
    form.querySelector("textarea, button[value=issue]").focus();
    return;
  }
  const order = ["description", "quantity", "price"].map((name) => cell(row, name));
  const next = order[order.indexOf(field) + 1];
  if (next && order.includes(field)) {
    next.focus();
    next.select?.();
    return;
  }
  const later = rows().slice(rows().indexOf(row) + 1).find((one) => !one.hidden) ?? addRow();
  if (later) cell(later, "description").focus();
};

if (table) {
  rows().forEach(prepare);
  table.addEventListener("keydown", goOn);
  addEventListener("scroll", close, { passive: true });
  addEventListener("click", (event) => {
    const button = event.target.closest("[data-remove], [data-add]");
    if (!button) return;
    if ("remove" in button.dataset) remove(button.closest("tr"));
    else {
      const row = addRow();
      if (row) cell(row, "description").focus();
    }
  });
  const blank = rows().filter(isBlank);
  // A phone shows one blank line at a time.
  if (matchMedia("(max-width: 40rem)").matches) blank.slice(1).forEach((row) => { row.hidden = true; });
  const first = blank[0];
  if (first && !document.querySelector("[aria-invalid]")) cell(first, "description").focus({ preventScroll: true });
} else if (!form.querySelector("[aria-invalid], [data-until-edited]")) {
  form.elements.amount?.focus({ preventScroll: true });
}
