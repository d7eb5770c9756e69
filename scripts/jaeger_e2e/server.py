"""A Jaeger that is up: named, in a container, or built as a Go module and started on loopback."""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
IMAGE = "jaegertracing/all-in-one:1.76.0"
MODULE = "github.com/jaegertracing/jaeger"


class Missing(Exception):
    """Something that this needs; the operator can get it."""


def jaeger():
    named = os.environ.get("JAEGER_URL")
    if named:
        host = urllib.parse.urlsplit(named).hostname
        server = Server(named, os.environ.get("JAEGER_OTLP", f"http://{host}:4317"))
        how = f"JAEGER_URL names {named}, with OTLP at {server.otlp}"
    elif shutil.which("docker") and quietly(["docker", "info"]).returncode == 0:
        server, how = contained(), IMAGE
    else:
        binary = built()
        server, how = started(binary), f"{binary}"
    if not wait_for(server.is_up, bool):
        server.stop()
        raise Missing(f"no Jaeger answers at {server.url} and {server.otlp} ({how})")
    say(f"{how} is up at {server.url}")
    return server


class Server:
    """A Jaeger that is up; `stop` ends what was started for it."""

    def __init__(self, url, otlp, stop=lambda: None):
        self.url, self.otlp, self.stop = url.rstrip("/"), otlp, stop

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def api(self, path):
        with urllib.request.urlopen(f"{self.url}/api/{path}", timeout=10) as answer:
            return json.load(answer)

    def is_up(self):
        try:
            self.api("services")
        except (OSError, ValueError):
            return False
        # The query API may be up before the receiver is.
        host = urllib.parse.urlsplit(self.otlp)
        try:
            socket.create_connection((host.hostname, host.port), timeout=2).close()
        except OSError:
            return False
        return True


def contained():
    page, otlp = free_ports(2)
    publish = ["--publish", f"127.0.0.1:{page}:16686", "--publish", f"127.0.0.1:{otlp}:4317"]
    started = quietly(["docker", "run", "--detach", "--rm", *publish, IMAGE])
    if started.returncode != 0:
        raise Missing(f"docker cannot run {IMAGE}: {started.stderr.strip()}")
    container = started.stdout.strip()
    return Server(
        f"http://127.0.0.1:{page}", f"http://127.0.0.1:{otlp}", lambda: quietly(["docker", "stop", container])
    )


def started(binary):
    flags = [
        "query.http-server",
        "collector.otlp.grpc",
        "collector.otlp.http",
        "query.grpc-server",
        "collector.grpc-server",
        "collector.http-server",
        "admin.http",
    ]
    ports = free_ports(len(flags))
    command = [str(binary), "--log-level=error"]
    command += [f"--{flag}.host-port=127.0.0.1:{port}" for flag, port in zip(flags, ports)]
    log = open(binary.parent / "jaeger.log", "w")
    process = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | {"SPAN_STORAGE_TYPE": "memory"})

    def stop():
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()

    return Server(f"http://127.0.0.1:{ports[0]}", f"http://127.0.0.1:{ports[1]}", stop)


def built():
    """The program, made once. A new version in scripts/jaeger-build/go.mod makes it anew."""
    recipe = ROOT / "scripts" / "jaeger-build" / "go.mod"
    folder = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "jaeger"
    binary = folder / "jaeger"
    made_of = folder / "made-of"
    if binary.exists() and made_of.exists() and made_of.read_text() == recipe.read_text():
        return binary
    if not shutil.which("go"):
        raise Missing("there is no Jaeger: set JAEGER_URL, or start Docker, or install go (1.24.6 or later)")
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(recipe, folder / "go.mod")
    say(f"building Jaeger as a Go module in {folder}: some minutes, this once")
    version = next(line.split()[2] for line in recipe.read_text().splitlines() if line.startswith("require "))
    module = json.loads(go(folder, "mod", "download", "-json", f"{MODULE}@{version}"))
    # One of its checksums is missing from the public database.
    shutil.copy(Path(module["Dir"]) / "go.sum", folder / "go.sum")
    (folder / "go.sum").chmod(0o644)
    go(folder, "build", "-mod=mod", "-o", str(binary), f"{MODULE}/cmd/all-in-one")
    made_of.write_text(recipe.read_text())
    return binary


def go(folder, *arguments):
    done = quietly(["go", *arguments], cwd=folder)
    if done.returncode != 0:
        raise Missing(f"`go {' '.join(arguments)}` failed in {folder}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def wait_for(get, is_good, seconds=30):
    """What `get` gives once it is good, or its last word."""
    deadline = time.monotonic() + seconds
    while True:
        value = get()
        if is_good(value) or time.monotonic() > deadline:
            return value
        time.sleep(0.2)


def quietly(command, **options):
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def say(text):
    print(f"jaeger-e2e: {text}", flush=True)
