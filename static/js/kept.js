// What the dashboard last said, for when there is no connection: kept in this browser alone, with the mark of the session
// (cookie sl_kept). Another mark, none, or a week, and it is forgotten (portal/kept.py).
const KEY = "sl-kept";
const WEEK = 7 * 24 * 60 * 60 * 1000;
const mark = () => /(?:^|; )sl_kept=([0-9a-f]{16})(?:;|$)/.exec(document.cookie)?.[1] ?? "";

const forget = () => {
  try {
    localStorage.removeItem(KEY);
  } catch {
    // A browser that keeps nothing has nothing to forget.
  }
};
const read = () => {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY));
    if (!kept) return {};
    if (!mark() || kept.mark !== mark()) throw new Error("of another session");
    return Object.fromEntries(Object.entries(kept.parties).filter(([, one]) => Date.now() - one.on < WEEK));
  } catch {
    forget();
    return {};
  }
};

const words = (element) => element?.textContent.trim().replace(/\s+/g, " ") ?? "";
const keep = (page) => {
  const { keptParty, keptAt } = page.body.dataset;
  if (!keptParty || location.search || !mark()) return;
  const part = (name) => page.querySelector(`[data-keep="${name}"]`);
  const rows = [...page.querySelectorAll('[data-keep="rows"] tbody tr')].slice(0, 5);
  const parties = read();
  parties[keptParty] = {
    shop: words(part("shop")),
    for: words(part("for")),
    sentence: words(part("sentence")),
    amount: words(part("amount")),
    facts: [...(part("facts")?.children ?? [])].map((one) => [...one.children].map(words)),
    rows: rows.map((row) => {
      const [name, figure, day, state, due] = [".main", ".n", ".sub", ".state", ".n small"].map((cell) => row.querySelector(`td${cell}`));
      return [words(name), words(figure?.firstChild), words(day), [words(state), words(due)].filter(Boolean).join(" · ")];
    }),
    at: keptAt,
    on: Date.now(),
  };
  try {
    localStorage.setItem(KEY, JSON.stringify({ mark: mark(), parties }));
  } catch {
    // Full, or not allowed: then there is nothing to show later.
  }
};

const element = (name, text, kind) => Object.assign(document.createElement(name), { textContent: text, className: kind });
const show = (template) => {
  const found = Object.values(read()).sort((one, other) => other.on - one.on);
  for (const one of found) {
    const card = template.content.cloneNode(true);
    for (const name of ["shop", "for", "sentence", "amount", "at"]) {
      const place = card.querySelector(`[data-kept="${name}"]`);
      place.textContent = one[name];
      place.hidden = !one[name];
    }
    for (const [name, figure] of one.facts) {
      const pair = document.createElement("div");
      pair.append(element("dt", name, ""), element("dd", figure, "num"));
      card.querySelector('[data-kept="facts"]').append(pair);
    }
    for (const [name, amount, day, state] of one.rows) {
      const line = document.createElement("li");
      line.append(element("strong", name, ""), element("span", amount, "num"), element("small", [day, state].filter(Boolean).join(" · "), ""));
      card.querySelector('[data-kept="rows"]').append(line);
    }
    template.before(card);
  }
  document.querySelector("[data-kept-nothing]").hidden = found.length > 0;
  document.querySelector("[data-kept-note]").hidden = !found.length;
  addEventListener("online", () => location.reload());
};

const template = document.getElementById("kept");
if (template) show(template);
else {
  read(); // forgets what is of another session
  keep(document);
  addEventListener("fresh", (event) => keep(event.detail));
  addEventListener("ended", forget);
  addEventListener("submit", (event) => event.target.matches("form[action*='/logout/']") && forget());
  const { worker } = document.body.dataset;
  if (worker) navigator.serviceWorker?.register(worker, { scope: "/portal/" }).catch(() => {});
}
