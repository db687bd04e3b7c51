#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A data loader like PyTorch's: forked workers read shuffled batches of files, for some epochs.

Each sample is checked against a list of sums as `sha256sum` prints it. Exit status 1 if one is wrong.
"""
import argparse
import hashlib
import multiprocessing
import os
import random
import sys

BATCH, AHEAD = 16, 2  # samples in a batch; batches that each worker has waiting


def read_sums(path):
    """[(name, sum)] from the lines `SUM  NAME`."""
    samples = []
    with open(path) as file:
        for line in file:
            digest, _, name = line.rstrip("\n").partition("  ")
            samples.append((os.path.normpath(name), digest))
    return samples


class Dataset:
    def __init__(self, folder, names):
        self.folder, self.names = folder, names

    def __getitem__(self, index):
        with open(os.path.join(self.folder, self.names[index]), "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()


def worker(data, tasks, results):
    for number, indices in iter(tasks.get, None):
        try:
            results.put((number, [data[i] for i in indices], None))
        except OSError as error:
            results.put((number, [], str(error)))


def epoch_batches(count, chance):
    order = list(range(count))
    chance.shuffle(order)
    return [order[i:i + BATCH] for i in range(0, count, BATCH)]


def run_epoch(data, batches, workers):
    """Yields (indices, digests) in the order of the batches, read by workers made for this epoch."""
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    tasks = [context.Queue() for _ in range(workers)]
    children = [context.Process(target=worker, args=(data, queue, results), daemon=True) for queue in tasks]
    for child in children:
        child.start()
    sent, done = 0, {}
    for number, indices in enumerate(batches):
        while sent < len(batches) and sent < number + workers * AHEAD:
            tasks[sent % workers].put((sent, batches[sent]))
            sent += 1
        while number not in done:
            got, digests, error = results.get(timeout=120)
            if error:
                sys.exit("loader: " + error)
            done[got] = digests
        yield indices, done.pop(number)
    for queue in tasks:
        queue.put(None)
    for child in children:
        child.join()
        if child.exitcode != 0:
            sys.exit("loader: a worker exited with status %s" % child.exitcode)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", help="folder with the samples")
    parser.add_argument("sums", help="what they should be, as sha256sum prints it, names relative to the folder")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    samples = read_sums(args.sums)
    data = Dataset(args.data, [name for name, _ in samples])
    chance = random.Random(args.seed)
    wrong = 0
    for epoch in range(1, args.epochs + 1):
        right = 0
        for indices, digests in run_epoch(data, epoch_batches(len(samples), chance), args.workers):
            for index, digest in zip(indices, digests):
                if digest == samples[index][1]:
                    right += 1
                else:
                    wrong += 1
                    print("epoch %d: %s is wrong" % (epoch, samples[index][0]))
        print("epoch %d: %d samples right" % (epoch, right), flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
