"""An inventory as columns: what every resource says about itself, kept once for all resources that say the same.

A row is a form (type and switches, parsed once for each that occurs), an account, a Region, an ARN and tags. What an estate
can't tell apart is counted without looking at a single resource: a million of them take about two seconds.

Of this room only this module and those that make it (`inventory_csv`, `inventory_table`) know pyarrow; it is imported
when there is an inventory to read.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from typing import Any, Final, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from strongroom.checks.inventory import EXAMPLES, Interest, Inventory, Resource, UnreadPart, UnsupportedResource
from strongroom.checks.inventory_rows import COLUMNS, TAG_PREFIX, RowError, resource
from strongroom.domain.names import AccountId, Region
from strongroom.errors import BadInput
from strongroom.semantics.selection import arn_regex, is_exact

_ARN: Final = r"(?s)^arn:[^:]*:[^:]+:[^:]*:[^:]*:.+$"  # as domain.names.Arn
_FORM: Final = tuple(name for name in COLUMNS if name not in {"arn", "account", "region", "tags"})
_CODES_MAX: Final = 2**62
# Stands for the parts of a row that are looked at by themselves.
_ANYWHERE: Final = {"arn": "arn:aws:x:eu-west-2:111122223333:x"}
Codes: TypeAlias = Any  # a pyarrow.Int64Array


@dataclass(frozen=True, kw_only=True, eq=False)
class Tags:
    """All tags of all resources, one after the other; of two with one key the later one holds."""

    rows: Codes  # which resource
    keys: Codes  # positions in `names`
    names: tuple[str, ...]
    values: Any  # texts

    def of(self, key: str, length: int) -> tuple[Codes, list[str]]:
        """Return the value of a key for each resource, 0 for none, and the values from 1."""
        found = _last(pc.indices_nonzero(pc.equal(self.keys, self.names.index(key))), self.rows)
        values = self.values.take(found).dictionary_encode()
        codes = pc.scatter(values.indices.cast(pa.int64()), self.rows.take(found), max_index=length - 1)
        return pc.add(pc.fill_null(codes, -1), 1), values.dictionary.to_pylist()

    def kept(self, mask: Any) -> "Tags":
        """Return the tags of the resources in a mask, which are counted anew."""
        inside = mask.take(self.rows)
        places = pc.subtract(pc.cumulative_sum(mask.cast(pa.int64())), 1)
        rows = places.take(self.rows.filter(inside))
        return Tags(rows=rows, keys=self.keys.filter(inside), names=self.names, values=self.values.filter(inside))


@dataclass(frozen=True, kw_only=True, eq=False)
class Columns:
    """An inventory as columns of one length."""

    arns: Any  # texts
    form: Codes  # positions in `forms`
    forms: tuple[Resource | UnsupportedResource, ...]  # whose ARN, account, Region and tags mean nothing
    account: Codes  # positions in `accounts`
    accounts: tuple[AccountId, ...]
    region: Codes  # positions in `regions`
    regions: tuple[Region, ...]
    tags: Tags
    unread: tuple[UnreadPart, ...] = ()

    def within(self, accounts: frozenset[str]) -> "Columns":
        """Return what lies in some accounts."""
        inside = [number for number, account in enumerate(self.accounts) if account in accounts]
        mask = pc.is_in(self.account, value_set=pa.array(inside, pa.int64()))
        return replace(
            self,
            arns=self.arns.filter(mask),
            form=self.form.filter(mask),
            account=self.account.filter(mask),
            region=self.region.filter(mask),
            tags=self.tags.kept(mask),
            unread=tuple(each for each in self.unread if each.account in accounts),
        )

    def alike(self, interest: Interest) -> Inventory:
        """Return the resources, those as one that an estate can't tell apart."""
        found = tuple(self._groups(interest)) if len(self.arns) else ()
        return Inventory(
            resources=tuple(each for each in found if isinstance(each, Resource)),
            unsupported=tuple(each for each in found if isinstance(each, UnsupportedResource)),
            unread=self.unread,
        )

    def _groups(self, interest: Interest) -> Iterator[Resource | UnsupportedResource]:
        tags = {key: self.tags.of(key, len(self.arns)) for key in sorted(self.tags.names) if interest.tag(key)}
        codes = [self.form, _of_interest(self.account, self.accounts, interest.accounts)]
        codes += [_of_interest(self.region, self.regions, interest.regions), *(values for values, _ in tags.values())]
        codes += [self._matching(pattern) for pattern in interest.arns]
        examples, counts = self._examples(_numbered(codes))
        first = pa.array([rows[0] for rows in examples])
        places = (self.form, self.account, self.region, *(values for values, _ in tags.values()))
        said = zip(*(place.take(first).to_pylist() for place in places), strict=True)
        for rows, count, (form, account, region, *values) in zip(examples, counts, said, strict=True):
            names = self.arns.take(pa.array(rows)).to_pylist()
            yield replace(
                self.forms[form],
                arn=names[0],
                account=self.accounts[account],
                region=self.regions[region],
                tags=tuple((key, texts[value - 1]) for value, (key, (_, texts)) in zip(values, tags.items(), strict=True) if value),
                count=count,
                more=tuple(names[1:]),
            )

    def _matching(self, pattern: str) -> Codes:
        if is_exact(pattern):
            found = pc.equal(self.arns, pattern)
        else:
            found = pc.match_substring_regex(self.arns, pattern=f"(?s)^(?:{arn_regex(pattern)})$")
        return found.cast(pa.int64())

    def _examples(self, groups: Codes) -> tuple[list[list[int]], list[int]]:
        """Return the rows with the first ARNs of each group, and the number of its rows."""
        order = self._by_arn.take(pc.array_sort_indices(groups.take(self._by_arn)))  # both are stable
        counted = pa.table({"group": groups}).group_by("group").aggregate([([], "count_all")]).sort_by("group")
        counts: list[int] = counted["count_all"].to_pylist()
        begins = accumulate(counts, initial=0)
        return [order.slice(begin, min(count, EXAMPLES)).to_pylist() for begin, count in zip(begins, counts, strict=False)], counts

    @cached_property
    def _by_arn(self) -> Any:
        return pc.array_sort_indices(self.arns)


def columns(written: Mapping[str, Any], *, where: Callable[[int], str], hint: str, unread: tuple[UnreadPart, ...] = ()) -> Columns:
    """Return the inventory of columns of one length; `written` has Arrow arrays by the names of `inventory_rows.column`.

    Raises BadInput for the first row that can't be used, which `where` names by its position.
    """
    texts = {name: _text(column) for name, column in written.items() if name != "tags" or not _is_nested(column)}
    trimmed = {name: pc.utf8_trim_whitespace(column) for name, column in texts.items() if name in COLUMNS and name != "tags"}
    form, first = _forms(trimmed)
    forms = [_parsed(_ANYWHERE | _cells(trimmed, row, _FORM)) for row in first]
    account, accounts = _coded(_filled(trimmed, "account", 4))
    region, regions = _coded(_filled(trimmed, "region", 3))
    tags, stray = _tags({**texts, **{name: column for name, column in written.items() if name == "tags" and name not in texts}})
    wrong = [row for row, made in zip(first, forms, strict=True) if made is None]
    wrong += _first_wrong(account, [_is(AccountId.parse, each) for each in accounts])
    wrong += _first_wrong(region, [_is(Region.parse, each) for each in regions])
    wrong += pc.indices_nonzero(pc.invert(pc.match_substring_regex(trimmed["arn"], pattern=_ARN)))[:1].to_pylist()
    if wrong := [*wrong, *stray]:
        row = min(wrong)
        _refuse(_cells(texts, row, tuple(texts)), where(row), hint)
    distinct = {made: number for number, made in enumerate(dict.fromkeys(forms))}  # yes and true are one
    return Columns(
        arns=trimmed["arn"],
        form=pa.array([distinct[made] for made in forms], pa.int64()).take(form),
        forms=tuple(made for made in distinct if made is not None),
        account=account,
        accounts=tuple(map(AccountId, accounts)),
        region=region,
        regions=tuple(map(Region, regions)),
        tags=tags,
        unread=unread,
    )


def _refuse(cells: Mapping[str, str], where: str, hint: str) -> None:
    try:
        resource(cells)
    except RowError as error:
        raise BadInput(f"{where}: {error}", hint=hint) from error


def _parsed(cells: Mapping[str, str]) -> Resource | UnsupportedResource | None:
    try:
        return resource(cells)
    except RowError:
        return None


def _is(parse: Callable[[str], object], text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True


def _whole(column: Any) -> Any:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _is_nested(column: Any) -> bool:
    return bool(pa.types.is_nested(column.type))


def _text(column: Any) -> Any:
    """Return a column as text; truth values as `true` and `false`, null as the empty text."""
    return pc.fill_null(_whole(column).cast(pa.string()), "")


def _cells(texts: Mapping[str, Any], row: int, names: Sequence[str]) -> dict[str, str]:
    return {name: texts[name][row].as_py() for name in names if name in texts}


def _coded(texts: Any) -> tuple[Codes, list[str]]:
    """Return the position of each text among the distinct ones, and these."""
    encoded = texts.dictionary_encode()
    return encoded.indices.cast(pa.int64()), encoded.dictionary.to_pylist()


def _forms(texts: Mapping[str, Any]) -> tuple[Codes, list[int]]:
    """Return which form each row has, and the first row of each form."""
    numbers = _numbered([_coded(texts[name])[0] for name in _FORM if name in texts])
    rows = pa.table({"form": numbers, "row": pa.array(range(len(numbers)), pa.int64())})
    return numbers, rows.group_by("form").aggregate([("row", "min")]).sort_by("form")["row_min"].to_pylist()


def _filled(texts: Mapping[str, Any], name: str, part: int) -> Any:
    """Return a column, with a part of the ARN where it says nothing."""
    parts = pc.replace_substring_regex(texts["arn"], pattern=rf"(?s)^(?:[^:]*:){{{part}}}([^:]*):.*$", replacement=r"\1")
    if name not in texts:
        return parts
    empty = pc.equal(texts[name], "")
    return pc.if_else(empty, parts, texts[name]) if pc.any(empty).as_py() else texts[name]


def _first_wrong(codes: Codes, right: Sequence[bool]) -> list[int]:
    """Return the first row whose code is not right, if any."""
    wrong = pa.array([number for number, each in enumerate(right) if not each], pa.int64())
    found: list[int] = pc.indices_nonzero(pc.is_in(codes, value_set=wrong))[:1].to_pylist()
    return found


def _numbered(codes: Iterable[Codes]) -> Codes:
    """Return one number for each combination of codes, from 0 without a gap."""
    numbers, size = None, 1
    for column in codes:
        width = (pc.max(column).as_py() or 0) + 1
        if size * width > _CODES_MAX:
            numbers = _dense(numbers)
            size = pc.max(numbers).as_py() + 1
        numbers, size = column if numbers is None else pc.add(pc.multiply(numbers, width), column), size * width
    return _dense(numbers)


def _dense(numbers: Codes) -> Codes:
    return numbers.dictionary_encode().indices.cast(pa.int64())


def _of_interest(codes: Codes, names: Sequence[str], asked: frozenset[str]) -> Codes:
    """Return codes of which all that nobody asks for are 0."""
    return pa.array([number + 1 if name in asked else 0 for number, name in enumerate(names)], pa.int64()).take(codes)


def _tags(written: Mapping[str, Any]) -> tuple[Tags, list[int]]:
    """Return all tags, and the first row whose text is none; a column of one tag outranks the column of all."""
    parts, stray = _written_tags(_whole(written["tags"])) if "tags" in written else ([], [])
    for name, column in written.items():
        if name.startswith(TAG_PREFIX):
            parts.append(_one_key(name.removeprefix(TAG_PREFIX), column, pc.not_equal(column, "")))
    none = pa.array([], pa.string())
    keys, names = _coded(pa.concat_arrays([keys for _, keys, _ in parts] or [none]))
    rows = pa.concat_arrays([rows for rows, *_ in parts] or [pa.array([], pa.int64())])
    values = pa.concat_arrays([values for *_, values in parts] or [none])
    return Tags(rows=rows, keys=keys, names=tuple(names), values=values), stray


def _last(places: Any, rows: Codes) -> Any:
    """Return the last place of each row among some places."""
    found = rows.take(places)
    if pc.count_distinct(found).as_py() == len(found):
        return places
    return pa.table({"row": found, "place": places}).group_by("row").aggregate([("place", "max")])["place_max"].combine_chunks()


def _one_key(key: str, values: Any, mask: Any) -> tuple[Codes, Any, Any]:
    rows = pc.indices_nonzero(mask)
    return rows.cast(pa.int64()), pa.repeat(pa.scalar(key, pa.string()), len(rows)), values.take(rows)


def _written_tags(column: Any) -> tuple[list[tuple[Codes, Any, Any]], list[int]]:
    """Return rows, keys and values of a column of tags: a map, a struct, or texts such as key=value;key=value."""
    if pa.types.is_struct(column.type):
        fields = [(field.name, column.field(number).cast(pa.string())) for number, field in enumerate(column.type)]
        return [_one_key(name, values, pc.is_valid(values)) for name, values in fields], []
    if pa.types.is_map(column.type):
        pairs = column.cast(pa.list_(pa.struct([pa.field("key", pa.string(), nullable=False), pa.field("value", pa.string())])))
        keys, values = pairs.flatten().flatten()
        known = pc.is_valid(values)
        return [(pc.list_parent_indices(pairs).filter(known).cast(pa.int64()), keys.filter(known), values.filter(known))], []
    split = pc.split_pattern(column, pattern=";")
    pairs, rows = split.flatten(), pc.list_parent_indices(split).cast(pa.int64())
    paired = pc.match_substring(pairs, "=")
    stray = rows.filter(pc.and_(pc.invert(paired), pc.not_equal(pc.utf8_trim_whitespace(pairs), "")))
    halves = pc.split_pattern(pairs.filter(paired), pattern="=", max_splits=1)
    found = (rows.filter(paired), pc.utf8_ltrim_whitespace(pc.list_element(halves, 0)), pc.list_element(halves, 1))
    return [found], stray[:1].to_pylist()
