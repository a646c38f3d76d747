"""Retrieval over a large gallery: the ten nearest of a million embeddings, a tile at a time.

python -m benchmarks.retrieval [--device cuda] [--tiny]
"""

from benchmarks import measure

_EMBEDDING = 512


def nearest(*, gallery: int, queries: int, device: str, embedding: int = _EMBEDDING) -> dict:
    """Time `selip_core.similarity.nearest.nearest_items` on random unit vectors."""
    import torch

    from selip_core.similarity.nearest import nearest_items

    torch.manual_seed(0)
    items = torch.nn.functional.normalize(torch.randn(gallery, embedding, device=device), dim=1)
    asked = torch.nn.functional.normalize(torch.randn(queries, embedding, device=device), dim=1)
    seconds = measure.seconds_of(lambda: nearest_items(asked, items, 10), device, repeats=1)
    return {
        "gallery": gallery, "queries": queries, "embedding": embedding, "nearest": 10, "seconds": seconds,
        "queries_a_second": queries / seconds,
    }  # fmt: skip


def main(words: list[str] | None = None) -> None:
    options = measure.parser(__doc__.splitlines()[0]).parse_args(words)
    sizes = [(300, 5)] if options.tiny else [(10_000, 256), (100_000, 256), (1_000_000, 1), (1_000_000, 256)]
    rows = [
        measure.in_child(nearest, threads=options.threads, gallery=gallery, queries=queries, device=options.device)
        for gallery, queries in sizes
    ]
    measure.report("retrieval", rows, device=options.device, out=options.out)


if __name__ == "__main__":
    main()
