"""Load a fastText .bin and print seconds and memory as JSON. Arguments: "wildvec" or "gensim"; "vectors" or "model"; the file."""

import importlib
import json
import resource
import sys
import time

system, what, path = sys.argv[1:]
load = getattr(
    importlib.import_module("wildvec" if system == "wildvec" else "gensim.models.fasttext"),
    f"load_facebook_{what}",
)


def peak_bytes() -> int:
    """Return the most memory that this process has had; getrusage counts that of the parent too."""
    with open("/proc/self/status") as lines:
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


peak_before = peak_bytes()
before = resource.getrusage(resource.RUSAGE_SELF)
began = time.perf_counter()
loaded = load(path)
seconds = time.perf_counter() - began
after = resource.getrusage(resource.RUSAGE_SELF)
wv = loaded if what == "vectors" else loaded.wv
print(
    json.dumps(
        {
            "seconds": seconds,
            "cpu_seconds": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
            "peak_bytes": peak_bytes() - peak_before,
            "words": len(wv),
            "check": float(wv["unknownword"].sum()) + float(wv.vectors[::1000].sum()),
        }
    )
)
