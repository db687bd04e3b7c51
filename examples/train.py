#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Trains a small neural network on a folder of images and prints loss and accuracy per epoch.

An ordinary program: it opens image files by name, in a new shuffled order each epoch, as a data loader
of any framework does. With --checkpoint it keeps its state in a file after each epoch, and goes on from
there if the file exists. It knows nothing of where they are: on a disk, or under /algo by algofs.
"""
import argparse
import csv
import json
import os

import numpy as np

HIDDEN, BATCH, RATE, MOMENTUM = 64, 32, 0.05, 0.9


def read_pgm(path):
    with open(path, "rb") as file:
        if file.readline().strip() != b"P5":
            raise ValueError("%s is not a PGM file" % path)
        width, height = map(int, file.readline().split())
        file.readline()
        pixels = np.frombuffer(file.read(), dtype=np.uint8)
    if pixels.size != width * height:
        raise ValueError("%s has %d pixels instead of %d" % (path, pixels.size, width * height))
    return pixels.astype(np.float64) / 255 - 0.5


class Dataset:
    """The images that labels.csv names, each read from its file whenever it is asked for."""

    def __init__(self, folder):
        self.folder = folder
        with open(os.path.join(folder, "labels.csv"), newline="") as file:
            rows = list(csv.DictReader(file))
        self.files = [row["file"] for row in rows]
        self.labels = np.array([int(row["label"]) for row in rows])

    def batch(self, indices):
        images = [read_pgm(os.path.join(self.folder, self.files[i])) for i in indices]
        return np.stack(images), self.labels[indices]


class Network:
    """One hidden layer of rectifiers, softmax, trained by gradient descent with momentum."""

    def __init__(self, inputs, classes, chance):
        self.weights = [chance.normal(0, np.sqrt(2 / inputs), (inputs, HIDDEN)), np.zeros(HIDDEN),
                        chance.normal(0, np.sqrt(2 / HIDDEN), (HIDDEN, classes)), np.zeros(classes)]
        self.speeds = [np.zeros_like(w) for w in self.weights]

    def forward(self, images):
        w1, b1, w2, b2 = self.weights
        hidden = np.maximum(images @ w1 + b1, 0)
        scores = hidden @ w2 + b2
        scores -= scores.max(axis=1, keepdims=True)
        likely = np.exp(scores)
        return hidden, likely / likely.sum(axis=1, keepdims=True)

    def learn(self, images, labels):
        """One step; returns the loss and the number of right answers before it."""
        hidden, likely = self.forward(images)
        rows = np.arange(len(labels))
        loss = -np.log(likely[rows, labels] + 1e-12).mean()
        right = (likely.argmax(axis=1) == labels).sum()
        error = likely
        error[rows, labels] -= 1
        error /= len(labels)
        back = (error @ self.weights[2].T) * (hidden > 0)
        slopes = [images.T @ back, back.sum(axis=0), hidden.T @ error, error.sum(axis=0)]
        for weight, speed, slope in zip(self.weights, self.speeds, slopes):
            speed *= MOMENTUM
            speed -= RATE * slope
            weight += speed
        return loss, right


def train_epoch(network, data, order):
    loss = right = 0
    for start in range(0, len(order), BATCH):
        images, labels = data.batch(order[start:start + BATCH])
        batch_loss, batch_right = network.learn(images, labels)
        loss += batch_loss * len(labels)
        right += batch_right
    return loss / len(order), right / len(order)


def accuracy(network, data, indices):
    right = 0
    for start in range(0, len(indices), BATCH):
        images, labels = data.batch(indices[start:start + BATCH])
        right += (network.forward(images)[1].argmax(axis=1) == labels).sum()
    return right / len(indices)


def save(path, network, chance, epoch):
    """Writes the checkpoint beside its name and renames it: a reader sees the old one or the new one."""
    with open(path + ".tmp", "wb") as file:
        np.savez(file, *network.weights, *network.speeds, epoch=epoch, chance=json.dumps(chance.bit_generator.state))
    os.replace(path + ".tmp", path)


def load(path, network, chance):
    """Takes up the state of the checkpoint and returns its epoch."""
    with np.load(path) as state:
        arrays = [state["arr_%d" % i] for i in range(len(network.weights) + len(network.speeds))]
        chance.bit_generator.state = json.loads(str(state["chance"]))
        epoch = int(state["epoch"])
    network.weights, network.speeds = arrays[:len(network.weights)], arrays[len(network.weights):]
    return epoch


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, metavar="DIR", help="folder with labels.csv and the images")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--checkpoint", metavar="FILE", help="keep the state here, and go on from it")
    args = parser.parse_args()

    chance = np.random.default_rng(args.seed)
    data = Dataset(args.data)
    split = chance.permutation(len(data.files))
    held_out, rest = np.sort(split[:len(split) // 6]), np.sort(split[len(split) // 6:])
    first, _ = data.batch(rest[:1])
    network = Network(first.shape[1], data.labels.max() + 1, chance)
    print("%d images to learn from, %d to test with" % (len(rest), len(held_out)))
    done = 0
    if args.checkpoint and os.path.exists(args.checkpoint):
        done = load(args.checkpoint, network, chance)
        print("going on after epoch %d" % done)
    for epoch in range(done + 1, args.epochs + 1):
        loss, right = train_epoch(network, data, chance.permutation(rest))
        print("epoch %d  loss %.6f  accuracy %.4f  test accuracy %.4f"
              % (epoch, loss, right, accuracy(network, data, held_out)), flush=True)
        if args.checkpoint:
            save(args.checkpoint, network, chance, epoch)


if __name__ == "__main__":
    main()
