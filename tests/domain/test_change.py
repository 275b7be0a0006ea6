"""Patches and conditions name fields that there are, or are refused as they are made."""

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

from chalicelib.domain.change import Patch, Require, UnknownField
from chalicelib.domain.conditions import Is
from chalicelib.domain.people.phone import Phone

CODE = Path(__file__).parents[2] / "chalicelib"
MADE_HERE = {"domain/change.py"}
PHONE = Phone(number="+13165550142")


@pytest.mark.parametrize(
    "misspelt",
    [
        pytest.param(lambda: Patch.of(PHONE, opted_out=None), id="a value"),
        pytest.param(lambda: Patch.of(PHONE, add={"cuont": 1}), id="a count"),
        pytest.param(lambda: Patch.of(PHONE, append={"line": ("x",)}), id="a list"),
        pytest.param(lambda: Patch.of(PHONE, when=(Is("bad", None),)), id="a patch's condition"),
        pytest.param(lambda: Patch.upsert(PHONE, nubmer="x"), id="a row that may be new"),
        pytest.param(lambda: Patch.of(PHONE).only_if(Is("bad", None)), id="another condition"),
        pytest.param(lambda: Require.of(PHONE, Is("opted_out", None)), id="a requirement"),
        pytest.param(lambda: Require.of(PHONE, *PHONE.as_read("may_be_texted")), id="no field"),
        pytest.param(lambda: Require.of(Phone.ref("x"), Is("wellcome_id", None)), id="by key"),
    ],
)
def test_a_name_that_is_no_field_is_refused(misspelt: Callable[[], object]) -> None:
    with pytest.raises(UnknownField, match="Phone has no"):
        misspelt()


def test_a_row_that_may_be_new_says_which_kind_it_is() -> None:
    assert Patch.upsert(PHONE, number=PHONE.number).set == {
        "record": "phone",
        "number": PHONE.number,
    }


def test_every_patch_and_requirement_is_made_where_its_names_are_checked() -> None:
    unchecked = [
        f"{path.relative_to(CODE)}:{node.lineno}"
        for path in sorted(CODE.rglob("*.py"))
        if str(path.relative_to(CODE)) not in MADE_HERE
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("Patch", "Require")
    ]
    assert unchecked == []
