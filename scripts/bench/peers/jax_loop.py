"""The same training by JAX: one jit of a scan over the batches of an epoch, buffers donated. One
thread.

    python jax_loop.py FOLDER
"""
import os
import sys

os.environ["XLA_FLAGS"] = (
    os.environ.get("XLA_FLAGS", "")
    + " --xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
)
os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import jax.numpy as jnp

from inputs import Inputs, serve

given = Inputs(sys.argv[1])
row = given.row
batch, examples, inputs = row["batch"], row["examples"], row["sides"][0]
steps = examples // batch
xs = jnp.asarray(given.images.reshape(steps, batch, inputs))
ys = jnp.asarray(given.labels.reshape(steps, batch))
# Inputs x outputs, which is what its products read fastest.
params = {
    "w": [jnp.asarray(w.T.copy()) for w in given.weights],
    "b": [jnp.asarray(b) for b in given.biases],
}


def loss_of(p, xb, yb, noise):
    w, b = p["w"], p["b"]
    if row["classifier"]:
        h = xb
        for number in range(len(w) - 1):
            h = jax.nn.sigmoid(h @ w[number] + b[number])
        logs = jax.nn.log_softmax(h @ w[-1] + b[-1])
        return -jnp.take_along_axis(logs, yb[:, None], 1).mean()
    seen = xb if noise is None else xb + noise
    h = jax.nn.sigmoid(seen @ w[0] + b[0])
    z = h @ (w[0].T if row["tied"] else w[1]) + b[1]
    loss = (jax.nn.softplus(z) - xb * z).sum(1).mean()
    if row["variant"] == "contractive":
        loss += row["lambda"] / 2 * (jnp.square(h * (1 - h)) @ jnp.square(w[0]).sum(0)).mean()
    return loss


def update(p, state, gradient):
    rate = row["rate"]
    if row["optimizer"] == "sgd":
        return jax.tree.map(lambda p, g: p - rate * g, p, gradient), state
    m, v, t = state
    t = t + 1
    m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, gradient)
    v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, gradient)
    c1, c2 = 1 / (1 - 0.9**t), 1 / (1 - 0.999**t)
    step = lambda p, m, v: p - rate * (m * c1) / (jnp.sqrt(v * c2) + 1e-8)
    return jax.tree.map(step, p, m, v), (m, v, t)


def step(carried, given):
    p, state, key = carried
    xb, yb, noise = given
    if row["variant"] == "denoising" and noise is None:
        key, own = jax.random.split(key)
        noise = row["sigma"] * jax.random.normal(own, xb.shape)
    loss, gradient = jax.value_and_grad(loss_of)(p, xb, yb, noise)
    p, state = update(p, state, gradient)
    return (p, state, key), loss


zeros = lambda: jax.tree.map(jnp.zeros_like, params)
state = (zeros(), zeros(), jnp.float32(0)) if row["optimizer"] == "adam" else ()
carried = [(params, state, jax.random.key(0))]


def first_epoch():
    noise = None if given.noise is None else jnp.asarray(given.noise.reshape(xs.shape))
    _, losses = jax.jit(lambda c: jax.lax.scan(step, c, (xs, ys, noise)))(carried[0])
    return float(losses.mean())


train = jax.jit(lambda c: jax.lax.scan(step, c, (xs, ys, None)), donate_argnums=0)


def epoch():
    carried[0], losses = train(carried[0])
    losses.block_until_ready()


def serve_compiled():
    loss = first_epoch()
    epoch()
    return loss


serve(given, serve_compiled, epoch)
