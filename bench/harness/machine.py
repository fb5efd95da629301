"""What the machine can do: the ceiling beside our figures."""
import mmap
import os
import socket
import threading
import time

GIVEN_BACK_S = 15  # a freed page is back at the host by then, where such a machine gives them back


def sync_latency_ms(folder, size, zero_filled, count, direct=False):
    """p50 and p99 of one write of `size` bytes plus fdatasync, one behind the other; `direct`: past the page cache (ADR 17)."""
    path = os.path.join(folder, "ceiling")
    block = mmap.mmap(-1, size)  # at the address that O_DIRECT wants
    block.write(b"\x5a" * size)
    fd = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_RDWR)
    try:
        if zero_filled:
            left = count * size
            while left > 0:
                left -= os.write(fd, b"\0" * min(left, 1 << 20))
            os.fsync(fd)
        if direct:
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(fd)
            fd = os.open(path, os.O_RDWR | os.O_DIRECT)
        taken = []
        for i in range(count):
            began = time.perf_counter()
            os.pwrite(fd, block, i * size)
            os.fdatasync(fd)
            taken.append((time.perf_counter() - began) * 1000)
    finally:
        os.close(fd)
        os.unlink(path)
    taken.sort()
    return round(taken[len(taken) // 2], 3), round(taken[int(len(taken) * 0.99)], 3)


def sequential_write_mb_s(folder, total_mb):
    """O_DIRECT writes of 1 MiB, one behind the other, ended by fdatasync."""
    path = os.path.join(folder, "ceiling")
    block = mmap.mmap(-1, 1 << 20)
    fd = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_RDWR | os.O_DIRECT)
    try:
        began = time.perf_counter()
        for _ in range(total_mb):
            os.write(fd, block)
        os.fdatasync(fd)
        return round(total_mb * 1.048576 / (time.perf_counter() - began))
    finally:
        os.close(fd)
        os.unlink(path)


def page_cache_s(folder, total_mb):
    """Seconds of CPU to write so much into the page cache: with pages that the kernel last used a while ago, and with those that were
    freed just before. A virtual machine that gives free memory back to its host pays for the former each time it touches a page
    first, whatever program it does that for: part of every broker's CPU, and none of its making."""
    path = os.path.join(folder, "ceiling")
    block = b"x" * (1 << 20)

    def write():
        began = time.process_time()
        with open(path, "wb", buffering=0) as file:
            for _ in range(total_mb):
                file.write(block)
        taken = time.process_time() - began
        os.unlink(path)
        return round(taken, 2)

    time.sleep(GIVEN_BACK_S)
    return write(), min(write() for _ in range(3))


def loopback_mb_s(total_mb):
    """One TCP connection over the loopback, writes of 64 KiB."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        def send():
            block = b"x" * 65536
            with socket.create_connection(server.getsockname()) as connection:
                for _ in range(total_mb * 16):
                    connection.sendall(block)

        sender = threading.Thread(target=send)
        sender.start()
        connection, _ = server.accept()
        into = bytearray(1 << 18)
        received = 0
        began = time.perf_counter()
        with connection:
            while count := connection.recv_into(into):
                received += count
        seconds = time.perf_counter() - began
        sender.join()
    return round(received / 1e6 / seconds)
