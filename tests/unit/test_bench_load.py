"""The load generator reads answers right, and counts those that are cut or refused."""

import socket
import threading

import pytest

from bench.load import Reply, describe, drive, parse_reply

BODY = b'{"scan_id":"1","outcome":"rewarded","points_available":5}'
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(BODY), BODY)
REFUSAL = b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 2\r\n\r\n{}"


def test_an_answer_gives_its_status_and_outcome() -> None:
    assert parse_reply(ANSWER) == Reply(200, "rewarded")


@pytest.mark.parametrize("length", range(len(ANSWER)))
def test_an_answer_that_is_cut_anywhere_is_not_an_answer_yet(length: int) -> None:
    assert parse_reply(ANSWER[:length]) is None


def test_a_refusal_has_no_outcome_and_headers_in_any_case_are_read() -> None:
    assert parse_reply(REFUSAL) == Reply(429, "")


def test_an_answer_without_a_length_is_an_error() -> None:
    with pytest.raises(ValueError, match="Content-Length"):
        parse_reply(b"HTTP/1.1 200 OK\r\n\r\n{}")


def answer_in_two_pieces(server: socket.socket, answers: list[bytes]) -> None:
    """Serve one connection; after the last answer, hang up on the next request."""
    link, _ = server.accept()
    with link:
        for answer in answers:
            link.recv(65_536)
            link.sendall(answer[:30])
            link.sendall(answer[30:])
        link.recv(65_536)


def test_every_answer_of_a_run_is_counted_and_a_broken_connection_too() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(
            target=answer_in_two_pieces, args=(server, [ANSWER, ANSWER, REFUSAL])
        )
        thread.start()
        port = server.getsockname()[1]
        tally, elapsed = drive(
            iter([b"GET / HTTP/1.1\r\n\r\n"] * 9), port=port, connections=1, seconds=5
        )
        thread.join()
    figures = describe(tally, elapsed)
    assert (figures["sent"], figures["answered"], figures["broken"]) == (4, 3, 1)
    assert figures["outcomes"] == {"rewarded": 2}
    assert figures["refusals"] == {"429": 1}
