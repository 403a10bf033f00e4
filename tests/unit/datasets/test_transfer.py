from __future__ import annotations

import hashlib
import json
import os
import socket

import pytest

from segbench.config.dataset import Download
from segbench.datasets import transfer
from segbench.datasets.transfer import download
from segbench.errors import SegbenchError

BODY = os.urandom(300_000)
CUT = 6 * transfer.CHUNK  # whole chunks, so that every byte sent arrives
SHA = hashlib.sha256(BODY).hexdigest()


@pytest.fixture()
def part(tmp_path):
    return tmp_path / "x.part"


def test_whole_file(serve, part):
    server = serve(BODY)
    assert download(Download(url=server.url, sha256=SHA, bytes=len(BODY)), part) == SHA
    assert part.read_bytes() == BODY
    assert server.requests == [None]


def test_digest_is_given_where_none_is_known(serve, part):
    assert download(Download(url=serve(BODY).url), part) == SHA


def test_broken_connection_goes_on_in_one_call(serve, part):
    server = serve(BODY)
    server.cut_after = [CUT, transfer.CHUNK + 5]
    download(Download(url=server.url, sha256=SHA), part)
    assert part.read_bytes() == BODY
    assert server.requests == [None, f"bytes={CUT}-", f"bytes={CUT + transfer.CHUNK}-"]


def test_interrupted_call_is_resumed_by_the_next(serve, part, monkeypatch):
    server = serve(BODY)
    recipe = Download(url=server.url, sha256=SHA)
    monkeypatch.setattr(transfer, "ATTEMPTS", 1)
    server.cut_after = [CUT]
    message = f"stopped after {CUT} bytes, {len(BODY) - CUT} are missing"
    with pytest.raises(SegbenchError, match=message):
        download(recipe, part)
    assert part.read_bytes() == BODY[:CUT]
    download(recipe, part)
    assert part.read_bytes() == BODY
    assert server.requests == [None, f"bytes={CUT}-"]


def test_killed_between_transfer_and_check(serve, part):
    server = serve(BODY)
    recipe = Download(url=server.url, sha256=SHA)
    download(recipe, part)
    assert download(recipe, part) == SHA  # not fetched again
    assert server.requests == [None]


def test_changed_file_starts_over(serve, part, monkeypatch):
    server = serve(BODY)
    monkeypatch.setattr(transfer, "ATTEMPTS", 1)
    server.cut_after = [120_000]
    with pytest.raises(SegbenchError):
        download(Download(url=server.url), part)
    server.body = os.urandom(200_000)
    server.tag = '"other"'
    assert download(Download(url=server.url), part) == hashlib.sha256(server.body).hexdigest()
    assert part.read_bytes() == server.body


def test_server_without_ranges_starts_over(serve, part):
    server = serve(BODY)
    server.ranges = False
    server.cut_after = [100_000]
    download(Download(url=server.url, sha256=SHA), part)
    assert part.read_bytes() == BODY


def test_other_url_does_not_continue_a_file(serve, part, monkeypatch):
    one, other = serve(BODY), serve(b"short")
    monkeypatch.setattr(transfer, "ATTEMPTS", 1)
    one.cut_after = [100_000]
    with pytest.raises(SegbenchError):
        download(Download(url=one.url), part)
    download(Download(url=other.url), part)
    assert part.read_bytes() == b"short"
    assert other.requests == [None]


def test_part_longer_than_the_file_starts_over(serve, part):
    server = serve(BODY)
    part.write_bytes(BODY + b"more")
    note = {"url": server.url, "version": server.tag, "total": 10**9}
    part.with_name(part.name + ".json").write_text(json.dumps(note))
    download(Download(url=server.url, sha256=SHA), part)
    assert part.read_bytes() == BODY


def test_damaged_note_starts_over(serve, part):
    server = serve(BODY)
    part.write_bytes(BODY[:10])
    part.with_name(part.name + ".json").write_text("{")
    download(Download(url=server.url, sha256=SHA), part)
    assert server.requests == [None]


def test_wrong_digest(serve, part):
    server = serve(BODY)
    with pytest.raises(SegbenchError) as error:
        download(Download(url=server.url, sha256="0" * 64), part)
    assert error.value.what == f"{server.url}: the file has the SHA-256 {SHA}"
    assert error.value.expected == "0" * 64
    assert list(part.parent.iterdir()) == []  # the next attempt is a new one


def test_wrong_size(serve, part):
    server = serve(BODY)
    with pytest.raises(SegbenchError, match="has 300000 bytes") as error:
        download(Download(url=server.url, bytes=300_001), part)
    assert error.value.expected == "300001 bytes"


def test_file_that_is_too_long_is_not_fetched(serve, part):
    with pytest.raises(SegbenchError, match="the file has 300000 bytes"):
        download(Download(url=serve(BODY).url, bytes=1000), part)
    assert not part.exists()


def test_file_without_end_is_stopped(serve, part):
    server = serve(BODY * 20)
    server.length = False
    with pytest.raises(SegbenchError, match=r"the file has \d+ bytes") as error:
        download(Download(url=server.url, bytes=1000), part)
    assert int(error.value.what.split()[-2]) < 3 * transfer.CHUNK
    assert not part.exists()


def test_file_of_unsaid_length(serve, part):
    server = serve(BODY)
    server.length = False
    assert download(Download(url=server.url, sha256=SHA), part) == SHA


@pytest.mark.parametrize("status", [401, 403])
def test_login(serve, part, status):
    server = serve(BODY)
    server.status = status
    with pytest.raises(SegbenchError) as error:
        download(Download(url=server.url, login="https://example.org/rules"), part)
    assert f"HTTP {status}" in error.value.what
    assert "login" in error.value.expected
    assert "https://example.org/rules" in error.value.action
    assert "source: folder" in error.value.action


def test_login_page_instead_of_the_file(serve, part):
    server = serve(b"<html>Sign in</html>")
    server.content_type = "text/html; charset=utf-8"
    with pytest.raises(SegbenchError, match="a web page, not the file"):
        download(Download(url=server.url), part)
    assert not part.exists()


@pytest.mark.parametrize("status", [404, 500, 503])
def test_other_refusals(serve, part, status):
    server = serve(BODY)
    server.status = status
    with pytest.raises(SegbenchError, match=f"HTTP {status}") as error:
        download(Download(url=server.url), part)
    assert "login" not in error.value.expected


def test_offline(part):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(SegbenchError, match="cannot be reached") as error:
        download(Download(url=f"http://127.0.0.1:{port}/a.zip"), part)
    assert "source: generated" in error.value.action


@pytest.mark.parametrize("url", ["ftp://example.org/a.zip", "a.zip", "http://", ""])
def test_bad_addresses(part, url):
    with pytest.raises(SegbenchError, match=r"cannot be fetched|is not an address"):
        download(Download(url=url), part)


def test_empty_file(serve, part):
    assert download(Download(url=serve(b"").url), part) == hashlib.sha256(b"").hexdigest()
