"""Richards: simulates an operating system's scheduler; small objects, methods and polymorphism.

Six tasks exchange packets: an idler, a worker, two handlers and two devices. The
counts of packets queued and tasks held at the end tell that it ran right.

Usage: richards.py [N]
    N  how often the whole simulation runs (default 40)
"""

import sys

IDLE, WORKER, HANDLER_A, HANDLER_B, DEVICE_A, DEVICE_B = range(6)
DEVICE_PACKET, WORK_PACKET = range(2)
PACKET_SIZE = 4


class Packet:
    def __init__(self, link, address, kind):
        self.link = link
        self.address = address
        self.kind = kind
        self.datum = 0
        self.data = [0] * PACKET_SIZE

    def append_to(self, queue):
        """Puts the packet at the end of a linked queue and returns the queue's head."""
        self.link = None
        if queue is None:
            return self
        last = queue
        while last.link is not None:
            last = last.link
        last.link = self
        return queue


class Task:
    """One task with its input queue and state; what it does is in `run`."""

    def __init__(self, scheduler, number, priority, queue, waiting, held=False):
        self.scheduler = scheduler
        self.number = number
        self.priority = priority
        self.queue = queue
        self.packet_pending = queue is not None
        self.waiting = waiting
        self.held = held
        self.next = scheduler.tasks
        scheduler.tasks = self
        scheduler.table[number] = self

    def run(self, packet):
        raise NotImplementedError

    def is_held_or_waiting(self):
        return self.held or (self.waiting and not self.packet_pending)

    def take_packet(self):
        """What the task is resumed with: a packet when it waited for one and has it."""
        if not (self.waiting and self.packet_pending):
            return None
        packet = self.queue
        self.queue = packet.link
        self.waiting = False
        self.packet_pending = self.queue is not None
        return packet

    def add_packet(self, packet, sender):
        """Queues a packet; returns the task to run next."""
        if self.queue is None:
            self.queue = packet
            self.packet_pending = True
            if self.priority > sender.priority:
                return self
        else:
            packet.append_to(self.queue)
        return sender

    def wait(self):
        self.waiting = True
        return self

    def hold(self):
        self.scheduler.hold_count += 1
        self.held = True
        return self.next

    def release(self, number):
        task = self.scheduler.table[number]
        task.held = False
        return task if task.priority > self.priority else self

    def send(self, packet):
        receiver = self.scheduler.table[packet.address]
        self.scheduler.queue_count += 1
        packet.link = None
        packet.address = self.number
        return receiver.add_packet(packet, self)


class IdleTask(Task):
    def __init__(self, scheduler, count):
        super().__init__(scheduler, IDLE, 0, None, waiting=False)
        self.control = 1
        self.count = count

    def run(self, packet):
        self.count -= 1
        if self.count == 0:
            return self.hold()
        if self.control & 1 == 0:
            self.control //= 2
            return self.release(DEVICE_A)
        self.control = self.control // 2 ^ 0xD008
        return self.release(DEVICE_B)


class WorkTask(Task):
    def __init__(self, scheduler, priority, queue):
        super().__init__(scheduler, WORKER, priority, queue, waiting=True)
        self.destination = HANDLER_A
        self.letter = 0

    def run(self, packet):
        if packet is None:
            return self.wait()
        self.destination = HANDLER_B if self.destination == HANDLER_A else HANDLER_A
        packet.address = self.destination
        packet.datum = 0
        for i in range(PACKET_SIZE):
            self.letter += 1
            if self.letter > 26:
                self.letter = 1
            packet.data[i] = ord("A") + self.letter - 1
        return self.send(packet)


class HandlerTask(Task):
    def __init__(self, scheduler, number, priority, queue):
        super().__init__(scheduler, number, priority, queue, waiting=True)
        self.work_in = None
        self.device_in = None

    def run(self, packet):
        if packet is not None:
            if packet.kind == WORK_PACKET:
                self.work_in = packet.append_to(self.work_in)
            else:
                self.device_in = packet.append_to(self.device_in)
        work = self.work_in
        if work is None:
            return self.wait()
        done = work.datum
        if done >= PACKET_SIZE:
            self.work_in = work.link
            return self.send(work)
        device_packet = self.device_in
        if device_packet is None:
            return self.wait()
        self.device_in = device_packet.link
        device_packet.datum = work.data[done]
        work.datum = done + 1
        return self.send(device_packet)


class DeviceTask(Task):
    def __init__(self, scheduler, number, priority):
        super().__init__(scheduler, number, priority, None, waiting=True)
        self.pending = None

    def run(self, packet):
        if packet is None:
            pending = self.pending
            if pending is None:
                return self.wait()
            self.pending = None
            return self.send(pending)
        self.pending = packet
        return self.hold()


class Scheduler:
    def __init__(self):
        self.tasks = None
        self.table = [None] * 6
        self.queue_count = 0
        self.hold_count = 0

    def schedule(self):
        task = self.tasks
        while task is not None:
            if task.is_held_or_waiting():
                task = task.next
            else:
                task = task.run(task.take_packet())


def packets(count, address, kind):
    queue = None
    for _ in range(count):
        queue = Packet(queue, address, kind)
    return queue


def simulate():
    scheduler = Scheduler()
    IdleTask(scheduler, 10_000)
    WorkTask(scheduler, 1000, packets(2, WORKER, WORK_PACKET))
    HandlerTask(scheduler, HANDLER_A, 2000, packets(3, DEVICE_A, DEVICE_PACKET))
    HandlerTask(scheduler, HANDLER_B, 3000, packets(3, DEVICE_B, DEVICE_PACKET))
    DeviceTask(scheduler, DEVICE_A, 4000)
    DeviceTask(scheduler, DEVICE_B, 5000)
    scheduler.schedule()
    return scheduler.queue_count, scheduler.hold_count


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    results = {simulate() for _ in range(runs)}
    for queued, held in sorted(results):
        print(f"packets queued {queued}, tasks held {held}")


if __name__ == "__main__":
    main()
