"""The project is built from whatever mirror a machine has: no file may name one."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# In pieces, so that this file is clean itself.
HOSTS = re.compile(
    "|".join(
        re.escape(".".join(pieces))
        for pieces in (
            ("pypi", "org"),
            ("pythonhosted", "org"),
            ("npmjs", "org"),
            ("npmmirror", "com"),
            ("yarnpkg", "com"),
            ("registry", "npm"),
            ("mirrors", "aliyun"),
            ("tuna", "tsinghua"),
            ("mirrors", "ustc"),
            ("deb", "debian", "org"),
            ("docker", "io"),
            ("ghcr", "io"),
            ("quay", "io"),
            ("jsr", "io"),
            ("conda", "io"),
        )
    ).encode()
)


def _project_files() -> list[Path]:
    """What is tracked, or would be: also new files, but nothing that .gitignore keeps out."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    return [path for name in listed.decode().split("\0") if name and (path := ROOT / name).is_file()]


def test_no_file_names_a_package_registry() -> None:
    named = {
        f"{path.relative_to(ROOT)}: {match.group().decode()}"
        for path in _project_files()
        for match in HOSTS.finditer(path.read_bytes())
    }
    assert not named


def test_the_locks_say_which_packages_and_not_where_from() -> None:
    for lock in (ROOT / "requirements").glob("*.lock"):
        text = lock.read_text()
        assert "://" not in text, lock.name
        assert not re.search(r"^\s*--(?!hash=)", text, re.MULTILINE), lock.name
    assert '"resolved"' not in (ROOT / "frontend" / "package-lock.json").read_text()


def test_tests_run_on_the_versions_that_serve() -> None:
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^[\w.\-]+==[^\s;\\]+", (ROOT / "requirements" / name).read_text(), re.MULTILINE))

    assert pins("run.lock") <= pins("test.lock")
