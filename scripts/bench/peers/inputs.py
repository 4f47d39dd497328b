"""What `--export` of the training benchmark wrote: the row, data, starting weights, noise, loss."""
import json
import pathlib
import struct
import sys
import time

import numpy as np


class Inputs:
    def __init__(self, folder):
        folder = pathlib.Path(folder)
        told = json.loads((folder / "row.json").read_text())
        self.row, self.loss = told["row"], told["loss"]
        examples = self.row["examples"]
        floats = lambda name: np.fromfile(folder / name, np.float32).reshape(examples, -1)
        self.images = floats("images.f32")
        self.labels = np.fromfile(folder / "labels.u8", np.uint8).astype(np.int64)
        self.noise = floats("noise.f32") if self.row["variant"] == "denoising" else None
        tensors = safetensors((folder / "start.safetensors").read_bytes())
        layers = len(self.row["sides"]) - 1
        if self.row["classifier"]:
            names = [f"hidden.{n}" for n in range(layers - 1)] + ["output"]
        else:
            names = ["encoder", "decoder"]
        # Outputs x inputs, as PyTorch keeps them; a tied decoder has no weights of its own.
        self.weights = [tensors[f"{n}.weight"] for n in names if f"{n}.weight" in tensors]
        self.biases = [tensors[f"{n}.bias"] for n in names]


def safetensors(data):
    length = struct.unpack("<Q", data[:8])[0]
    header, body = json.loads(data[8 : 8 + length]), data[8 + length :]
    kinds = {"F32": np.float32, "F64": np.float64}
    header.pop("__metadata__", None)
    part = lambda at: body[at["data_offsets"][0] : at["data_offsets"][1]]
    return {
        name: np.frombuffer(part(at), kinds[at["dtype"]]).reshape(at["shape"]).copy()
        for name, at in header.items()
    }


def serve(inputs, first_epoch, epoch):
    """Says what the first epoch's loss was, then answers each line by a pass and its seconds of
    processor time."""
    loss = first_epoch()
    error = abs(loss - inputs.loss) / abs(inputs.loss)
    assert error < 1e-4, f"{inputs.row['name']}: loss {loss}, where ablate has {inputs.loss}"
    print(error, flush=True)
    for _ in sys.stdin:
        start = time.process_time()
        for _ in range(inputs.row["epochs"]):
            epoch()
        print(time.process_time() - start, flush=True)
