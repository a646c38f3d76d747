"""What the code cites of the method is there."""

import re

from tests.helpers.places import PACKAGE, ROOT, TESTS

PAGE = (ROOT / "docs" / "method.md").read_text(encoding="utf-8")


def test_every_section_that_is_cited_exists():
    sections = set(re.findall(r"^## (\d)\. ", PAGE, re.M))
    files = [*PACKAGE.rglob("*.py"), *TESTS.rglob("*.py"), *(ROOT / "notebooks").glob("*.ipynb")]
    cited = {number for path in files for number in re.findall(r"method\.md (\d)", path.read_text(encoding="utf-8"))}
    assert len(cited) > 4 and cited <= sections
