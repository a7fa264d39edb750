"""A gateway that behaves like the real ones, and badly when it is told to: WhatsApp Cloud API, MSG91, Twilio and SMTP.

By hand: `python -m tests.fake_gateway --port 9100 [--smtp-port 9101] [--latency 50]`, then start the site with
WHATSAPP_GATEWAY=whatsapp WHATSAPP_URL=http://127.0.0.1:9100/v23.0 (and so on; `--help` prints all of it).

- `GET /_requests` shows what came (the last 2,000), `GET /_counts` how many of each and how often each reference was
  accepted more than once; `POST /_reset` forgets.
- `POST /_faults` takes a list of faults, used up in this order by the requests that follow, for instance
  `[{"status": 429, "retry_after": 2, "times": 3}, {"drop": true}, {"provider": "msg91", "slow": 3}]`:
  `status` answers it, `drop` accepts the message and closes the connection without a word, `slow` waits so many
  seconds, `refuse` closes before anything is taken. `error` is the provider's own error code.
- `POST /_hooks` says where reports go: `{"whatsapp": {"url": "http://127.0.0.1:8000/hooks/whatsapp/", "key": "..."},
  "events": ["sent", "delivered", "read"], "times": 2, "delay": 0.5, "shuffle": true}`.

Plain asyncio, so that it takes more than 1,500 requests a second on part of a core.
"""

import argparse
import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import random
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

KEPT = 2_000


@dataclass
class Request:
    """One request as it came: `provider` is whatsapp, msg91, twilio or smtp; `reference` is the sender's own."""

    provider: str
    path: str
    headers: dict[str, str]
    body: str
    to: str
    reference: str
    is_accepted: bool = False

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body, keep_blank_values=True))


@dataclass
class Fault:
    provider: str = ""
    status: int = 0
    error: int = 0
    retry_after: str = ""
    drop: bool = False
    refuse: bool = False
    slow: float = 0.0
    times: int = 1


@dataclass
class Hooks:
    """Where reports go, with the key that signs them; `times` each, after `delay` seconds, in any order if `shuffle`."""

    to: dict[str, tuple[str, str]] = field(default_factory=dict)
    events: tuple[str, ...] = ("sent", "delivered", "read")
    times: int = 1
    delay: float = 0.0
    shuffle: bool = False


class State:
    def __init__(self, latency: float = 0.0) -> None:
        self.latency = latency
        self.telling: set[asyncio.Task[None]] = set()
        self.reset()

    def reset(self) -> None:
        self.requests: deque[Request] = deque(maxlen=KEPT)
        self.faults: deque[Fault] = deque()
        self.hooks = Hooks()
        self.counts: Counter[str] = Counter()
        self.accepted: Counter[str] = Counter()
        self.serial = 0

    def fault_for(self, provider: str) -> Fault | None:
        for fault in self.faults:
            if fault.provider in ("", provider):
                fault.times -= 1
                if fault.times <= 0:
                    self.faults.remove(fault)
                return fault
        return None

    def accept(self, request: Request) -> str:
        """Count it and give it an id."""
        request.is_accepted = True
        self.serial += 1
        self.accepted[request.reference] += 1
        self.counts[f"{request.provider} accepted"] += 1
        return {"whatsapp": "wamid.HBgM", "twilio": "SM", "msg91": "3768"}[request.provider] + f"{self.serial:024x}"


# --- The providers ------------------------------------------------------------------------------------------


def read(path: str, headers: dict[str, str], body: str) -> Request | None:
    """The request as its provider would read it; None for an address that no provider has."""
    parts = urlsplit(path)
    if parts.path.endswith("/messages"):
        found = json.loads(body)
        return Request("whatsapp", path, headers, body, found["to"], found.get("biz_opaque_callback_data", ""))
    if parts.path.rstrip("/").endswith("/api/v5/flow"):
        (recipient,) = json.loads(body)["recipients"]
        return Request("msg91", path, headers, body, recipient["mobiles"], recipient.get("CRQID", ""))
    if parts.path.endswith("/Messages.json"):
        form = dict(parse_qsl(body))
        callback = parse_qs(urlsplit(form.get("StatusCallback", "")).query)
        return Request("twilio", path, headers, body, form["To"], callback.get("ref", [""])[0])
    return None


def accepted(request: Request, provider_id: str) -> tuple[int, dict[str, Any]]:
    """The provider's answer to a message it takes."""
    if request.provider == "whatsapp":
        contact = {"input": request.to, "wa_id": request.to}
        ids = [{"id": provider_id, "message_status": "accepted"}]
        return 200, {"messaging_product": "whatsapp", "contacts": [contact], "messages": ids}
    if request.provider == "msg91":
        return 200, {"type": "success", "message": provider_id}
    return 201, {"sid": provider_id, "status": "queued", "to": request.to, "error_code": None, "error_message": None}


def refused(request: Request, fault: Fault) -> tuple[int, dict[str, Any]]:
    words = f"told to fail with {fault.error or fault.status}"
    if request.provider == "whatsapp":
        error = {"message": f"(#{fault.error}) {words}", "type": "OAuthException", "code": fault.error}
        error |= {"error_data": {"messaging_product": "whatsapp", "details": words}, "fbtrace_id": "A1"}
        return fault.status, {"error": error if fault.error else {"message": words}}
    if request.provider == "msg91":
        return fault.status, {"type": "error", "message": words, "code": str(fault.error or "")}
    return fault.status, {"code": fault.error or None, "message": words, "status": fault.status}


def report(request: Request, provider_id: str, event: str, state: State) -> tuple[str, dict[str, str], bytes] | None:
    """(address, headers, body) of a provider's report, signed as it signs; None for what it does not report."""
    url, key = state.hooks.to.get(request.provider, ("", ""))
    if not url:
        return None
    if request.provider == "whatsapp":
        status = {"id": provider_id, "status": event, "timestamp": str(int(time.time())), "recipient_id": request.to}
        status["biz_opaque_callback_data"] = request.reference
        if event == "failed":
            status["errors"] = [{"code": 131026, "title": "Message undeliverable"}]  # type: ignore[assignment]
        value = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": "1"}, "statuses": [status]}
        entry = {"id": "0", "changes": [{"value": value, "field": "messages"}]}
        body = json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()
        signature = hmac.new(key.encode(), body, hashlib.sha256).hexdigest()
        return url, {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={signature}"}, body
    if request.provider == "msg91":
        if event not in ("delivered", "failed"):
            return None
        one = {"date": time.strftime("%Y-%m-%d %H:%M:%S"), "number": request.to, "CRQID": request.reference}
        one |= {"status": "1", "desc": "DELIVERED"} if event == "delivered" else {"status": "2", "desc": "FAILED"}
        data = json.dumps([{"requestId": provider_id, "senderId": "SHRLGR", "report": [one]}])
        return f"{url}?key={key}", {"Content-Type": FORM}, _form({"data": data})
    if event == "read":
        return None
    fields = {"MessageSid": provider_id, "MessageStatus": event, "To": request.to, "AccountSid": "AC1"}
    if event == "failed":
        fields["ErrorCode"] = "30005"
    callback = request.form["StatusCallback"]
    headers = {"Content-Type": FORM, "X-Twilio-Signature": twilio_signature(key, callback, fields)}
    return url + "?" + urlsplit(callback).query, headers, _form(fields)


FORM = "application/x-www-form-urlencoded"


def _form(fields: dict[str, str]) -> bytes:
    from urllib.parse import urlencode

    return urlencode(fields).encode()


def twilio_signature(token: str, url: str, fields: dict[str, str]) -> str:
    text = url + "".join(name + fields[name] for name in sorted(fields))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


# --- HTTP ---------------------------------------------------------------------------------------------------


class Http(asyncio.Protocol):
    def __init__(self, state: State) -> None:
        self.state = state
        self.buffer = b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while True:
            head, mark, rest = self.buffer.partition(b"\r\n\r\n")
            if not mark:
                return
            first, *lines = head.decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            length = int(headers.get("content-length", 0))
            if len(rest) < length:
                return
            self.buffer = rest[length:]
            method, path, _version = first.split(" ", 2)
            self._answer(method, path, headers, rest[:length].decode())

    def _answer(self, method: str, path: str, headers: dict[str, str], body: str) -> None:
        if path.startswith("/_"):
            self._write(200, control(self.state, path, body))
            return
        request = read(path, headers, body)
        if request is None:
            self._write(404, {"error": {"message": "no such address"}})
            return
        state = self.state
        state.requests.append(request)
        state.counts[request.provider] += 1
        fault = state.fault_for(request.provider)
        if fault and fault.refuse:
            self.transport.abort()
            return
        if fault and fault.status:
            state.counts[f"{request.provider} {fault.status}"] += 1
            extra = f"Retry-After: {fault.retry_after}\r\n" if fault.retry_after else ""
            self._later(state.latency, *refused(request, fault), extra)
            return
        provider_id = state.accept(request)
        if state.hooks.to:
            task = asyncio.get_running_loop().create_task(tell(state, request, provider_id))
            state.telling.add(task)  # the loop itself holds tasks loosely
            task.add_done_callback(state.telling.discard)
        if fault and fault.drop:
            asyncio.get_running_loop().call_later(state.latency, self.transport.abort)
            return
        self._later(state.latency + (fault.slow if fault else 0), *accepted(request, provider_id))

    def _later(self, wait: float, status: int, found: Any, extra: str = "") -> None:
        if wait:
            asyncio.get_running_loop().call_later(wait, self._write, status, found, extra)
        else:
            self._write(status, found, extra)

    def _write(self, status: int, found: Any, extra: str = "") -> None:
        body = json.dumps(found).encode()
        head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{extra}Content-Length: {len(body)}\r\n\r\n"
        if not self.transport.is_closing():
            self.transport.write(head.encode() + body)


def control(state: State, path: str, body: str) -> Any:
    """What `/_...` does; see the module's docstring."""
    if path == "/_reset":
        state.reset()
    elif path == "/_faults":
        state.faults.extend(Fault(**one) for one in json.loads(body))
    elif path == "/_hooks":
        told = json.loads(body)
        to = {name: (told[name]["url"], told[name]["key"]) for name in ("whatsapp", "msg91", "twilio") if name in told}
        rest = {name: told[name] for name in ("times", "delay", "shuffle") if name in told}
        state.hooks = Hooks(to, tuple(told.get("events", Hooks.events)), **rest)
    elif path == "/_requests":
        return [vars(request) for request in state.requests]
    elif path == "/_counts":
        return {"counts": state.counts, "twice": {r: n for r, n in state.accepted.items() if n > 1}}
    elif path == "/_accepted":
        return state.accepted
    return {}


async def tell(state: State, request: Request, provider_id: str) -> None:
    """Send the reports of one message as the hooks say."""
    events = [event for event in state.hooks.events for _ in range(state.hooks.times)]
    if state.hooks.shuffle:
        random.shuffle(events)
    await asyncio.sleep(state.hooks.delay)
    for event in events:
        if told := report(request, provider_id, event, state):
            # A site that is away, or dies over it, misses this report.
            with contextlib.suppress(OSError, IndexError):
                await post(*told)


async def post(url: str, headers: dict[str, str], body: bytes) -> int:
    """One POST; its status."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    lines = [f"POST {target} HTTP/1.1", f"Host: {parts.netloc}", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    writer.write("\r\n".join([*lines, "", ""]).encode() + body)
    status = int((await reader.readline()).split()[1])
    writer.close()
    return status


# --- SMTP ---------------------------------------------------------------------------------------------------


async def smtp(state: State, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One conversation; takes every mail unless a fault of provider "smtp" says otherwise."""

    def say(words: str) -> None:
        writer.write(f"{words}\r\n".encode())

    to = ""
    say("220 fake ESMTP")
    while line := (await reader.readline()).decode(errors="replace").strip():
        verb = line[:4].upper()
        if verb == "RCPT":
            to = line.partition("<")[2].partition(">")[0]
            fault = next((f for f in state.faults if f.provider == "smtp" and f.error), None)
            if fault:
                state.fault_for("smtp")
                say(f"{fault.error} told to refuse")
                continue
        elif verb == "DATA":
            say("354 go on")
            text = (await reader.readuntil(b"\r\n.\r\n"))[:-5].decode(errors="replace")
            head = text.partition("\r\n\r\n")[0]
            names = dict(one.partition(": ")[::2] for one in head.split("\r\n"))
            reference = names.get("Message-ID", "").strip("<>").partition("@")[0]
            state.requests.append(Request("smtp", "", names, text, to, reference, is_accepted=True))
            state.accepted[reference] += 1
            state.counts["smtp"] += 1
            if (fault := state.fault_for("smtp")) and fault.drop:
                writer.transport.abort()
                return
        elif verb == "QUIT":
            say("221 bye")
            break
        elif verb == "EHLO":
            say("250-fake\r\n250 8BITMIME")
            continue
        say("250 ok")
    writer.close()


# --- Running ------------------------------------------------------------------------------------------------


async def serve(state: State, port: int = 0, smtp_port: int = 0) -> tuple[Any, int, Any, int]:
    """(HTTP server, its port, SMTP server, its port), listening on 127.0.0.1."""
    loop = asyncio.get_running_loop()
    http = await loop.create_server(lambda: Http(state), "127.0.0.1", port, backlog=1024)
    mail = await asyncio.start_server(lambda r, w: smtp(state, r, w), "127.0.0.1", smtp_port)
    return http, http.sockets[0].getsockname()[1], mail, mail.sockets[0].getsockname()[1]


@contextlib.contextmanager
def running(latency: float = 0.0, state: State | None = None) -> Iterator[tuple[State, str, int]]:
    """(state, address, SMTP port) of a fake gateway in a thread of this process; `latency` in seconds, of a new state."""
    state, ready, loop = state or State(latency), threading.Event(), asyncio.new_event_loop()
    found: list[Any] = []

    def work() -> None:
        async def start() -> None:
            found.extend(await serve(state))
            ready.set()

        loop.run_until_complete(start())
        loop.run_forever()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))

    thread = threading.Thread(target=work, name="fake-gateway", daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield state, f"http://127.0.0.1:{found[1]}", found[3]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        found[0].close()
        found[2].close()


def environment(address: str, smtp_port: int) -> dict[str, str]:
    """What makes the site send here: WhatsApp and e-mail as named, SMS by MSG91."""
    return {
        "WHATSAPP_GATEWAY": "whatsapp",
        "WHATSAPP_URL": f"{address}/v23.0",
        "WHATSAPP_TOKEN": "EAAJB-fake",
        "WHATSAPP_PHONE_ID": "106540352242922",
        "WHATSAPP_APP_SECRET": "whatsapp-app-secret",
        "WHATSAPP_VERIFY_TOKEN": "verify-me",
        "SMS_GATEWAY": "msg91",
        "MSG91_URL": f"{address}/api/v5/flow",
        "MSG91_AUTHKEY": "fake-authkey",
        "MSG91_HOOK_SECRET": "msg91-hook-secret",
        "MSG91_TEMPLATES": ",".join(f"{name}=64{n:022d}" for n, name in enumerate(_templates())),
        "SMS_HEADER": "SHRLGR",
        "DLT_ENTITY_ID": "1101000000000000001",
        "TWILIO_URL": address,
        "TWILIO_ACCOUNT_SID": "AC00000000000000000000000000000001",
        "TWILIO_AUTH_TOKEN": "12345",
        "TWILIO_FROM": "+15005550006",
        "EMAIL_GATEWAY": "smtp",
        "MAIL_URL": f"smtp://127.0.0.1:{smtp_port}",
        "MAIL_FROM": "bills@ledger.example.in",
        "MAIL_HOOK_SECRET": "mail-hook-secret",
    }


def _templates() -> list[str]:
    from pathlib import Path

    folder = Path(__file__).parent.parent / "templates/messages"
    return sorted({path.name.partition(".")[0] for path in folder.glob("*.sms.en.txt")})


async def _forever(port: int, smtp_port: int, latency: float) -> None:
    state = State(latency)
    _http, port, _mail, smtp_port = await serve(state, port, smtp_port)
    address = f"http://127.0.0.1:{port}"
    print(f"fake gateway on {address}, SMTP on {smtp_port}; the site sends here with")
    for name, value in environment(address, smtp_port).items():
        print(f"  {name}={value}")
    sys.stdout.flush()
    await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fake_gateway", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=int, default=9100)
    parser.add_argument("--smtp-port", type=int, default=0, help="0: any free one, which is printed")
    parser.add_argument("--latency", type=float, default=0, help="milliseconds before each answer")
    parser.add_argument("--environment", action="store_true", help="print the variables for this port, and end")
    options = parser.parse_args()
    if options.environment:
        for name, value in environment(f"http://127.0.0.1:{options.port}", options.smtp_port or 25).items():
            print(f"{name}={value}")
        return
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_forever(options.port, options.smtp_port, options.latency / 1000))


if __name__ == "__main__":
    main()
