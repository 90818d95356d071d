"""Runs a program in a terminal of its own and types into it.

argv: a JSON object {"argv": [...], "columns": n, "rows": n, "steps": [{"until": regex, "send": text | "signal": name | "resize": [columns, rows]}]}.
Prints a JSON object: everything the program wrote, how it ended, and whether the terminal's settings are as they were.
"""
import fcntl, json, os, re, select, signal, struct, sys, termios, time

plan = json.loads(sys.argv[1])
master, slave = os.openpty()


def resize(columns, rows):
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


resize(plan["columns"], plan["rows"])
before = termios.tcgetattr(slave)
child = os.fork()
if child == 0:
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for fd in (0, 1, 2):
        os.dup2(slave, fd)
    os.execvpe(plan["argv"][0], plan["argv"], {**os.environ, "TERM": "xterm-256color"})

output, seen, steps = b"", 0, list(plan["steps"])
status, deadline = None, time.monotonic() + 30
while status is None and time.monotonic() < deadline:
    ready, _, _ = select.select([master], [], [], 0.05)
    if ready:
        output += os.read(master, 65536)
    match = steps and re.search(steps[0]["until"].encode(), output[seen:], re.S)
    if match:
        step = steps.pop(0)
        seen += match.end()
        if "send" in step:
            os.write(master, step["send"].encode())
        if "signal" in step:
            os.kill(child, getattr(signal, step["signal"]))
        if "resize" in step:
            resize(*step["resize"])
            os.kill(child, signal.SIGWINCH)
    pid, ended = os.waitpid(child, os.WNOHANG)
    if pid:
        status = ended
if status is None:
    os.kill(child, signal.SIGKILL)
while select.select([master], [], [], 0.2)[0]:
    output += os.read(master, 65536)
print(
    json.dumps(
        {
            "output": output.decode(errors="replace"),
            "code": None if status is None or os.WIFSIGNALED(status) else os.WEXITSTATUS(status),
            "signal": None if status is None or not os.WIFSIGNALED(status) else os.WTERMSIG(status),
            "left": len(steps),
            "restored": termios.tcgetattr(slave) == before,
        }
    )
)
