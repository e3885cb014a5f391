"""Data sets, loaders, samplers, and processes that work together."""

from __future__ import annotations

import re

from tutor.wire.explanation import Fix
from tutor.worker.explain.rules.rule import Rules, told
from tutor.worker.explain.situation import Draft, Situation

RULES = Rules()


@RULES.on(r"(num_samples|batch_size) should be a positive integer value, but got \w+=(\S+)")
def _empty(situation: Situation, match: re.Match[str]) -> Draft:
    if match[1] == "batch_size":
        return Draft("data-size", "A batch holds at least one sample",
                     f"batch_size was {match[2]}.", [Fix("usual", "batch_size=32")])  # fmt: skip
    return Draft(
        "data-size",
        "The data set is empty",
        "Its __len__ is 0, so there is nothing to draw from.",
        [Fix("look at len(dataset), and at the path or filter that fills it")],
    )


@RULES.on(r"^Size mismatch between tensors$")
def _tensor_dataset(situation: Situation, match: re.Match[str]) -> Draft:
    tensors = situation.tensors()
    listed = ", ".join(map(told, tensors))
    return Draft(
        "data-size",
        "The tensors of a data set must be equally long",
        f"TensorDataset pairs row with row. {listed + '.' if listed else ''}",
    )


@RULES.on(r"Sum of input lengths does not equal the length of the input dataset")
def _random_split(situation: Situation, match: re.Match[str]) -> Draft:
    return Draft(
        "data-size",
        "The parts do not add up to the data set",
        "The lengths for random_split must sum to len(dataset).",
        [Fix("use shares instead", "random_split(dataset, [0.8, 0.2])")],
    )


@RULES.on(
    r"object of type '(\w+)' has no len\(\)",
    r"'(\w+)' object (?:is not subscriptable|does not support indexing)",
    r"^$",
)
def _unfinished_dataset(situation: Situation, match: re.Match[str]) -> Draft | None:
    functions = {step.tb_frame.f_code.co_name for step in situation.steps}
    files = [step.tb_frame.f_code.co_filename for step in situation.steps]
    loading = any("utils/data" in file.replace("\\", "/") for file in files)
    unwritten = situation.kind == "NotImplementedError" and "__getitem__" in functions
    if not loading or not (unwritten or "len()" in match[0]):
        return None
    missing = "__getitem__" if unwritten else "__len__"
    return Draft(
        "dataset",
        f"The data set has no {missing}",
        "A DataLoader asks a Dataset two things: len(dataset), and dataset[i].",
        [Fix("add it to the class", f"def {missing}(self{', index' if unwritten else ''}):")],
    )


@RULES.on(r"An attempt has been made to start a new process before")
def _main_guard(situation: Situation, match: re.Match[str]) -> Draft:
    return Draft(
        "processes",
        "A new process ran the whole script again",
        "Starting a process imports this code anew, which then starts the next one.",
        [Fix("put what starts processes below", 'if __name__ == "__main__":'),
         Fix("or use num_workers=0")],
    )  # fmt: skip


@RULES.on(
    r"DataLoader worker \(pid.*\) (?:exited|is killed)",
    r"Can't pickle (?:local object |<function )",
)
def _loader_process(situation: Situation, match: re.Match[str]) -> Draft:
    return Draft(
        "processes",
        "A helper process of the DataLoader ended",
        "What it works with must be defined at the top level of a cell, and fit into memory.",
        [Fix("try num_workers=0 first: errors then show where they happen")],
    )


@RULES.on(r"Default process group has not been initialized")
def _no_group(situation: Situation, match: re.Match[str]) -> Draft:
    return Draft(
        "process-group",
        "The ranks do not know each other yet",
        "Every process must join the group before it can talk to the others.",
        [Fix("first, in every process",
             'torch.distributed.init_process_group("gloo", rank=rank, world_size=world_size)')],
    )  # fmt: skip


@RULES.on(r"Expected to have finished reduction in the prior iteration(?:.*rank (\d+): ([\d ]+))?")
def _unused_parameters(situation: Situation, match: re.Match[str]) -> Draft:
    which = f" Parameters number {match[2].strip()} got none." if match[2] else ""
    return Draft(
        "ddp-unused",
        "Some parameters got no gradient on this rank",
        f"DDP waits until every parameter has its gradient.{which}",
        [Fix("use every layer in forward(), and every output in the loss"),
         Fix("or wrap with DistributedDataParallel(model, find_unused_parameters=True)")],
    )  # fmt: skip


@RULES.on(
    r"Expected `len\(lengths\)` to be equal to batch_size, but got (\d+) \(batch_size=(\d+)\)"
)
def _packed(situation: Situation, match: re.Match[str]) -> Draft:
    return Draft(
        "batch-size",
        "There must be one length for each sequence",
        f"There are {match[1]} lengths and, as the input is read, {match[2]} sequences.",
        [Fix("if the batch comes first: pass batch_first=True")],
    )


@RULES.on(r"(\w+) is not an Optimizer")
def _scheduler(situation: Situation, match: re.Match[str]) -> Draft:
    return Draft(
        "optimiser",
        "A schedule belongs to an optimiser",
        f"It changes the optimiser's learning rate; it was given a {match[1]}.",
        [Fix("pass the optimiser", "StepLR(optimizer, step_size=10)")],
    )


@RULES.on(r"Invalid (learning rate|momentum value|weight_decay value|beta parameter.*?): (\S+)")
def _optimiser_numbers(situation: Situation, match: re.Match[str]) -> Draft:
    return Draft(
        "optimiser",
        f"The {match[1]} is not possible",
        f"It was {match[2]}; it must not be negative.",
    )


@RULES.on(
    r"probability tensor contains either `inf`, `nan` or element < 0",
    r"invalid multinomial distribution|Expected p_in >= 0 && p_in <= 1",
)
def _bad_probabilities(situation: Situation, match: re.Match[str]) -> Draft:
    return Draft(
        "probability-range",
        "These are not probabilities",
        "They must be 0 or more, finite, and not all 0. NaN here often comes from a learning rate "
        "that is too high, or from log(0).",
        [Fix("turn scores into probabilities with softmax(-1)")],
    )
