"""The power goes right after an acknowledgement: the ext4 shutdown call drops all that was not made durable."""

import errno
import fcntl
import hashlib
import os
import shutil
import struct
import subprocess

from . import pictures
from .program import Program, acknowledged
from .proof import Skipped
from .storage import Storage, check_whole
from .upstream import Upstream

EXT4_IOC_SHUTDOWN = 0x8004587D
EXT4_GOING_FLAGS_NOLOGFLUSH = 2
MEGABYTES = 512


class Disk:
    """An ext4 filesystem in a file, on a loop device. A context manager."""

    def __init__(self, folder):
        for tool in ("mkfs.ext4", "mount", "umount"):
            if shutil.which(tool) is None:
                raise Skipped(f"{tool} is not installed")
        if os.geteuid() != 0:
            raise Skipped("mounting a test filesystem needs root", forbidden=True)
        self.image = os.path.join(folder, "disk")
        self.root = os.path.join(folder, "mounted")
        os.mkdir(self.root)
        with open(self.image, "wb") as file:
            file.truncate(MEGABYTES << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", self.image], check=True)
        self.mounted = False

    def __enter__(self):
        self.mount(first=True)
        return self

    def __exit__(self, *_):
        if self.mounted:
            self.unmount()

    def mount(self, first=False):
        done = subprocess.run(["mount", "-o", "loop", self.image, self.root], capture_output=True, text=True)
        if done.returncode != 0:
            if first:
                raise Skipped(f"the kernel or the container provides no loop device: {done.stderr.strip()}", forbidden=True)
            raise RuntimeError(f"the disk can't be mounted again: {done.stderr}")
        self.mounted = True

    def unmount(self):
        done = subprocess.run(["umount", self.root], capture_output=True, text=True)
        if done.returncode != 0:
            subprocess.run(["umount", "-l", self.root], check=True)
            raise RuntimeError(f"the disk is still in use: {done.stderr}")
        self.mounted = False

    def switch(self):
        """Opens the power switch; it stays in reach while the program runs."""
        return os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)

    @staticmethod
    def cut(switch):
        try:
            fcntl.ioctl(switch, EXT4_IOC_SHUTDOWN, struct.pack("I", EXT4_GOING_FLAGS_NOLOGFLUSH))
        except OSError as error:
            if error.errno in (errno.ENOTTY, errno.EPERM, errno.EOPNOTSUPP):
                raise Skipped(f"this kernel cannot shut down an ext4: {error}", forbidden=True) from error
            raise


def prove(setting):
    cuts = setting.choose(120, 6)
    count = cuts * 5
    images = pictures.folder(setting.path("images"), count, twins=count // 10)
    with Disk(setting.folder) as disk, Upstream(setting.binary, images=images) as upstream:
        check_that_the_cut_is_one(setting, disk)
        storage = Storage(os.path.join(disk.root, "storage"))
        program = Program(setting.binary, storage.path, upstream.url)
        delivered = delivered_digests(upstream, images)
        told, late = set(), 0
        while setting.rounds < cuts:
            new, later = cut_after_acknowledgement(setting, disk, program)
            if new is None:
                setting.err(f"all outputs were archived before cut {setting.rounds + 1}")
                break
            setting.rounds += 1
            told.update(new)
            late += later
            rows = storage.rows()[0]
            for output in told:
                flaw = storage.flaw(output, rows, delivered[output[0]])
                if flaw:
                    setting.lose(f"cut {setting.rounds}: {output} was acknowledged, but {flaw}")
        # What was in hand at several cuts in a row waits a little longer after each.
        last = program.run("archive", "--since", "24h", "--patience", "200")
        if last.code != 0:
            setting.err(f"the final run: {last}")
        rows = storage.rows()[0]
        for task, digest in delivered.items():
            flaw = storage.flaw((task, 0), rows, digest)
            if flaw:
                setting.lose(f"{task} #0: at the end: {flaw}")
        check_whole(setting, setting.binary, storage.path, "at the end", untracked_is_fine=True)
        setting.note(
            f"{len(told)} outputs acknowledged before cuts ({late} more were reported after the cuts), {len(delivered)} archived at the end")


def delivered_digests(upstream, images):
    """What the upstream delivers, by its own word, which must be the files of the folder."""
    files = set()
    for name in os.listdir(images):
        with open(os.path.join(images, name), "rb") as file:
            files.add(hashlib.sha256(file.read()).hexdigest())
    delivered = {task: hashlib.sha256(upstream.truth(task)[0]).hexdigest() for task in upstream.tasks()}
    if set(delivered.values()) != files:
        raise RuntimeError("the simulator delivers other bytes than its folder holds")
    return delivered


def check_that_the_cut_is_one(setting, disk):
    """What was made durable must outlive the cut, and what was not must be gone, or the proof proves nothing."""
    switch = disk.switch()
    for name, durable in (("durable", True), ("fleeting", False)):
        with open(os.path.join(disk.root, name), "wb") as file:
            file.write(b"x" * 100_000)
            if durable:
                file.flush()
                os.fsync(file.fileno())
                os.fsync(switch)
    disk.cut(switch)
    os.close(switch)
    disk.unmount()
    disk.mount()
    path = os.path.join(disk.root, "durable")
    if not os.path.exists(path) or os.path.getsize(path) != 100_000:
        setting.err("the cut destroyed a durable file")
    path = os.path.join(disk.root, "fleeting")
    if os.path.exists(path) and os.path.getsize(path) == 100_000:
        setting.err("the cut kept a file that was not durable, so it does not simulate a power cut")


def cut_after_acknowledgement(setting, disk, program):
    """One run that ends in the dark. Returns what it had acknowledged before, None when it had nothing left to do, and how many
    outputs it acknowledged afterwards.

    Those don't count: to an fdatasync that is on its way when the filesystem is shut down, ext4 may answer success although nothing
    was kept (Linux 6.18, seen with a plain loop of write and fdatasync too). When the power goes, nobody hears such an answer.
    """
    wanted = setting.random.randint(1, 3)
    switch = disk.switch()
    reading, writing = os.pipe()
    process = program.start("archive", "--since", "24h", err=writing)
    os.close(writing)
    heard, before = b"", None
    while chunk := os.read(reading, 65536):
        heard += chunk
        if before is None and len(complete(heard)) >= wanted:
            before = complete(heard)
            disk.cut(switch)
            process.kill()
    process.wait()
    os.close(reading)
    os.close(switch)
    if before is None:
        setting.note(heard.decode(errors="replace")[-500:])
        return None, 0
    disk.unmount()
    disk.mount()
    return before, len(complete(heard)) - len(before)


def complete(heard):
    """The acknowledgements of whole lines."""
    return acknowledged(heard.rpartition(b"\n")[0].decode(errors="replace"))
