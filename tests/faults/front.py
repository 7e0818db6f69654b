"""The proxy of `compose.yaml`, with its own configuration; only the names of the two containers become addresses."""

import contextlib
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests import servers

_SHIPPED = Path(__file__).parents[2] / "deploy" / "nginx.conf"
_AROUND = """
daemon off;
user root;  # its folder is for root alone
pid {folder}/nginx.pid;
error_log {folder}/error.log;
worker_processes 1;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/default.conf;
}}
"""


@contextlib.contextmanager
def nginx(folder: Path, workers: Sequence[int]) -> Iterator[int]:
    """Runs before the two workers on these ports; yields its own port."""
    folder.mkdir()
    port = servers.free_port()
    shipped = _SHIPPED.read_text(encoding="utf-8")
    names = {"app-1:8000": f"127.0.0.1:{workers[0]}", "app-2:8000": f"127.0.0.1:{workers[1]}"}
    for name, address in (names | {"listen 8080": f"listen 127.0.0.1:{port}"}).items():
        assert name in shipped
        shipped = shipped.replace(name, address)
    (folder / "default.conf").write_text(shipped, encoding="utf-8")
    (folder / "nginx.conf").write_text(_AROUND.format(folder=folder), encoding="utf-8")
    command = [shutil.which("nginx") or "/usr/sbin/nginx", "-p", str(folder), "-e", str(folder / "error.log")]
    process = subprocess.Popen([*command, "-c", str(folder / "nginx.conf")])
    try:
        servers.wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(10)
