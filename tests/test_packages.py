"""Attribute pip_freeze against what pip itself prints for the same environment."""

import json
import os
import subprocess

import pytest

from conftest import ORACLE

pytestmark = pytest.mark.differential


def sh(*args, cwd=None, env=None):
    return subprocess.run(list(map(str, args)), cwd=cwd, env=env, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="session")
def bare_environment(tmp_path_factory):
    python = ORACLE.parent / "python"
    if not python.exists():
        pytest.skip("Guild AI 0.9.0 is not installed in .venv/oracle")
    folder = tmp_path_factory.mktemp("environment") / "venv"
    sh(python, "-m", "venv", "--without-pip", folder)
    return folder


@pytest.fixture
def environment(bare_environment, tmp_path):
    """An empty virtual environment of one's own, and its folder of packages."""
    folder = tmp_path / "venv"
    sh("cp", "-a", bare_environment, folder)
    return folder


def site(environment):
    return next(environment.glob("lib/python*/site-packages"))


def add(folder, name, version, dir_name=None, direct_url=None, kind="dist-info"):
    info = folder / f"{dir_name or name}-{version}.{kind}"
    info.mkdir(parents=True)
    head = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nSummary: x\n\nName: not-this\n"
    (info / ("METADATA" if kind == "dist-info" else "PKG-INFO")).write_text(head)
    if direct_url is not None:
        (info / "direct_url.json").write_text(direct_url if isinstance(direct_url, str) else json.dumps(direct_url))
    return info


def repository(folder, remote=None, packed=False):
    git = lambda *args: sh("git", "-c", "user.name=n", "-c", "user.email=e@e", *args, cwd=folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "setup.py").write_text("")
    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "one")
    if remote:
        git("remote", "add", "other", "https://example.com/other.git")
        git("remote", "add", "origin", remote)
    if packed:
        git("pack-refs", "--all")
    return folder


def ours(guild, environment, **env):
    guild.write("guild.yml", "p: {exec: '${python_exe} -c pass'}\n")
    guild("run", "p", "-y", env={"GUILD_PYTHON_EXE": environment / "bin/python", **env})
    newest = max(guild.runs(), key=lambda r: int(guild.attr(r, "initialized")))
    text = guild.attr(newest, "pip_freeze")
    return [] if text == "[]\n" else [line for line in sh(ORACLE.parent / "python", "-c",
        "import sys, yaml; print('\\n'.join(yaml.safe_load(open(sys.argv[1]))))", newest / ".guild/attrs/pip_freeze").splitlines()]


def pips(environment, **env):
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "PYTHON", "GUILD_"))}
    return sh(ORACLE.parent / "python", "-m", "pip", "--python", environment / "bin/python", "freeze",
              env={**clean, "PIP_DISABLE_PIP_VERSION_CHECK": "1", **env}).splitlines()


def test_the_environment_of_the_oracle(guild):
    if not ORACLE.exists():
        pytest.skip("Guild AI 0.9.0 is not installed in .venv/oracle")
    folder = ORACLE.parent.parent
    expected = pips(folder)
    assert len(expected) > 50
    assert ours(guild, folder) == expected
    assert ours(guild, folder) == expected, "from the cache"


def test_names_and_versions(guild, environment):
    folder = site(environment)
    for name, version, dir_name in [
            ("plain", "1.0", None), ("Zebra", "1.0.0-beta", None), ("apple", "2023.07.22", None), ("ruamel.yaml", "0.17", "ruamel.yaml"),
            ("Two_Words", "1!2.0", "two_words"), ("odd", "not a version", "odd"), ("pip", "1", None), ("setuptools", "1", None),
            ("wheel", "1", None), ("local", "1.0+Cu.118", None)]:
        add(folder, name, version, dir_name)
    add(folder, "old-style", "3.0", "old_style", kind="egg-info")
    (folder / "file_style-1.0.egg-info").write_text("Metadata-Version: 1.0\nName: file-style\nVersion: 1.0\n")
    (folder / "broken-1.0.dist-info").mkdir()
    assert ours(guild, environment) == pips(environment)


def test_direct_urls(guild, environment, tmp_path):
    folder = site(environment)
    urls = {
        "archive": {"url": "file:///x/a%20b-1.whl", "archive_info": {"hash": "sha256=abc"}},
        "archive2": {"url": "https://h/a.tar.gz", "archive_info": {}, "subdirectory": "s/p"},
        "vcs": {"url": "https://h/r.git", "vcs_info": {"vcs": "git", "commit_id": "c0ffee", "requested_revision": "main"}},
        "vcs2": {"url": "https://h/r.git", "vcs_info": {"vcs": "git", "commit_id": "c0ffee"}, "subdirectory": "p"},
        "folder": {"url": "file:///x/y", "dir_info": {}},
        "garbage": "{not json",
        "incomplete": {"vcs_info": {}},
    }
    for name, url in urls.items():
        add(folder, name, "1.0", direct_url=url)
    assert ours(guild, environment) == pips(environment)


def test_editable_installs(guild, environment, tmp_path):
    folder = site(environment)
    projects = {
        "no-vcs": tmp_path / "no vcs",
        "no-remote": repository(tmp_path / "no-remote"),
        "ssh-remote": repository(tmp_path / "ssh", "git@example.com:me/repo.git"),
        "https-remote": repository(tmp_path / "https", "https://example.com/me/repo.git", packed=True),
        "below": repository(tmp_path / "whole", "https://example.com/me/whole.git") / "part",
    }
    for name, place in projects.items():
        place.mkdir(exist_ok=True)
        (place / "setup.py").write_text("")
        url = "file://" + str(place).replace(" ", "%20")
        add(folder, name, "0.1", name.replace("-", "_"), {"url": url, "dir_info": {"editable": True}})
    assert ours(guild, environment) == pips(environment)
    git = ["git", "-c", "user.name=n", "-c", "user.email=e@e"]
    sh(*git, "commit", "--allow-empty", "-qm", "two", cwd=projects["https-remote"])
    assert ours(guild, environment) == pips(environment), "a new commit, although the packages are cached"


def test_develop_installs_and_pth_files(guild, environment, tmp_path):
    folder = site(environment)
    project = repository(tmp_path / "legacy", "https://example.com/legacy.git")
    (project / "legacy.egg-info").mkdir()
    (project / "legacy.egg-info/PKG-INFO").write_text("Metadata-Version: 2.1\nName: legacy\nVersion: 0.5\n")
    (folder / "legacy.egg-link").write_text(f"{project}\n.")
    (folder / "easy-install.pth").write_text(f"{project}\n")
    more = tmp_path / "more"
    add(more, "from-pth", "1.0", "from_pth")
    (folder / "more.pth").write_text(f"# comment\nimport sys\n{more}\n/not/there\n")
    path = tmp_path / "path"
    add(path, "from-path", "2.0", "from_path")
    add(path, "legacy", "9.9")
    assert ours(guild, environment) == pips(environment)
    assert ours(guild, environment, PYTHONPATH=path) == pips(environment, PYTHONPATH=str(path))


def test_the_cache_sees_changes(guild, environment):
    folder = site(environment)
    assert ours(guild, environment) == []
    add(folder, "one", "1.0")
    assert ours(guild, environment) == ["one==1.0"] == pips(environment)
    sh("rm", "-r", folder / "one-1.0.dist-info")
    add(folder, "one", "1.1")
    assert ours(guild, environment) == ["one==1.1"] == pips(environment)


def test_system_packages_are_seen_where_the_environment_sees_them(guild, tmp_path):
    if not ORACLE.exists():
        pytest.skip("Guild AI 0.9.0 is not installed in .venv/oracle")
    folder = tmp_path / "venv"
    sh(ORACLE.parent / "python", "-m", "venv", "--without-pip", "--system-site-packages", folder)
    add(site(folder), "mine", "1.0")
    assert ours(guild, folder) == pips(folder)


def test_turned_off(guild, environment):
    guild.write("guild.yml", "p: {exec: '${python_exe} -c pass', pip-freeze: no}\nq: {exec: 'true'}\n")
    for op, env in (("p", {}), ("q", {})):
        guild("run", op, "-y", env={"GUILD_PYTHON_EXE": environment / "bin/python", **env})
    assert not any((r / ".guild/attrs/pip_freeze").exists() for r in guild.runs())
