"""Made-up papers, reproducible from a seed; each topic has its own vocabulary."""

import random

from bot.discovery.paper import Paper

TOPICS = {
    "serving": "serving throughput batching latency prefill decode scheduler paged cache tokens",
    "training": "training pipeline parallelism gradient checkpoint stragglers allreduce cluster",
    "edge": "smartphone battery quantised offloading npu wearable embedded flash",
    "poetry": "sonnet rhyme metre stanza translation corpus annotation dialect",
    "biology": "protein genome enzyme folding ligand cell mutation assay",
    "markets": "portfolio auction pricing volatility hedging trader equity bond",
    "law": "statute court contract verdict clause appeal privacy licence",
    "weather": "rainfall storm forecast humidity satellite ocean monsoon drought",
    "vision": "image segmentation pixel convolution detector camera pose",
}
OFF_TOPIC = ("poetry", "vision", "biology", "markets", "law", "weather")
COMMON = "we show that our new method is better than others and the results of this work are good"


def paper(
    number: int, topic: str, *, authors: tuple[str, ...] = (), abstract: bool = True
) -> Paper:
    """Paper of a number and topic; equal arguments give an equal paper."""
    chance = random.Random(f"{number} {topic}")
    own, common = TOPICS[topic].split(), COMMON.split()
    return Paper(
        arxiv=f"24{number // 90000 + 1:02}.{number % 90000:05}",
        title=" ".join(chance.choices(own, k=5)).capitalize(),
        abstract=" ".join(chance.choices(own, k=15) + chance.choices(common, k=25))
        if abstract
        else "",
        authors=authors,
    )


def papers(start: int, count: int, *topics: str, abstract: bool = True) -> list[Paper]:
    """Papers numbered from `start` whose topics alternate."""
    return [paper(start + at, topics[at % len(topics)], abstract=abstract) for at in range(count)]
