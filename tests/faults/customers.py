"""Shopkeepers at their browsers: each issues an invoice and shares it, and sends the same form again until it is answered."""

import datetime as dt
import http.client
import itertools
import re
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from accounts import idempotency
from accounts.india import today

TOKEN = "faultrun" * 4  # a browser's CSRF cookie, and the same in each form
AGAIN_SECONDS, ANSWER_SECONDS = 0.2, 20


@dataclass
class Shop:
    """A merchant's session, and the parties (public ids) that are billed by turns."""

    slug: str
    session: str
    parties: list[str]


@dataclass
class Desk:
    """All browsers together. `allowed` is how many invoices may be begun by now; `wrong` what should never be answered."""

    site: str
    shops: list[Shop]
    wanted: int
    deadline: float
    allowed: int = 0
    done: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    repeats: Counter[str] = field(default_factory=Counter)
    serial: "itertools.count[int]" = field(default_factory=itertools.count)

    @property
    def goes_on(self) -> bool:
        return not self.wrong and time.monotonic() < self.deadline

    def work(self) -> None:
        """One browser, until all invoices are begun."""
        while (n := next(self.serial)) < self.wanted and self.goes_on:
            while n >= self.allowed and self.goes_on:
                time.sleep(0.02)
            try:
                self.done.append(self._bill(n))
            except Exception as fault:
                self.wrong.append(f"invoice {n}: {type(fault).__name__} {fault}")

    def start(self, browsers: int) -> list[threading.Thread]:
        threads = [threading.Thread(target=self.work, daemon=True) for _ in range(browsers)]
        for thread in threads:
            thread.start()
        return threads

    def _bill(self, n: int) -> str:
        """The public id of the n-th invoice, issued and shared."""
        shop = self.shops[n % len(self.shops)]
        party = shop.parties[n // len(self.shops) % len(shop.parties)]
        day = today()
        row = {"description": "Rice", "quantity": "1", "price": str(100 + n % 900)}
        row = dict.fromkeys(["item", "description", "hsn", "quantity", "unit", "price", "discount", "gst"], "") | row
        form = {"form_key": idempotency.new_key(), "issued_on": day.isoformat(), "reference": f"F{n}", "notes": ""}
        form |= {"due_on": (day + dt.timedelta(days=15)).isoformat(), "rounds_off": "on", "do": "issue"}
        form |= {"lines-TOTAL_FORMS": "1", "lines-INITIAL_FORMS": "0", "lines-MAX_NUM_FORMS": "200"}
        form |= {f"lines-0-{name}": value for name, value in row.items()}
        there = self._post(shop, f"/m/{shop.slug}/invoices/new/?party={party}", form)
        found = re.fullmatch(rf"/m/{shop.slug}/invoices/([\w-]+)/", there)
        assert found, there
        form = {"form_key": idempotency.new_key(), "channel": "sms" if n % 4 == 3 else "whatsapp"}
        address = f"/m/{shop.slug}/invoices/{found[1]}/share/"
        there = self._post(shop, address, form)
        assert there == address, there
        return found[1]

    def _post(self, shop: Shop, path: str, form: dict[str, str]) -> str:
        """Where the answer leads; the same form again while there is none, or the site says that it cannot."""
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Connection": "close"}
        headers["Cookie"] = f"sl_m={shop.session}; sl_csrf={TOKEN}"
        body = urlencode(form | {"csrfmiddlewaretoken": TOKEN})
        while True:
            connection = http.client.HTTPConnection(urlsplit(self.site).netloc, timeout=ANSWER_SECONDS)
            try:
                connection.request("POST", path, body, headers)
                answer = connection.getresponse()
                status, words = answer.status, answer.read().decode(errors="replace")
            except (OSError, http.client.HTTPException) as lost:
                self.repeats[f"no answer ({type(lost).__name__})"] += 1
            else:
                if status == 302:
                    return answer.getheader("Location", "")
                assert status >= 500, f"{status} to {path}: {words[-1500:]}"
                self.repeats[str(status)] += 1
            finally:
                connection.close()
            assert time.monotonic() < self.deadline, f"no answer to {path} in the time of the run"
            time.sleep(AGAIN_SECONDS)
