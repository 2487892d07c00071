"""guild download against a server that cuts, stalls, lies and moves."""

import hashlib
import http.server
import signal
import subprocess
import threading
import time

import pytest

DATA = bytes(range(256)) * 400
DIGEST = hashlib.sha256(DATA).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    """/KIND/NAME: what goes wrong is in KIND. The server object counts requests and keeps the headers of each."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        kind = self.path.split("/")[1]
        self.server.asked.append((self.path, dict(self.headers)))
        getattr(self, "get_" + kind.replace("-", "_"), self.get_plain)()

    def whole(self, data=DATA, cut=None, status=200, **headers):
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data[:cut])
        if cut is not None:
            self.close_connection = True

    def rest(self, tag, data=DATA, etag=True):
        """Answers a range where the If-Range fits."""
        wanted = self.headers.get("Range")
        headers = {"ETag": tag} if etag else {"Last-Modified": tag}
        if not wanted or self.headers.get("If-Range") != tag:
            return False
        start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        if start >= len(data):
            self.whole(b"", status=416)
            return True
        self.whole(data[start:], status=206, Content_Range=f"bytes {start}-{len(data) - 1}/{len(data)}", **headers)
        return True

    def get_plain(self):
        self.whole()

    def get_cut(self):
        """Ends after 40,000 bytes; goes on from there when asked."""
        if not self.rest('"v1"'):
            self.whole(cut=40_000, ETag='"v1"')

    def get_dated(self):
        date = "Mon, 02 Nov 2026 10:00:00 GMT"
        if not self.rest(date, etag=False):
            self.whole(cut=40_000, Last_Modified=date)

    def get_nameless(self):
        """Cut, and nothing tells one version from another: whole on the second time."""
        first = sum(path == self.path for path, _ in self.server.asked) == 1
        self.whole(cut=40_000 if first else None)

    def get_no_ranges(self):
        first = sum(path == self.path for path, _ in self.server.asked) == 1
        self.whole(cut=40_000 if first else None, ETag='"v1"')

    def get_changed(self):
        """Cut; then the file is another one, and the server says so."""
        first = sum(path == self.path for path, _ in self.server.asked) == 1
        if first:
            self.whole(cut=40_000, ETag='"v1"')
        elif not self.rest('"v2"'):
            self.whole(DATA[::-1], ETag='"v2"')

    def get_liar(self):
        """Cut; then another version, yet the server honours the range as if it were the same."""
        count = sum(path == self.path for path, _ in self.server.asked)
        other = DATA[::-1]
        if count == 1:
            self.whole(cut=40_000, ETag='"v1"')
        elif self.headers.get("Range"):
            self.whole(other[40_000:], status=206, ETag='"v2"',
                       Content_Range=f"bytes 40000-{len(other) - 1}/{len(other)}")
        else:
            self.whole(other, ETag='"v2"')

    def get_longer(self):
        """The part is longer than the file now is."""
        if sum(path == self.path for path, _ in self.server.asked) == 1:
            self.whole(cut=40_000, ETag='"v1"')
        elif not self.rest('"v1"', DATA[:30_000]):
            self.whole(DATA[:30_000], ETag='"v1"')

    def get_missing(self):
        self.whole(b"<html>no</html>", status=404)

    def get_broken(self):
        self.whole(b"oops", status=503)

    def get_denied(self):
        self.whole(b"", status=403)

    def get_empty(self):
        self.whole(b"")

    def get_moved(self):
        self.whole(b"moved", status=302, Location="/plain/x.bin")

    def get_circle(self):
        self.whole(b"", status=302, Location=self.path)

    def get_to_file(self):
        self.whole(b"", status=302, Location="file:///etc/passwd")

    def get_slow(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(DATA)))
        self.send_header("ETag", '"v1"')
        self.end_headers()
        self.wfile.write(DATA[:40_000])
        self.wfile.flush()
        self.server.release.wait(30)

    def get_waits(self):
        """Sends the file when the test says so."""
        self.server.release.wait(30)
        self.whole()


@pytest.fixture
def server():
    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request, client_address):
            pass

    try:
        httpd = Server(("127.0.0.1", 0), Handler)
    except OSError:
        pytest.skip("there is no loopback interface here")
    httpd.asked = []
    httpd.release = threading.Event()
    httpd.url = f"http://127.0.0.1:{httpd.server_address[1]}"
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield httpd
    httpd.release.set()
    httpd.shutdown()
    httpd.server_close()


def cached(guild):
    """Name -> bytes of every file in the cache."""
    return {p.name: p.read_bytes() for p in (guild.home / "cache" / "resources").rglob("*") if p.is_file()}


@pytest.mark.parametrize("kind", ["cut", "dated"])
def test_goes_on_where_it_was_cut(guild, server, kind):
    url = f"{server.url}/{kind}/x.bin"
    done = guild("download", url, code=1)
    assert "40000 of 102400 bytes" in done.stderr and "hint:" in done.stderr
    assert done.stderr.count("\n") == 2
    assert cached(guild)["x.bin.part"] == DATA[:40_000]
    digest = guild("download", url).stdout.split()[0]
    assert digest == DIGEST
    assert cached(guild) == {"x.bin": DATA}
    assert server.asked[1][1]["Range"] == "bytes=40000-"
    guild("download", url)
    assert len(server.asked) == 2  # what is there is not asked for again


@pytest.mark.parametrize("kind,result", [
    ("nameless", DATA), ("no-ranges", DATA), ("changed", DATA[::-1]), ("liar", DATA[::-1]), ("longer", DATA[:30_000]),
], ids=lambda value: value if isinstance(value, str) else "")
def test_starts_over_where_parts_do_not_fit(guild, server, kind, result):
    url = f"{server.url}/{kind}/x.bin"
    guild("download", url, code=1)
    guild("download", url)
    assert cached(guild) == {"x.bin": result}


@pytest.mark.parametrize("kind,text", [
    ("missing", "the server answered 404 Not Found"),
    ("broken", "the server answered 503 Service Unavailable"),
    ("denied", "the server answered 403 Forbidden"),
    ("circle", "more than 20 redirects: they lead in a circle"),
    ("to-file", "file"),
])
def test_refusals(guild, server, kind, text):
    done = guild("download", f"{server.url}/{kind}/x.bin", code=1)
    first = done.stderr.splitlines()[0]
    assert first.startswith(f"guild: error downloading {server.url}/{kind}/x.bin: ") and text in first
    assert cached(guild) == {}


def test_empty_file_and_redirect(guild, server):
    guild("download", f"{server.url}/empty/x.bin")
    assert cached(guild) == {"x.bin": b""}
    assert guild("download", f"{server.url}/moved/x.bin").stdout.split()[0] == DIGEST


def test_wrong_digest_leaves_nothing(guild, server):
    wrong = "0" * 64
    done = guild("download", f"{server.url}/plain/x.bin", "--sha256", wrong, code=1)
    assert f"expected {wrong} but got {DIGEST}" in done.stderr
    assert cached(guild) == {}
    guild("download", f"{server.url}/plain/x.bin", "--sha256", DIGEST.upper())
    assert cached(guild) == {"x.bin": DATA}


def test_damaged_cache_is_fetched_again(guild, server):
    url = f"{server.url}/plain/x.bin"
    where = guild("download", url).stdout.split()[1]
    with open(where, "r+b") as file:
        file.write(b"damage")
    guild("download", url, "--sha256", DIGEST)
    assert cached(guild) == {"x.bin": DATA} and len(server.asked) == 2


@pytest.mark.slow
def test_stalled_server_is_given_up(guild, server):
    url = f"{server.url}/slow/x.bin"
    done = guild("download", url, code=1, env={"GUILD_DOWNLOAD_TIMEOUT": 1}, timeout=20)
    assert "the server sent nothing more within 1 second" in done.stderr
    assert cached(guild)["x.bin.part"] == DATA[:40_000]


def test_no_server(guild):
    done = guild("download", "http://127.0.0.1:1/x.bin", code=1)
    assert "connect" in done.stderr.lower() and cached(guild) == {}


def test_proxy_of_the_environment(guild, server):
    guild("download", "http://nowhere.invalid/plain/x.bin", env={"http_proxy": server.url, "no_proxy": ""}, code=None)
    assert server.asked[0][0] == "http://nowhere.invalid/plain/x.bin"


def test_password_is_not_shown(guild):
    done = guild("download", "http://me:secret@127.0.0.1:1/x.bin", code=1)
    assert "secret" not in done.stderr and "me:****@" in done.stderr


def test_two_at_once_ask_once(guild, server):
    command = [guild.program, "download", f"{server.url}/waits/x.bin"]
    both = [subprocess.Popen(command, env=guild.env(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for _ in range(2)]
    deadline = time.monotonic() + 20
    while not server.asked and time.monotonic() < deadline:
        time.sleep(0.01)
    server.release.set()
    for process in both:
        assert process.communicate(timeout=30)[0].split()[0] == DIGEST
    assert len(server.asked) == 1 and cached(guild) == {"x.bin": DATA}


def test_killed_download_goes_on(guild, server):
    url = f"{server.url}/slow/x.bin"
    process = subprocess.Popen([guild.program, "download", url], env=guild.env(), stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while not cached(guild).get("x.bin.part.version") and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait(20)
    server.release.set()
    # The same URL again: what is there of the part is used, however much the killed process had written.
    Handler.get_slow, kept = Handler.get_cut, Handler.get_slow
    try:
        guild("download", url, code=None)
        guild("download", url)
    finally:
        Handler.get_slow = kept
    assert cached(guild)["x.bin"] == DATA
