"""The table and the queue made from `.chalice/resources.json`, the file that deploys them.

Works on moto and on any other DynamoDB; what only AWS has (its key, recovery) is left out.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

RESOURCES = Path(__file__).parents[2] / ".chalice" / "resources.json"
#: The properties of a table that an emulator supports; the rest is encryption, recovery,
#: protection.
_OF_A_TABLE = (
    "AttributeDefinitions",
    "BillingMode",
    "GlobalSecondaryIndexes",
    "KeySchema",
)


def load_resources(path: Path = RESOURCES) -> dict[str, Any]:
    """The resources by their logical names."""
    resources: dict[str, Any] = json.loads(path.read_text())["Resources"]
    return resources


def create_table_from(resources: Mapping[str, Any], client: Any, table_name: str) -> None:
    """Create the table, ready for use, with its expiry of rows. An existing one is kept."""
    properties = resources["Table"]["Properties"]
    try:
        client.create_table(
            TableName=table_name, **{name: properties[name] for name in _OF_A_TABLE}
        )
    except client.exceptions.ResourceInUseException:
        return
    client.get_waiter("table_exists").wait(
        TableName=table_name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    client.update_time_to_live(
        TableName=table_name, TimeToLiveSpecification=properties["TimeToLiveSpecification"]
    )


def delete_table(client: Any, table_name: str) -> None:
    """Delete the table, if it exists."""
    try:
        client.delete_table(TableName=table_name)
    except client.exceptions.ResourceNotFoundException:
        return
    client.get_waiter("table_not_exists").wait(
        TableName=table_name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )


def create_queue_from(resources: Mapping[str, Any], client: Any, queue_name: str) -> str:
    """Create the queue with its dead-letter queue; returns its URL."""
    properties = resources["Outbox"]["Properties"]
    redrive = properties["RedrivePolicy"]
    dead_letters, _ = redrive["deadLetterTargetArn"]["Fn::GetAtt"]
    dead_url = _create_queue(client, f"{queue_name}-dead", resources[dead_letters]["Properties"])
    dead = client.get_queue_attributes(QueueUrl=dead_url, AttributeNames=["QueueArn"])
    policy = redrive | {"deadLetterTargetArn": dead["Attributes"]["QueueArn"]}
    return _create_queue(client, queue_name, properties | {"RedrivePolicy": policy})


def _create_queue(client: Any, name: str, properties: Mapping[str, Any]) -> str:
    # SQS takes every attribute as text; other values are sent as JSON.
    attributes = {key: json.dumps(value) for key, value in properties.items()}
    url: str = client.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return url
