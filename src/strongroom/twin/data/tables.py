"""Items of DynamoDB tables: moto holds those of now, a history those of every earlier instant.

Of every item that a call touches it is recorded what the whole call made of it, so that a transaction which is rolled back leaves
nothing.
Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/PointInTimeRecovery_Howitworks.html and
https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-dynamodb.html
"""

import base64
import copy
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from strongroom.domain.names import Arn
from strongroom.semantics.restoretesting import NAME_PREFIX
from strongroom.twin.backup.inventory import backend_of
from strongroom.twin.backup.state import RestoreJob
from strongroom.twin.clock import instant as instant_of
from strongroom.twin.data.history import ALWAYS, History, Position, seen
from strongroom.twin.data.markers import Marker
from strongroom.twin.data.pasts import Pasts
from strongroom.twin.dispatch import before_first_use
from strongroom.twin.ports import ApiError

if TYPE_CHECKING:
    from strongroom.twin.app import App

_Key = tuple[str, ...]  # type and value of the partition key, and of the sort key
_NATIVE_LAG = timedelta(minutes=5)  # LatestRestorableDateTime is typically this long ago


class Tables(Pasts):
    """The keeper of items, by the ARN of their table."""

    def __init__(self, app: "App") -> None:
        super().__init__(app)
        self._taught = False
        self._touched: dict[tuple[str, _Key], tuple[Any, Any, Any, datetime]] = {}  # table, keys and when

    def teach(self) -> None:
        """Let moto's tables tell of their changes, before anybody writes into them."""
        if not self._taught:
            self._taught = True
            _teach(self)

    def touch(self, table: Any, hash_key: Any, range_key: Any) -> None:
        """Hear that an item is about to change; what an earlier call made of it is recorded first."""
        self._history(table)
        place = (str(table.table_arn), key_of(hash_key, range_key))
        if place in self._touched:
            self.settle()
        self._touched[place] = (table, hash_key, range_key, self.now())

    def settle(self) -> None:
        """Record what became of the items that were touched."""
        if not self._touched:
            return
        touched, self._touched = self._touched, {}
        for (arn, key), (table, hash_key, range_key, at) in touched.items():
            living = _table(arn) or table  # a rolled back transaction puts a copy in its place
            item = living.get_item(hash_key, range_key)
            history = self._histories.current(arn)
            if history is not None:
                history.record(at, key, *(_written(item) if item is not None else (None, 0)))

    def end(self, table: Any) -> None:
        """Hear that a table is deleted."""
        self.settle()
        self._histories.end(table.table_arn, self.now())

    def _history(self, table: Any) -> History:
        """Return the past of a table; its first item begins it."""
        known = self._histories.current(table.table_arn)
        return known if known is not None else self.begin(table)

    def begin(self, table: Any) -> History:
        """Begin the past of a table with what it holds, which it always held as far as anybody knows."""
        history = self._histories.begin(table.table_arn)
        for item in table.all_items():
            history.record(ALWAYS, key_of(item.hash_key, item.range_key), *_written(item))
        return history

    def fill(self, position: Position, job: RestoreJob, arn: str, instant: datetime | None) -> None:
        """Put the items into a new table."""
        self._put(arn, seen(position, instant))

    def _put(self, arn: str, items: Mapping[_Key, dict[str, Any]]) -> None:
        table = _table(arn)
        if table is None:
            return
        self.settle()
        table.items.clear()
        history, at = self._history(table), self.now()
        for key, attributes in items.items():
            item = _item(table, attributes)
            if table.has_range_key:
                table.items[item.hash_key][item.range_key] = item
            else:
                table.items[item.hash_key] = item
            history.record(at, key, *_written(item))

    def items_at(self, table: Any, at: datetime) -> dict[_Key, dict[str, Any]]:
        """Return the items of a table at an instant."""
        self.settle()
        history = self._history(table)
        return history.state(history.position_at(at))

    def refill(self, table: Any, items: Mapping[_Key, dict[str, Any]]) -> None:
        """Give a table that was just made these items."""
        self._histories.end(table.table_arn, self.now())
        self._put(table.table_arn, items)

    def rotted(self, key: _Key, value: dict[str, Any]) -> dict[str, Any]:
        """Return an item with other bits in one attribute that is no key, or with one more where it has only keys."""
        named = sorted(name for name, each in value.items() if next(iter(each.values())) not in key)
        if not named:
            return {**value, "\u0000": {"S": ""}}
        ((kind, content),) = value[named[0]].items()
        return {**value, named[0]: {"N": f"{content}1"} if kind == "N" else {"S": f"\u0000{content}"}}

    def control(self, method: str, path: str, document: Mapping[str, Any]) -> dict[str, Any]:
        """`GET ARN`: what is known of a table's items, `{"at": INSTANT}` for an earlier state."""
        self.settle()
        history = self._histories.current(unquote(path))
        if method != "GET" or history is None:
            raise ApiError("BadPath", f"there are no items of {path}; GET ARN is all there is, the rest is DynamoDB's own API")
        at = document.get("at")
        items = history.state(None if at is None else history.position_at(instant_of(at)))
        return {"items": list(items.values()), "size_bytes": sum(_written_size(each) for each in items.values())}

    def mark(self, marker: Marker) -> list[str]:
        """Write a marker into every table that gets it; returns their ARNs."""
        found = []
        self.teach()
        for table in _all_tables():
            if marker.goes_into(str(table.table_arn)) and not table.name.startswith(NAME_PREFIX):  # of a restore test
                table.put_item(_marked(table, marker))
                found.append(str(table.table_arn))
        self.settle()
        return found


def key_of(hash_key: Any, range_key: Any) -> _Key:
    """Return the keys of an item as texts."""
    own = (str(hash_key.type), str(hash_key.value))
    return own if range_key is None else (*own, str(range_key.type), str(range_key.value))


def _marked(table: Any, marker: Marker) -> dict[str, dict[str, str]]:
    """Return a marker as an item of a table, whatever its keys are: numbers, texts or bytes."""
    kinds = {table.hash_key_attr: table.hash_key_type, table.range_key_attr: table.range_key_type}
    text = marker.name.rpartition("/")[2]
    values = {"S": text, "N": str(marker.number), "B": base64.b64encode(text.encode()).decode()}
    keys = {name: {kind: values[kind]} for name, kind in kinds.items() if name}
    said = {"marker_number": {"N": str(marker.number)}, "marker_at": {"S": marker.at.isoformat()}}
    return said | {"marker_payload": {"S": marker.payload(table.table_arn)}} | keys


def _written(item: Any) -> tuple[dict[str, Any], int]:
    """Return an item's attributes, apart from moto's own objects, and its size by DynamoDB's rule (names and values)."""
    return copy.deepcopy(item.to_json()["Attributes"]), int(item.size())


def _written_size(attributes: Mapping[str, Any]) -> int:
    from moto.dynamodb.models.dynamo_type import DynamoType

    return sum(len(name.encode()) + int(DynamoType(value).size()) for name, value in attributes.items())


def _item(table: Any, attributes: Mapping[str, Any]) -> Any:
    from moto.dynamodb.models.dynamo_type import DynamoType, Item

    own = copy.deepcopy(dict(attributes))
    range_key = DynamoType(own[table.range_key_attr]) if table.range_key_attr else None
    return Item(DynamoType(own[table.hash_key_attr]), range_key, own)


def _table(arn: str) -> Any | None:
    parsed = Arn.parse(arn)
    backend = backend_of("dynamodb", parsed.account, parsed.region)
    return None if backend is None else backend.tables.get(parsed.resource.removeprefix("table/"))


def _all_tables() -> list[Any]:
    module = sys.modules.get("moto.dynamodb.models")
    if module is None:
        return []
    regions = [backend for regions in dict.values(module.dynamodb_backends) for backend in dict.values(regions)]
    return sorted((table for backend in regions for table in backend.tables.values()), key=lambda table: str(table.table_arn))


def _teach(tables: Tables) -> None:
    from moto.dynamodb.models import DynamoDBBackend
    from moto.dynamodb.models.table import Table

    put_item, delete_item, update_item = Table.put_item, Table.delete_item, DynamoDBBackend.update_item
    delete_table = DynamoDBBackend.delete_table

    def put(self: Any, item_attrs: dict[str, Any], *others: Any, **named: Any) -> Any:
        _touch_attributes(tables, self, item_attrs)
        return put_item(self, item_attrs, *others, **named)

    def delete(self: Any, hash_key: Any, range_key: Any) -> Any:
        tables.touch(self, hash_key, range_key)
        return delete_item(self, hash_key, range_key)

    def update(self: Any, table_name: str, key: dict[str, Any], *others: Any, **named: Any) -> Any:
        _touch_attributes(tables, self.get_table(table_name), key)
        return update_item(self, table_name, key, *others, **named)

    def end(self: Any, name: str) -> Any:
        table = delete_table(self, name)
        tables.end(table)
        return table

    Table.put_item, Table.delete_item, DynamoDBBackend.update_item = put, delete, update
    DynamoDBBackend.delete_table = end
    _teach_native(tables)


def _touch_attributes(tables: Tables, table: Any, attributes: Mapping[str, Any]) -> None:
    """Touch an item by its attributes; moto refuses those that lack keys."""
    from moto.dynamodb.models.dynamo_type import DynamoType

    names = [name for name in (table.hash_key_attr, table.range_key_attr) if name]
    if all(isinstance(attributes.get(name), dict) and attributes[name] for name in names):
        hash_key, *range_key = (DynamoType(attributes[name]) for name in names)
        tables.touch(table, hash_key, range_key[0] if range_key else None)


def _teach_native(tables: Tables) -> None:
    """Let the table's own point-in-time recovery and backups have the items of their instant."""
    from moto.dynamodb.exceptions import MockValidationException, PointInTimeRecoveryUnavailable
    from moto.dynamodb.models import DynamoDBBackend
    from moto.dynamodb.responses import DynamoHandler, DynamoResult

    restore, describe = DynamoDBBackend.restore_table_to_point_in_time, DynamoDBBackend.describe_continuous_backups
    from_backup = DynamoDBBackend.restore_table_from_backup

    def described(self: Any, table_name: str) -> Any:
        found = describe(self, table_name)
        told = found["PointInTimeRecoveryDescription"]
        if told["PointInTimeRecoveryStatus"] == "ENABLED":
            first, last = _window(found, tables.now())
            told = told | {"EarliestRestorableDateTime": first.timestamp(), "LatestRestorableDateTime": last.timestamp()}
        return found | {"PointInTimeRecoveryDescription": told}

    def to_point_in_time(self: Any) -> Any:
        backend, source = self.dynamodb_backend, self.body.get("SourceTableName") or self.body.get("SourceTableArn", "").rpartition("/")[2]
        table, at = backend.tables.get(source), tables.now()
        if table is None:
            return DynamoResult(restore(backend, self.body["TargetTableName"], source).describe())  # moto refuses it
        if table.continuous_backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] != "ENABLED":
            raise PointInTimeRecoveryUnavailable(name=source)
        first, last = _window(table.continuous_backups, at)
        given = self.body.get("RestoreDateTime")
        instant = last if given is None or self.body.get("UseLatestRestorableTime") else _instant(given)
        if not first.replace(microsecond=0) <= instant <= last:
            raise MockValidationException(f"Invalid RestoreDateTime: {instant:%Y-%m-%dT%H:%M:%SZ} is not within the restorable window")
        items = tables.items_at(table, instant)
        made = restore(backend, self.body["TargetTableName"], source)
        made.billing_mode, made.restore_date_time = table.billing_mode, instant.replace(tzinfo=None)
        tables.refill(made, items)
        return DynamoResult(made.describe())

    def restored(self: Any, target_table_name: str, backup_arn: str) -> Any:
        made = from_backup(self, target_table_name, backup_arn)
        tables.begin(made)
        return made

    DynamoDBBackend.describe_continuous_backups = described
    DynamoDBBackend.restore_table_from_backup = restored
    DynamoHandler.restore_table_to_point_in_time = to_point_in_time


def _instant(given: Any) -> datetime:
    """Return an instant as moto parsed it: seconds, or without its zone."""
    at = given if isinstance(given, datetime) else datetime.fromtimestamp(float(given), UTC)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _window(described: Mapping[str, Any], at: datetime) -> tuple[datetime, datetime]:
    """Return the first and the last instant to which a table can be restored natively."""
    told = described["PointInTimeRecoveryDescription"]
    enabled = datetime.fromtimestamp(float(told["EarliestRestorableDateTime"]), UTC)
    first = max(enabled, at - timedelta(days=int(told.get("RecoveryPeriodInDays", 35))))
    return first, max(first, at - _NATIVE_LAG)


def install(app: "App") -> Tables:
    """Return the keeper of items, of which moto's DynamoDB learns when it is first used."""
    tables = Tables(app)
    before_first_use("dynamodb", tables.teach)
    return tables
