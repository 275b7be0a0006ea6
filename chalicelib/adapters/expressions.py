"""Operations of a change as the items of a `TransactWriteItems` call."""

from collections.abc import Mapping
from typing import Any

from boto3.dynamodb.types import TypeSerializer

from chalicelib.adapters.rows import Row, conditions, due_attributes, row_of
from chalicelib.domain.change import Forget, Operation, Patch, Save, as_stored
from chalicelib.domain.conditions import AtMost, Condition, Is, OneOf

_serialize = TypeSerializer().serialize


def packed(values: Mapping[str, Any]) -> Row:
    """Values as DynamoDB's typed attributes; None is an absent attribute."""
    return {name: _serialize(value) for name, value in values.items() if value is not None}


def transact_item(operation: Operation, *, table: str, shards: int) -> dict[str, Any]:
    """One item of a transaction: a Put, Update, Delete or ConditionCheck."""
    writing = _Expression()
    clauses = [writing.clause(condition) for condition in conditions(operation)]
    item: dict[str, Any] = {"TableName": table}
    if clauses:
        item["ConditionExpression"] = " AND ".join(clauses)
    match operation:
        case Save(record):
            verb = "Put"
            item["Item"] = packed(row_of(record, shards=shards))
        case Patch():
            verb = "Update"
            item["UpdateExpression"] = writing.update(operation, shards=shards)
        case Forget():
            verb = "Delete"
        case _:
            verb = "ConditionCheck"
    if verb != "Put":
        item["Key"] = packed(operation.key._asdict())
    if writing.names:
        item["ExpressionAttributeNames"] = writing.names
    if writing.values:
        item["ExpressionAttributeValues"] = packed(writing.values)
    return {verb: item}


class _Expression:
    """The names and values that the expressions of one item share."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.values: dict[str, Any] = {}

    def clause(self, condition: Condition) -> str:
        name = self._name(condition.name)
        match condition:
            case Is(_, None):
                return f"attribute_not_exists({name})"
            case Is(_, value):
                return f"{name} = {self._value(value)}"
            case OneOf(_, wanted):
                return f"{name} IN ({', '.join(self._value(value) for value in wanted)})"
            case AtMost(_, limit):
                return f"(attribute_not_exists({name}) OR {name} <= {self._value(limit)})"

    def update(self, patch: Patch, *, shards: int) -> str:
        changes = as_stored(patch.set)
        changes |= due_attributes(patch.key, changes, shards=shards)
        sets = [
            f"{self._name(name)} = {self._value(value)}"
            for name, value in changes.items()
            if value is not None
        ]
        sets += [
            f"{self._name(name)} = list_append("
            f"if_not_exists({self._name(name)}, {self._value([])}), {self._value(list(lines))})"
            for name, lines in patch.append.items()
        ]
        removes = [self._name(name) for name, value in changes.items() if value is None]
        adds = [
            f"{self._name(name)} {self._value(number)}"
            for name, number in {"revision": 1, **patch.add}.items()
        ]
        parts = {"SET": sets, "REMOVE": removes, "ADD": adds}
        return " ".join(f"{verb} {', '.join(each)}" for verb, each in parts.items() if each)

    def _name(self, name: str) -> str:
        self.names[f"#{name}"] = name
        return f"#{name}"

    def _value(self, value: Any) -> str:
        placeholder = f":v{len(self.values)}"
        self.values[placeholder] = value
        return placeholder
