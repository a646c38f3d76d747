"""Compare the metrics of a profile with expected values: ``python -m tests.helpers.expectations RESULTS EXPECTED``."""

import sys
from pathlib import Path

from selip_core._utils.files import read_json, write_json
from selip_core.errors import SelipError


def compare(results: Path, expected: Path) -> tuple[list[str], int]:
    """Hold every expected metric to its value, within its tolerance.

    Parameters
    ----------
    results : Path
        ``results/<profile>``, with ``<notebook>/metrics.json``.
    expected : Path
        JSON: notebook to metric to ``{"value": number or null, "tolerance": number}``.

    Returns
    -------
    (lines, failures)
        One line a metric, and how many do not hold.

    Raises
    ------
    SelipError
        If the file of expectations is missing or empty.
    """
    wanted = read_json(expected)
    if not wanted:
        raise SelipError(f"{expected} is missing, empty or not a JSON object: --write makes it from {results}")
    lines, failures = [], 0
    for notebook, metrics in wanted.items():
        found = (read_json(results / notebook / "metrics.json") or {}).get("metrics", {})
        for name, rule in metrics.items():
            value = found.get(name, {}).get("value")
            good = name in found and _close(value, rule["value"], rule.get("tolerance", 0))
            failures += not good
            got = value if name in found else "missing"
            rest = f"{got} (expected {rule['value']} ± {rule.get('tolerance', 0)})"
            lines.append(f"{'ok  ' if good else 'FAIL'} {notebook} {name}: {rest}")
        lines += [f"note {notebook} {name}: no expectation" for name in found if name not in metrics]
    return lines, failures


def _close(value: float | None, expected: float | None, tolerance: float) -> bool:
    if value is None or expected is None:
        return value is expected
    return abs(value - expected) <= tolerance


def write_expectations(results: Path, expected: Path) -> None:
    """Write the present metrics as expectations: whole numbers exactly, others within 5 % or 0.02.

    A number that had a tolerance keeps it: some were set by hand, for what differs from machine to machine.
    """
    wanted, before = {}, read_json(expected) or {}
    for path in sorted(results.glob("[0-9][0-9]_*/metrics.json")):
        rules = wanted[path.parent.name] = {}
        for name, metric in read_json(path)["metrics"].items():
            value = metric["value"]
            exact = value is None or isinstance(value, int)
            tolerance = 0 if exact else round(max(0.02, 0.05 * abs(value)), 4)
            known = before.get(path.parent.name, {}).get(name, {})
            rules[name] = {"value": value, "tolerance": known.get("tolerance", tolerance)}
    write_json(expected, wanted)


def main(arguments: list[str] | None = None) -> int:
    """Command line; return 0 where everything holds."""
    arguments = sys.argv[1:] if arguments is None else arguments
    places = [a for a in arguments if a != "--write"]
    if len(places) != 2:
        print("usage: python -m tests.helpers.expectations [--write] results/PROFILE EXPECTED.json", file=sys.stderr)
        return 2
    results, expected = map(Path, places)
    if "--write" in arguments:
        write_expectations(results, expected)
    try:
        lines, failures = compare(results, expected)
    except SelipError as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(lines))
    print(f"metrics: {sum(line.startswith('ok') for line in lines)} as expected, {failures} not")
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())
