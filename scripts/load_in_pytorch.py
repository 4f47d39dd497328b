"""Loads what `ablate weights RUN -o FILE` wrote and compares PyTorch's outputs with those of ablate.
Needs torch and safetensors. Usage: python scripts/load_in_pytorch.py FILE"""
import sys, torch
from safetensors import safe_open
with safe_open(sys.argv[1], "pt") as file:
    tensors, about = {name: file.get_tensor(name) for name in file.keys()}, file.metadata()
unit = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu, "linear": lambda z: z}[about["activation"]]
code, linear = tensors["example.input"], torch.nn.functional.linear
for layer in range(sum(name.startswith("hidden.") for name in tensors) // 2):
    code = unit(linear(code, tensors[f"hidden.{layer}.weight"], tensors[f"hidden.{layer}.bias"]))
difference = (linear(code, tensors["output.weight"], tensors["output.bias"]) - tensors["example.logits"]).abs().max()
print(f"run {about['run']}: largest difference of a logit {difference:.2g}")
sys.exit(int(difference > 1e-4))
