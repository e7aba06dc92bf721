"""Makes sure that numpy and PyTorch use OpenBLAS with its best code for this processor."""
import os
import sys

MISSING = 3  # the exit status of a peer that cannot run here; the last line on standard error gives the reason
HOLDING_BACK = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")  # which OpenBLAS reads when it is loaded


def free_environment(threads, blas_threads):
    """The environment for a process with so many OpenMP threads, and so many of OpenBLAS's own for its products."""
    kept = {name: value for name, value in os.environ.items() if name not in HOLDING_BACK}
    return kept | {"OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(blas_threads)}


def skip(reason):
    print(f"skipped: {reason}", file=sys.stderr)
    sys.exit(MISSING)


def skip_without_openblas():
    """Call this after the library is loaded. Debian's plain libblas3 is some twenty times slower than OpenBLAS."""
    with open("/proc/self/maps") as maps:
        mapped = maps.read()
    if "/blas/libblas.so" in mapped:
        skip("its BLAS is the slow reference one (Debian: libopenblas0-pthread)")
