"""Coverage is judged by branches, and says where fewest were gone through."""

from __future__ import annotations

from typing import Any

import pytest

from supply.branches import tell


def _found(**files: tuple[int, int]) -> dict[str, Any]:
    return {
        "files": {
            name.replace("_", "/") + ".py": {
                "summary": {"covered_branches": gone, "num_branches": there}
            }
            for name, (gone, there) in files.items()
        },
        "totals": {
            "covered_branches": sum(gone for gone, _ in files.values()),
            "num_branches": sum(there for _, there in files.values()),
        },
    }


@pytest.mark.parametrize(("gone", "status"), [(80, 0), (79, 1)])
def test_nine_branches_in_ten_are_enough_and_fewer_are_not(
    gone: int, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    found = _found(evidence_a=(gone, 90), evidence_b=(10, 10), auditor_c=(0, 0))
    assert tell(found) == status
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[1] == ["auditor", "0", "0", "100.0%"]
    assert lines[2][:3] == ["evidence", str(gone + 10), "100"]
    assert lines[3][0] == "evidence/a.py" and len(lines) == 5
