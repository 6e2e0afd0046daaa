"""Who is let in, and what pages may load."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from framescout.catalog import Catalog
from query.web import create_app
from query.web.people import Person

TOKEN = "a-token-of-this-test"


@pytest.fixture
def open_to_all(served: Catalog, tmp_path: Path) -> TestClient:
    """As `serve --host 0.0.0.0`."""
    app = create_app(served, exports=tmp_path, host="0.0.0.0", people=[Person("everyone", TOKEN)])
    return TestClient(app, base_url="http://192.168.1.7:8000", follow_redirects=False)


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "", "[", "192.168.1.7"]
)
def test_a_name_that_is_not_of_this_machine_gets_nothing(client: TestClient, host: str) -> None:
    answer = client.get("/api/state", headers={"host": host})
    assert answer.status_code == 421
    assert "keyframes" not in answer.text


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1:8000", "[::1]:8000", "127.0.0.2"])
def test_loopback_names_are_let_in(client: TestClient, host: str) -> None:
    assert client.get("/api/state", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_other_sites_can_change_nothing(client: TestClient, headers: dict[str, str]) -> None:
    assert client.post("/api/pictures", content=b"x", headers=headers).status_code == 403
    own = {"origin": "http://127.0.0.1:8000", "sec-fetch-site": "same-origin"}
    assert client.post("/api/pictures", content=b"x", headers=own).status_code == 409


@pytest.mark.parametrize(
    "path",
    ["/", "/api/state", "/static/app.css", "/openapi.json", "/api/videos/1/file", "/nothing"],
)
def test_without_the_token_nothing_is_answered(open_to_all: TestClient, path: str) -> None:
    assert open_to_all.get(path).status_code == 401
    assert open_to_all.get(path, headers={"authorization": "Bearer wrong"}).status_code == 401
    assert open_to_all.get(path, headers={"cookie": "framescout-token-8000=wrong"}).status_code == 401
    assert open_to_all.get(f"{path}?token=wrong").status_code == 401
    assert open_to_all.get(path, headers={"authorization": f"Bearer {TOKEN}"}).status_code != 401


def test_the_address_that_was_printed_leaves_a_strict_cookie_and_goes_on_without_the_token(
    open_to_all: TestClient,
) -> None:
    answer = open_to_all.get(f"/?token={TOKEN}&text=a+dog")
    assert (answer.status_code, answer.headers["location"]) == (303, "/?text=a+dog")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert open_to_all.get("/api/state").status_code == 200
    assert not open_to_all.get(f"/%2fevil.example/?token={TOKEN}").headers["location"].startswith("//")


def test_apps_on_two_ports_of_a_host_leave_each_other_their_cookies(served: Catalog, tmp_path: Path) -> None:
    """A browser sends what one port set to the other as well."""
    tokens = {8000: "the-token-of-port-8000", 8001: "the-token-of-port-8001", None: "the-token-behind-a-proxy"}
    kept: dict[str, str] = {}
    apps = {}
    for port, token in tokens.items():
        app = create_app(served, exports=tmp_path, host="0.0.0.0", people=[Person("everyone", token)])
        host = f"http://192.168.1.7:{port}" if port else "https://192.168.1.7"
        apps[port] = TestClient(app, base_url=host, follow_redirects=False)
        name, _, rest = apps[port].get(f"/?token={token}").headers["set-cookie"].partition("=")
        kept[name] = rest.partition(";")[0]
    assert len(kept) == 3
    for client in apps.values():
        client.cookies.clear()
        sent = "; ".join(f"{name}={token}" for name, token in kept.items())
        assert client.get("/api/state", headers={"cookie": sent}).status_code == 200


def test_every_answer_says_what_may_be_loaded(client: TestClient) -> None:
    for path in ("/", "/api/state", "/nothing", "/static/app.js"):
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in headers


def test_a_change_needs_the_token_too(open_to_all: TestClient) -> None:
    for path in ("/api/pictures", "/api/exports", "/api/exports/0000000000000000/stop"):
        assert open_to_all.post(path, content=b"x").status_code == 401
        headers = {"authorization": f"Bearer {TOKEN}", "origin": "http://evil.example"}
        assert open_to_all.post(path, content=b"x", headers=headers).status_code == 403


def test_paths_lead_out_of_nothing(client: TestClient, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    for path in (
        "/static/../guard.py",
        "/static/%2e%2e/guard.py",
        "/static/..%5cguard.py",
        f"/static/{secret}",
        "//etc/passwd",
    ):
        answer = client.get(path)
        assert answer.status_code in (404, 405)
        assert "secret" not in answer.text
        assert "Promised" not in answer.text


def test_what_browsers_would_complain_of_on_plain_http_is_sent_where_it_counts(
    client: TestClient, open_to_all: TestClient
) -> None:
    key = {"authorization": f"Bearer {TOKEN}"}
    secure = TestClient(open_to_all.app, base_url="https://192.168.1.7")
    assert "cross-origin-opener-policy" in client.get("/").headers
    assert "cross-origin-opener-policy" not in open_to_all.get("/", headers=key).headers
    assert "cross-origin-opener-policy" in secure.get("/", headers=key).headers
