"""The same training by PyTorch, eager, as its users write it: modules' functions, autograd, and the
fused optimizers of torch.optim. One thread.

    python torch_loop.py FOLDER
"""
import sys

import torch
import torch.nn.functional as F

from inputs import Inputs, serve

torch.set_num_threads(1)
given = Inputs(sys.argv[1])
row = given.row
batch, examples = row["batch"], row["examples"]
x, y = torch.from_numpy(given.images), torch.from_numpy(given.labels)
W = [torch.nn.Parameter(torch.from_numpy(w)) for w in given.weights]
B = [torch.nn.Parameter(torch.from_numpy(b)) for b in given.biases]
if row["optimizer"] == "adam":
    optimizer = torch.optim.Adam(W + B, lr=row["rate"], fused=True)
else:
    optimizer = torch.optim.SGD(W + B, lr=row["rate"], fused=True)


def loss_of(xb, yb, noise):
    if row["classifier"]:
        h = xb
        for w, b in zip(W[:-1], B[:-1]):
            h = torch.sigmoid(F.linear(h, w, b))
        return F.cross_entropy(F.linear(h, W[-1], B[-1]), yb)
    seen = xb
    if row["variant"] == "denoising":
        seen = xb + (row["sigma"] * torch.randn_like(xb) if noise is None else noise)
    h = torch.sigmoid(F.linear(seen, W[0], B[0]))
    z = F.linear(h, W[0].t() if row["tied"] else W[1], B[1])
    loss = F.binary_cross_entropy_with_logits(z, xb, reduction="sum") / len(xb)
    if row["variant"] == "contractive":
        slopes = (h * (1 - h)).square()
        loss = loss + row["lambda"] / 2 * (slopes @ W[0].square().sum(1)).mean()
    return loss


def epoch(noise=None):
    total = 0.0
    for start in range(0, examples, batch):
        part = slice(start, start + batch)
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(x[part], y[part], None if noise is None else noise[part])
        loss.backward()
        optimizer.step()
        total = total + loss.detach()
    return float(total) * batch / examples


first = None if given.noise is None else torch.from_numpy(given.noise)
serve(given, lambda: epoch(first), epoch)
