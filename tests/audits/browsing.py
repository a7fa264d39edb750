"""A browser whose answers come from Django's test client: pages as they are, with their policy, and no server beside the test."""

from typing import Any
from urllib.parse import urlsplit

from django.test import Client

from tests.audits.pages import Sheet

SITE = "http://testserver"


class Reader:
    """`show(sheet)` puts a page before the eyes; what it loads is fetched by the browser that the page was shown to."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.faults: list[str] = []
        self._sheet: Sheet | None = None
        self._loaded: dict[str, dict[str, Any]] = {}
        page.route("**/*", self._answer)
        page.on("pageerror", lambda error: self.faults.append(f"page error: {error}"))

    def show(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self.page.goto(f"{SITE}{sheet.address.partition('#')[0]}", wait_until="load")

    def _answer(self, route: Any, request: Any) -> None:
        assert self._sheet is not None
        if request.is_navigation_request():
            route.fulfill(status=200, content_type="text/html; charset=utf-8", body=self._sheet.html)
            return
        parts = urlsplit(request.url)
        address = parts.path + (f"?{parts.query}" if parts.query else "")
        if request.method != "GET" or parts.netloc != "testserver":
            route.fulfill(status=204)
            return
        if address not in self._loaded:
            self._loaded[address] = _fetched(self._sheet.client, address)
        route.fulfill(**self._loaded[address])


def _fetched(client: Client, address: str) -> dict[str, Any]:
    answer = client.get(address)
    body = b"".join(answer) if answer.streaming else answer.content
    return {"status": answer.status_code, "content_type": answer.get("Content-Type", ""), "body": body}
