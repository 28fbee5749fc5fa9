"""The simulated payer's HTTP: requests are verified, answers signed."""

import json
import re
from base64 import b64decode
from binascii import Error as NotBase64
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar, Final

from crowncap.payout_simulator.keys import MERCHANT
from crowncap.payout_simulator.payer import NO_REPLY, Json, Payer, Reply

BILLS: Final = "/v3/fund-app/mch-transfer/transfer-bills"
_ONE: Final = re.compile(rf"^{re.escape(BILLS)}/out-bill-no/(\w{{1,32}})(/cancel)?\Z")
_FIELD: Final = re.compile(r'(\w+)="([^"]*)"')
_VERBS: Final = {("GET", None): "ask", ("POST", "/cancel"): "cancel"}
_MOST_BYTES: Final = 64 << 10


class _Handler(BaseHTTPRequestHandler):
    """Answers the requests of one connection."""

    protocol_version = "HTTP/1.1"
    payer: ClassVar[Payer]

    def do_GET(self) -> None:
        """Answer a question."""
        self._serve("GET")

    def do_POST(self) -> None:
        """Do what is asked."""
        self._serve("POST")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own
        """Say nothing."""

    def _serve(self, method: str) -> None:
        length = min(int(self.headers.get("content-length") or 0), _MOST_BYTES)
        body = self.rfile.read(length).decode()
        if (method, self.path) == ("GET", "/simulator/bills"):
            self._reply(Reply(200, self.payer.figures()))
        elif not self._is_authorized(method, body):
            self._reply(Reply(401, {"code": "SIGN_ERROR", "message": "not signed"}))
        elif (called := self._read(method, body)) is None:
            self._reply(Reply(404, {"code": "INVALID_REQUEST", "message": "where?"}))
        else:
            self._reply(self.payer.answer(*called))

    def _is_authorized(self, method: str, body: str) -> bool:
        scheme, _, rest = self.headers.get("authorization", "").partition(" ")
        given = dict(_FIELD.findall(rest))
        if scheme != "WECHATPAY2-SHA256-RSA2048" or given.get("mchid") != MERCHANT:
            return False
        try:
            signature = b64decode(given.get("signature", ""), validate=True)
        except NotBase64:
            return False
        at, nonce = given.get("timestamp", ""), given.get("nonce_str", "")
        lines = (method, self.path, at, nonce, body)
        return self.payer.keys.is_merchants(signature, *lines)

    def _read(self, method: str, body: str) -> tuple[str, str, Json] | None:
        if (method, self.path) == ("POST", BILLS):
            asked = json.loads(body)
            return "send", str(asked["out_bill_no"]), asked
        found = _ONE.match(self.path)
        verb = None if found is None else _VERBS.get((method, found[2]))
        return None if found is None or verb is None else (verb, found[1], {})

    def _reply(self, reply: Reply) -> None:
        if reply is NO_REPLY:
            self.close_connection = True
            return
        body = json.dumps(reply.told, ensure_ascii=False)
        content = body.encode()
        with suppress(OSError):
            self.send_response(reply.status)
            for name, value in self.payer.signed(body, genuine=reply.genuine).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)


def open_server(payer: Payer, host: str, port: int) -> ThreadingHTTPServer:
    """Listen; whoever calls serves."""
    handler = type("Handler", (_Handler,), {"payer": payer})
    server = ThreadingHTTPServer((host, port), handler)
    server.daemon_threads = True
    return server
