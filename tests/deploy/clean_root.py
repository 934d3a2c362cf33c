"""A machine like this one, of which nothing stays: what a README tells root to do is done in it.

A file system that is written to in memory only lies over that of this machine (overlayfs), in namespaces of
processes, mounts and the network of their own, with systemd as the first process.
"""

import os
import pwd
import subprocess
import time
from pathlib import Path
from typing import Final, Self

from tests.deploy.readme import ROOT

# What the new machine finds in place of this one's. Only the checkout is common, at /src.
_SETUP: Final = r"""
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
cd "$1/root"
mkdir -p src && mount --bind -o ro "$2" src
mount -t proc proc proc
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
mount --rbind /sys sys
mount -t tmpfs tmpfs dev
for device in null zero full random urandom tty; do
  touch "dev/$device" && mount --bind "/dev/$device" "dev/$device"
done
mkdir dev/shm dev/pts && mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx && ln -s /proc/self/fd dev/fd && ln -s /proc/self/fd/0 dev/stdin
# Services of this machine are not started.
rm -rf etc/systemd/system/*.wants
printf '[Unit]\nDefaultDependencies=no\nWants=systemd-journald.service\n' > etc/systemd/system/bare.target
ip link set lo up
# Not chroot: in one a process may not make namespaces of users.
mkdir before && pivot_root . before && cd / && umount -l before && rmdir before
# As a machine that boots has it: what systemd mounts for a service has to reach that.
mount --make-rshared /
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin \
  /lib/systemd/systemd --system --unit=bare.target --log-target=console
"""
# How this machine reaches package registries; what else its user has set up is none of the new machine's.
_KEPT: Final = ("PIP_", "SSL_", "REQUESTS_")
_NAMESPACES: Final = ("--mount", "--pid", "--uts", "--ipc", "--cgroup", "--net")


class CleanRoot:
    """The machine, from `with` to its end; `directory` must be empty."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        self._first = 0

    def __enter__(self) -> Self:
        log = self._directory.with_suffix(".log").open("wb")
        command = ["unshare", *_NAMESPACES, "--fork", "--kill-child"]
        self._process = subprocess.Popen(
            [*command, "sh", "-c", _SETUP, "sh", self._directory, ROOT],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        log.close()
        deadline = time.monotonic() + 60
        while not self._is_running():
            assert self._process.poll() is None, self._log
            assert time.monotonic() < deadline, self._log
            time.sleep(0.1)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        # The first process of the machine ends with it, and all others, and its mounts, with that.
        self._process.kill()
        self._process.wait()

    @property
    def _log(self) -> str:
        return self._directory.with_suffix(".log").read_text(errors="replace")

    def _is_running(self) -> bool:
        assert self._process is not None
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        if not children:
            return False
        self._first = int(children[0])
        return self.run("systemctl is-system-running", check=False).stdout.strip() == "running"

    def run(
        self, command: str, *, check: bool = True, online: bool = False, seconds: float = 300.0
    ) -> subprocess.CompletedProcess[str]:
        """Run a line of a shell as root, in the checkout; `online`: with this machine's network."""
        namespaces = ["--mount", "--pid", "--uts", "--ipc", "--cgroup", *([] if online else ["--net"])]
        root = f"/proc/{self._first}/root"
        enter = ["nsenter", f"--target={self._first}", *namespaces, f"--root={root}", f"--wd={root}/src"]
        done = subprocess.run(
            [*enter, "bash", "-c", command],
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
            stdin=subprocess.DEVNULL,
            env=_environment(),
        )
        if check and done.returncode:
            raise AssertionError(
                f"{command}\nexits with {done.returncode}\n{done.stdout}{done.stderr}\n{self._log}"
            )
        return done


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name.startswith(_KEPT)}
    return {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": pwd.getpwuid(0).pw_dir,
        "LANG": "C.UTF-8",
        **kept,
    }
