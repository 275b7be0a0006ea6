"""Patches and conditions name fields that there are, or are refused as they are made."""

import ast
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from chalicelib.adapters.rows import KINDS
from chalicelib.domain.change import Patch, Require, UnknownField
from chalicelib.domain.conditions import Is
from chalicelib.domain.people.phone import Phone
from chalicelib.domain.record import INDEX_ATTRIBUTES
from tests.house import modules_in

CODE = Path(__file__).parents[2] / "chalicelib"
MADE_HERE = {"domain/change.py"}
PHONE = Phone(number="+13165550142")
#: Whatever a row of some kind may hold, and how a patch is asked for.
KNOWN = INDEX_ATTRIBUTES.union(*(kind.model_fields for kind in KINDS.values()))
ASKED = {"when", "add", "append"}


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
        f"{file}:{node.lineno}"
        for file, module in modules_in(CODE).items()
        if file not in MADE_HERE
        for node in ast.walk(module)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("Patch", "Require")
    ]
    assert unchecked == []


@pytest.mark.parametrize(
    "misspelt",
    [
        'Is("opted_out", None)',
        'phone.as_read("number", "opted_out")',
        "Patch.of(stop, endd_at=now, when=())",
        'Patch.upsert(phone, number="x", add={"cuont": 1})',
    ],
)
def test_a_name_that_no_record_has_is_found_without_running_it(misspelt: str) -> None:
    assert len(set(_written_names(ast.parse(misspelt))) - KNOWN) == 1


def test_every_name_that_is_written_is_one_of_a_record() -> None:
    unknown = {
        f"{file}: {name}"
        for file, module in modules_in(CODE).items()
        for name in _written_names(module)
        if name not in KNOWN
    }
    assert not unknown


def _written_names(code: ast.Module) -> Iterator[str]:
    """The names of fields that conditions and patches are given as words."""
    for node in ast.walk(code):
        match node:
            case ast.Call(func=ast.Name(id="Is" | "OneOf" | "AtMost"), args=[named, *_]):
                yield from _words([named])
            case ast.Call(func=ast.Attribute(attr="as_read"), args=named_all):
                yield from _words(named_all)
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="Patch"), attr="of" | "upsert"), keywords=given
            ):
                yield from (each.arg for each in given if each.arg and each.arg not in ASKED)
                for each in given:
                    if each.arg in ASKED and isinstance(each.value, ast.Dict):
                        yield from _words(each.value.keys)


def _words(nodes: Iterable[ast.expr | None]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
