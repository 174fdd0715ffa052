"""One thread that reads 1 MiB, hashes it and writes it through the page cache, flushed at the end."""
import hashlib
import os
import sys
import urllib.request

url, expected, target = sys.argv[1:4]
digest = hashlib.sha256()
with urllib.request.urlopen(url, timeout=60) as answer, open(target, "rb+") as disk:
    while chunk := answer.read(1024 * 1024):
        disk.write(chunk)
        digest.update(chunk)
    disk.flush()
    os.fsync(disk.fileno())
sys.exit(0 if digest.hexdigest() == expected else "wrong digest")
