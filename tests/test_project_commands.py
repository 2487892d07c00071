"""Projects and set-up: operations, models, help, init, check, download."""

import hashlib
import http.server
import json
import os
import re
import subprocess
import threading

import pytest

from rundirs import make_run

GUILD_YML = """
- model: mlp
  description: |
    A small network.

    It learns digits.
  operations:
    train:
      description: Train the model
      exec: echo
      flags:
        lr: {description: Learning rate, default: 0.1}
        act: {default: relu, choices: [relu, {value: tanh, description: The old one}]}
        seed: {required: yes}
    fail:
      exec: "false"
    _secret: echo
- model: _hidden
  operations:
    x: echo
- model: cnn
  operations:
    train: {exec: echo, description: Train it}
"""


@pytest.fixture
def project_file(guild):
    guild.write("guild.yml", GUILD_YML)
    return guild


# ---- operations, models, help -----------------------------------------------------------------------


def test_operations(project_file):
    assert project_file("operations").stdout == (
        "cnn:train  Train it\nmlp:fail   \nmlp:train  Train the model\n")
    assert project_file("ops", "-a").stdout.split() == [
        "_hidden:x", "cnn:train", "Train", "it", "mlp:_secret", "mlp:fail", "mlp:train", "Train", "the", "model"]
    assert project_file("ops", "TRAIN", "the").stdout == "mlp:train  Train the model\n"
    assert project_file("ops", "nothing").stdout == ""
    assert project_file("ops", "-i").stdout == ""


def test_operations_verbose(project_file):
    assert project_file("ops", "-v", "mlp:train").stdout == (
        "mlp:train  Train the model\n  main: echo\n  flags:\n    act: (default is relu)\n"
        "    lr: Learning rate (default is 0.1)\n    seed: (required)\n")


def test_operations_json(project_file):
    ops = json.loads(project_file("ops", "--json").stdout)
    assert [op["fullname"] for op in ops] == ["cnn:train", "mlp:fail", "mlp:train"]
    flags = ops[2]["flags"]
    assert flags["lr"] == {"default": 0.1, "description": "Learning rate", "type": None, "required": False, "choices": []}
    assert flags["act"]["choices"][1] == {"value": "tanh", "alias": None, "description": "The old one"}


def test_models(project_file):
    assert project_file("models").stdout == "cnn  \nmlp  A small network.\n"
    assert project_file("models", "-v", "mlp").stdout == (
        f"mlp  A small network.\n  source: {project_file.cwd}/guild.yml\n"
        "  operations: _secret, fail, train\n  It learns digits.\n")
    models = json.loads(project_file("models", "--json", "-a").stdout)
    assert [m["name"] for m in models] == ["_hidden", "cnn", "mlp"]


def test_without_project(guild):
    for command in ["operations", "models"]:
        done = guild(command)
        assert done.stdout == "" and done.stderr == ""
        assert json.loads(guild(command, "--json").stdout) == []
    assert "does not contain a Guild file" in guild("help", code=1).stderr


def test_bad_project(guild):
    guild.write("guild.yml", "- model: m\n  operations: [\n")
    for command in ["operations", "models", "help"]:
        done = guild(command, code=1)
        assert re.match(r"guild: .*guild\.yml:\d+:\d+: ", done.stderr)


def test_help(project_file):
    text = project_file("help").stdout
    assert "mlp:train" in text and "Learning rate (default is 0.1)" in text and "tanh  The old one" in text
    assert "_secret" not in text
    assert max(map(len, text.splitlines())) <= 80
    page = project_file("help", "--markdown", "--title", "My page", "--base-heading-level", "2").stdout
    assert page.startswith("## My page\n") and "- `lr`: Learning rate" in page
    assert project_file("help", project_file.cwd, cwd="/").stdout == text
    assert project_file("help", project_file.cwd / "guild.yml", cwd="/").stdout == text


# ---- init --------------------------------------------------------------------------------------------


def tree(path):
    return sorted(str(p.relative_to(path)) for p in path.rglob("*"))


def test_init(guild, tmp_path):
    user = tmp_path / "user"
    user.mkdir()
    env = {"HOME": str(user)}
    done = guild("init", env=env)
    assert done.stdout == f"Initializing Guild environment in {guild.cwd}\n"
    home = guild.cwd / ".guild"
    assert tree(home) == [".guild-nocopy", "cache", "cache/resources", "cache/runs", "runs", "trash"]
    assert os.readlink(home / "cache" / "resources") == str(user / ".guild" / "cache" / "resources")
    assert "exists, skipping" in guild("init", env=env).stdout
    shown = guild("check", "--json", env={"HOME": str(user), "GUILD_HOME": ""}).stdout
    assert json.loads(shown)["guild_home"] == str(home)


def test_init_isolated(guild):
    guild("init", "-l", "sub")
    assert not (guild.cwd / "sub" / ".guild" / "cache" / "resources").is_symlink()


def test_init_links(guild, tmp_path):
    guild("init", "-h", tmp_path / "shared", "one")
    assert os.readlink(guild.cwd / "one" / ".guild") == str(tmp_path / "shared")
    guild("init", "-h", tmp_path / "shared", "one")
    guild("init", "--no-isolate", "two")
    assert os.readlink(guild.cwd / "two" / ".guild") == str(guild.home)
    assert "exists already" in guild("init", "-h", tmp_path / "another", "one", code=1).stderr


def test_init_venv_asks(guild):
    done = guild("init", "--venv", stdin="n\n")
    assert "(Y/n)" in done.stderr and not (guild.cwd / "venv").exists()
    guild("init", "--venv", stdin="", code=1)
    assert "cannot find Python" in guild("init", "-p", "9.9", "-y", code=1).stderr


@pytest.mark.slow
def test_init_venv(guild, tmp_path):
    guild.write("lib/mine.py", "x = 42\n")
    guild("init", "--venv", "-n", "mine", "-P", "lib", "--no-reqs", "-y", env={"GUILD_PYTHON_EXE": "/usr/bin/python3"})
    python = guild.cwd / "venv" / "bin" / "python"
    done = subprocess.run([python, "-c", "import mine; print(mine.x)"], capture_output=True, text=True, check=True)
    assert done.stdout == "42\n"
    shown = guild("check", "--json", env={"VIRTUAL_ENV": str(guild.cwd / "venv"), "GUILD_HOME": ""}).stdout
    assert json.loads(shown)["guild_home"] == str(guild.cwd / "venv" / ".guild")
    assert json.loads(shown)["python_exe"] == str(python)


# ---- check ---------------------------------------------------------------------------------------------


def test_check(guild):
    lines = guild("check").stdout.splitlines()
    names = [line.split(":")[0] for line in lines]
    assert names == ["guild_version", "guild_install_location", "guild_home", "guild_home_from", "guild_resource_cache",
                     "user_config", "python_version", "python_exe", "platform", "psutil_version", "tensorboard_version",
                     "cuda_version", "nvidia_smi_version", "latest_guild_version"]
    assert all(line[27] != " " and line[26] == " " for line in lines)
    assert f"guild_home:                {guild.home}" in lines
    assert "latest_guild_version:      unchecked (offline)" in lines


def test_check_options(guild):
    assert len(guild("check", "--env").stdout.splitlines()) == 8
    assert guild("check", "-n").stdout == ""
    assert "pytorch_version:" in guild("check", "--pytorch").stdout
    assert guild("check", "-n", "--version", ">=1.0,<100").stdout == ""
    done = guild("check", "--version", ">=100", code=1)
    assert "version mismatch" in done.stderr and done.stdout == ""
    assert "invalid version requirement" in guild("check", "--version", "abc", code=1).stderr


def test_check_space(guild):
    make_run(guild.home, 1, files={"big": "x" * 500_000})
    text = guild("check", "-n", "--space").stdout
    lines = text.splitlines()
    assert lines[0] == "disk_space:"
    assert [line.split()[0] for line in lines[1:]] == ["guild_home:", "runs:", "deleted_runs:", "remote_state:", "cache:"]
    space = json.loads(guild("check", "-n", "--space", "--json").stdout)["disk_space"]
    assert space["guild_home"] >= space["runs"] > 500_000
    assert space["cache"] == 0


def test_check_finds_problems(guild, tmp_path):
    user = tmp_path / "user"
    user.write_text("not a directory")
    done = guild("check", "-n", env={"GUILD_HOME": "", "HOME": str(user)}, code=1)
    assert "problems with your setup" in done.stderr


def test_check_opens_no_socket(guild):
    done = subprocess.run(["strace", "-f", "-e", "trace=socket", "-o", guild.cwd / "trace", guild.program, "check"],
                          env=guild.traced_env(), cwd=guild.cwd, capture_output=True, check=True)
    assert done.returncode == 0
    assert "socket(" not in (guild.cwd / "trace").read_text()


# ---- download -----------------------------------------------------------------------------------------


def test_download_file(guild):
    path = guild.write("some file.txt", "data\n")
    url = "file://" + str(path).replace(" ", "%20")
    done = guild("download", url)
    digest, where = done.stdout.rstrip("\n").split("  ", 1)
    assert digest == hashlib.sha256(b"data\n").hexdigest()
    key = hashlib.sha224(f"file\n\n{url[7:]}\n\n\n".encode()).hexdigest()
    assert where == str(guild.home / "cache" / "resources" / key / "some file.txt")
    path.write_text("changed")
    again = guild("download", url)
    assert again.stdout == done.stdout and "Using cached file" in again.stderr
    assert json.loads(guild("download", url, "--json").stdout) == {"path": where, "sha256": digest}


@pytest.mark.parametrize("url,text", [
    ("file:///no/such/file", "No such file"),
    ("gopher://x/y", "unknown URL type 'gopher'"),
    ("nothing", "is not a URL"),
    ("http://127.0.0.1/", "names no file"),
])
def test_download_errors(guild, url, text):
    done = guild("download", url, code=1)
    assert f"error downloading {url}: " in done.stderr and text in done.stderr
    assert done.stdout == ""


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/old.bin":
            self.send_response(302)
            self.send_header("Location", "/data.bin")
            self.end_headers()
        elif self.path.startswith("/data.bin"):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"d" * 100_000)
        else:
            self.send_error(404)

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    try:
        httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        import socket
        socket.create_connection(httpd.server_address, timeout=5).close()
    except OSError:
        pytest.skip("there is no loopback interface here")
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{httpd.server_address[1]}"
    httpd.shutdown()


def test_download_http(guild, server):
    for name in ["data.bin", "old.bin", "data.bin?x=1"]:
        digest, where = guild("download", f"{server}/{name}").stdout.split()
        assert digest == hashlib.sha256(b"d" * 100_000).hexdigest()
    done = guild("download", f"{server}/none.bin", code=1)
    assert "404" in done.stderr
    left = [p for p in (guild.home / "cache" / "resources").rglob("*") if p.is_file()]
    assert len(left) == 3
