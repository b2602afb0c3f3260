"""Programs that a benchmark starts, and what they say."""

import os, re, subprocess, sys, tempfile, time


def started(pattern, program, *arguments, **environment):
    """Starts a program, and waits until it says what the pattern finds on stderr: the process and the pattern's first group."""
    writer = tempfile.NamedTemporaryFile("w")
    log = open(writer.name)
    process = subprocess.Popen([program, *arguments], env=os.environ | environment, stdout=subprocess.DEVNULL, stderr=writer)
    while process.poll() is None:
        time.sleep(0.05)
        log.seek(0)
        found = re.search(pattern, log.read())
        if found:
            return process, found[1]
    log.seek(0)
    sys.exit(log.read())
