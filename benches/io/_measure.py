"""What the programs of this folder share: client threads that repeat one operation, and what they report.

Every client does a few operations to warm up, waits for the others, then repeats its operation until the time
is over, noting how long each took. The last line of the output is JSON: operations per second, exact
percentiles of the latencies in nanoseconds, and a histogram of them (16 buckets for each power of two).
"""

import json
import sys
import threading
import time

WARM_UP = 5


def arguments():
    """The number of threads and the seconds to measure, from the command line."""
    threads = int(sys.argv[1]) if len(sys.argv) > 1 else 4
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 1.0
    if threads < 1 or seconds <= 0:
        raise SystemExit(f"usage: {sys.argv[0]} [THREADS] [SECONDS]")
    return threads, seconds


class Clients:
    """Threads that each repeat an operation; an exception in one is raised by `run`."""

    def __init__(self, operations, seconds):
        self.operations = operations
        self.seconds = seconds
        self.latencies = [[] for _ in operations]
        self.failures = []
        self.begin = 0
        self.deadline = 0
        self.barrier = threading.Barrier(len(operations) + 1, action=self.set_times)

    def set_times(self):
        self.begin = time.perf_counter_ns()
        self.deadline = self.begin + int(self.seconds * 1e9)

    def client(self, index):
        try:
            operation = self.operations[index]
            for _ in range(WARM_UP):
                operation()
            self.barrier.wait()
            self.repeat(operation, self.latencies[index], self.deadline)
        except BaseException as error:
            self.failures.append(error)
            self.barrier.abort()

    @staticmethod
    def repeat(operation, latencies, deadline):
        clock = time.perf_counter_ns
        before = clock()
        while before < deadline:
            operation()
            after = clock()
            latencies.append(after - before)
            before = after

    def run(self, beside=None):
        """Runs to the end; `beside(begin, deadline)` works on this thread meanwhile and its value is returned."""
        threads = [threading.Thread(target=self.client, args=(i,)) for i in range(len(self.operations))]
        for thread in threads:
            thread.start()
        value = None
        try:
            self.barrier.wait()
            if beside is not None:
                value = beside(self.begin, self.deadline)
        except threading.BrokenBarrierError:
            pass
        for thread in threads:
            thread.join()
        self.end = time.perf_counter_ns()
        for failure in self.failures:
            if not isinstance(failure, threading.BrokenBarrierError):
                raise failure
        return value


def bucket(nanoseconds):
    """The upper bound of the bucket that a latency falls into."""
    shift = max(nanoseconds.bit_length() - 5, 0)
    return ((nanoseconds >> shift) + 1) << shift


def report(clients, result, cpu_rate=None):
    """Prints what was measured; `result` is what must be the same under every interpreter."""
    latencies = sorted(latency for own in clients.latencies for latency in own)
    if not latencies:
        raise RuntimeError("no operation ended in time")
    counts = {}
    for latency in latencies:
        bound = bucket(latency)
        counts[bound] = counts.get(bound, 0) + 1

    def percentile(share):
        return latencies[min(int(len(latencies) * share), len(latencies) - 1)]

    seconds = (clients.end - clients.begin) / 1e9
    measured = {
        "seconds": seconds,
        "operations": len(latencies),
        "throughput": len(latencies) / seconds,
        "latency": {
            "p50": percentile(0.5),
            "p90": percentile(0.9),
            "p99": percentile(0.99),
            "p999": percentile(0.999),
            "max": latencies[-1],
            "histogram": sorted(counts.items()),
        },
        "result": result,
    }
    if cpu_rate is not None:
        measured["cpu_rate"] = cpu_rate
    print(json.dumps(measured))
