"""`python -m benchmarks`: every comparison, each as a table of ratios measured in this run."""

from __future__ import annotations

import argparse

from benchmarks import executor, planning, training
from benchmarks.through_executor import training_runs


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Ratios against the plain loop."
    )
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--steps", type=int, default=1500, help="training steps of each turn")
    given = parser.parse_args()
    print("What a step costs: chains of blocks that do nothing, against a bare loop over the sorted graph\n")
    executor.print_table(executor.measure(min(given.repeats, 5)))
    print("\nPlanning after a restart, with every result stored, against sorting the same graph\n")
    planning.print_table(planning.measure(given.repeats))
    print(f"\nTarget: at most {planning.TARGET:g} × the sort.")
    print("\nTraining of `train.vae`: the plainest PyTorch loop, our loop, and our loop inside a run\n")
    with training_runs() as through:
        print(training.table(training.measure(given.repeats, given.steps, {"through the executor": through})))
    print(f"\nTarget: at least {training.TARGET} of the plain loop.")


if __name__ == "__main__":
    main()
