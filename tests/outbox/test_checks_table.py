"""Each kind of row has its checks in one table, by channel and recipient."""

import ast
import inspect

from chalicelib.domain.messaging.message import Channel, Recipient
from chalicelib.outbox import checks

CHECKS_OF_OPT_OUT = {checks._consent, checks._number, checks._own}


def test_every_check_that_is_written_is_asked_of_some_row() -> None:
    module = ast.parse(inspect.getsource(checks))
    written = {
        node.name
        for node in module.body
        if isinstance(node, ast.FunctionDef)
        and node.returns is not None
        and ast.unparse(node.returns) == "Verdict"
        and not node.name.startswith("judge")
    }
    asked = {check.__name__ for row in checks.CHECKS.values() for check in row}
    assert written - asked == {"_gone"}  # a part of `_step`


def test_every_row_is_asked_whether_it_is_void_still_owed_and_in_time() -> None:
    for row, asked in checks.CHECKS.items():
        assert {checks._void, checks._subject, checks._window} <= set(asked), row


def test_what_a_patient_agreed_to_is_asked_of_every_text_to_a_patient_and_of_nothing_else() -> None:
    assert {row for row, asked in checks.CHECKS.items() if set(asked) & CHECKS_OF_OPT_OUT} == {
        (Channel.TEXT, Recipient.PATIENT)
    }
