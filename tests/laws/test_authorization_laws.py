"""Laws of the authorization evaluator that hold for any policies, and a naive interpreter that shares no code with it."""

import fnmatch
import json
import re
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from strongroom.domain.access import PrincipalKind
from strongroom.domain.origin import Unread
from strongroom.semantics.authorization.evaluate import decide, explain, verdict_of
from strongroom.semantics.authorization.model import Actor, Context, Level, Target, Verdict
from strongroom.semantics.authorization.patterns import arn_glob, glob, pieces, resource_glob
from strongroom.semantics.authorization.policy import parse
from strongroom.semantics.authorization.request import Request
from strongroom.semantics.authorization.truth import Truth

QUICK = settings(max_examples=150, deadline=None)
HERE, THERE = "111122223333", "444455556666"
ROLE = f"arn:aws:iam::{HERE}:role/ops"
ACTIONS = ("backup:StartBackupJob", "backup:CopyIntoBackupVault", "kms:Decrypt", "kms:ReEncryptFrom", "s3:GetObject", "sts:AssumeRole")
RESOURCES = (
    f"arn:aws:backup:eu-west-2:{HERE}:backup-vault:local",
    f"arn:aws:kms:eu-west-2:{HERE}:key/k1",
    "arn:aws:s3:::data/x",
    f"arn:aws:iam::{HERE}:role/other",
)
KEYS = {"aws:sourcevpce": ("vpce-1", "vpce-2"), "s3:prefix": ("home/", "ab"), "aws:tagkeys": ("team", "cost")}
LEVELS = [Verdict.DENIED, Verdict.UNKNOWN, Verdict.ALLOWED]

action_patterns = st.sampled_from([*ACTIONS, "*", "backup:*", "kms:*Encrypt*", "KMS:decrypt", "s3:Get?bject", "sts:*"])
resource_patterns = st.sampled_from([*RESOURCES, "*", "arn:aws:backup:*", f"arn:aws:*:*:{HERE}:*", "arn:aws:s3:::data/${aws:username}"])
mostly = st.integers(0, 4).map(bool)  # one_of takes equal alternatives for one, so that it can't be weighted
compared = st.sampled_from(
    ["StringEquals", "StringNotEquals", "StringLikeIfExists", "ForAllValues:StringLike", "ForAnyValue:StringNotEquals"]
)


@st.composite
def conditions(draw):
    """One condition on a key that a call may have, with values that it may have."""
    key = draw(st.sampled_from(list(KEYS)))
    return {draw(compared): {key: draw(st.lists(st.sampled_from([*KEYS[key], "*"]), min_size=1, max_size=2))}}


NAMES = [HERE, ROLE, "*", f"arn:aws:iam::{THERE}:root", f"arn:aws:sts::{HERE}:assumed-role/ops/ann"]


@st.composite
def statements(draw, effects=("Allow", "Deny"), *, principal=False):
    """A statement of an identity policy, or of a resource policy."""
    found = {"Effect": draw(st.sampled_from(effects))}
    found["Action" if draw(mostly) else "NotAction"] = draw(st.lists(action_patterns, min_size=1, max_size=2)) if draw(mostly) else ["*"]
    found["Resource" if draw(mostly) else "NotResource"] = (
        draw(st.lists(resource_patterns, min_size=1, max_size=2)) if draw(mostly) else ["*"]
    )
    if draw(st.booleans()):
        found["Condition"] = draw(conditions())
    if principal:
        found["Principal"] = {"AWS": draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=2))}
    return found


def policy(*found, name="p"):
    return parse(json.dumps({"Version": "2012-10-17", "Statement": list(found)}), name=name)


@st.composite
def policies(draw, **others):
    """Some statements; often one that allows much, so that the others matter."""
    found = draw(st.lists(statements(**others), max_size=3))
    if draw(mostly):
        broad = {"Effect": "Allow", "Action": draw(st.sampled_from(["*", "*", "kms:*", "backup:*"])), "Resource": "*"}
        found.append(broad | ({"Principal": {"AWS": draw(st.sampled_from(NAMES))}} if others.get("principal") else {}))
    return policy(*found)


ANYTHING = policy({"Effect": "Allow", "Action": "*", "Resource": "*"}, name="FullAWSAccess")


@st.composite
def questions(draw):
    """A whole question: who, what, of which resource, with which policies and which values of the context."""
    rails = [() if draw(mostly) else (draw(policies()),) for _ in range(2)]
    actor = Actor(
        kind=PrincipalKind.ROLE if draw(mostly) else draw(st.sampled_from([PrincipalKind.USER, PrincipalKind.ROOT])),
        arn=ROLE,
        account=HERE,
        session=draw(st.sampled_from(["", "ann"])),
        identity=tuple(draw(st.lists(policies(), min_size=1, max_size=2))) if draw(mostly) else Unread("x"),
        boundary=None if draw(mostly) else draw(st.one_of(policies(), st.just(Unread("y")))),
        session_policies=() if draw(mostly) else (draw(policies()),),
        controls=tuple(Level(place=place, policies=(ANYTHING, *rail)) for place, rail in zip(("r-1", "ou-1"), rails, strict=True)),
    )
    target = Target(
        arn=draw(st.sampled_from(RESOURCES)),
        account=HERE if draw(mostly) else THERE,
        policy=draw(st.one_of(st.none(), policies(principal=True))) if draw(mostly) else Unread("z"),
    )
    known = {key: tuple(draw(st.lists(st.sampled_from(values), max_size=2))) for key, values in KEYS.items() if draw(mostly)}
    absent = frozenset(key for key in KEYS if key not in known and draw(st.booleans()))
    return actor, draw(st.sampled_from(ACTIONS)), target, Context(values=known, absent=absent)


@st.composite
def conditional(draw):
    """A question that one statement with a condition decides: on the way of an identity, a control policy or a resource."""
    effect = draw(st.sampled_from(["Allow", "Deny"]))
    statement = {"Effect": effect, "Action": "*", "Resource": "*", "Condition": draw(conditions())}
    place = draw(st.sampled_from(["identity", "boundary", "control", "resource"]))
    decisive = policy(statement | ({"Principal": "*"} if place == "resource" else {}), name="decisive")
    both = (decisive,) if effect == "Allow" else (ANYTHING, decisive)
    boundary = policy({"Effect": "Allow", "Action": "*", "Resource": "*"}, statement) if effect == "Deny" else decisive
    actor = Actor(
        kind=PrincipalKind.ROLE,
        arn=ROLE,
        account=HERE,
        identity=both if place == "identity" else () if (place, effect) == ("resource", "Allow") else (ANYTHING,),
        boundary=boundary if place == "boundary" else None,
        controls=(Level(place="r-1", policies=both),) if place == "control" else (),
    )
    target = Target(arn=RESOURCES[0], account=HERE, policy=decisive if place == "resource" else None)
    known = {key: tuple(draw(st.lists(st.sampled_from(values), max_size=2))) for key, values in KEYS.items()}
    return actor, ACTIONS[0], target, Context(values=known)


def rank(question):
    return LEVELS.index(decide(*question).verdict)


@QUICK
@given(questions(), statements(effects=("Deny",)), st.sampled_from(["identity", "boundary", "session", "control", "resource"]))
def test_a_denial_more_never_allows_more(question, statement, place):
    """Wherever a Deny is added, the answer is the same or nearer to denied."""
    actor, action, target, context = question
    more = policy(statement, name="more")
    if place == "identity" and not isinstance(actor.identity, Unread):
        actor = replace(actor, identity=(*actor.identity, more))
    elif place == "session":
        actor = replace(actor, session_policies=(*actor.session_policies, more))
    elif place == "boundary" and actor.boundary is None:
        actor = replace(actor, boundary=policy({"Effect": "Allow", "Action": "*", "Resource": "*"}, statement))
    elif place == "control":
        actor = replace(actor, controls=(*actor.controls, Level(place=HERE, policies=(ANYTHING, more))))
    elif place == "resource" and target.policy is None:
        target = replace(target, policy=policy(statement | {"Principal": "*"}))
    assert rank((actor, action, target, context)) <= rank(question)


@QUICK
@given(questions(), st.sampled_from(["identity", "boundary", "session", "control", "resource", "no level"]))
def test_a_denial_of_everything_denies(question, place):
    """Wherever it stands, and whatever else isn't known; so does a level of control policies that allows nothing."""
    actor, action, target, context = question
    shut = policy({"Effect": "Deny", "Action": "*", "Resource": "*"} | ({"Principal": "*"} if place == "resource" else {}))
    changed = {
        "identity": {"identity": (ANYTHING, shut)},
        "boundary": {"boundary": shut},
        "session": {"session_policies": (ANYTHING, shut)},
        "control": {"controls": (Level(place="r-1", policies=(ANYTHING, shut)),)},
        "no level": {"controls": (Level(place="r-1", policies=(ANYTHING,)), Level(place="ou-1", policies=()))},
    }
    actor = replace(actor, kind=PrincipalKind.ROLE, **changed.get(place, {}))
    target = replace(target, policy=shut) if place == "resource" and target.arn != RESOURCES[3] else target
    if place != "resource" or (target.policy is shut and action.partition(":")[0] == target.arn.split(":")[2]):
        assert decide(actor, action, target, context).verdict is Verdict.DENIED


@QUICK
@given(conditional())
def test_a_value_that_is_not_known_makes_the_answer_unknown_and_nothing_else(question):
    """Of a call of which nothing is told, the answer is the same as of any other call, or unknown."""
    actor, action, target, _ = question
    told, untold = decide(*question).verdict, decide(actor, action, target, Context())
    assert untold.verdict in {told, Verdict.UNKNOWN}
    assert untold.verdict is Verdict.UNKNOWN
    assert set(untold.missing) <= set(KEYS)


@QUICK
@given(questions(), st.sampled_from(["identity", "boundary", "controls", "policy", "context", "value"]))
def test_knowing_less_never_allows_what_was_not_allowed(question, part):
    """What is no longer known leaves the answer as it was or makes it unknown; it never turns another answer into allowed."""
    actor, action, target, context = question
    if part == "policy":
        target = replace(target, policy=Unread("lost"))
    elif part == "context":
        context = Context()
    elif part == "value" and context.values:
        context = replace(context, values=dict(list(context.values.items())[1:]))
    elif part in {"identity", "boundary", "controls"}:
        actor = replace(actor, **{part: Unread("lost")})
    before, after = decide(*question).verdict, decide(actor, action, target, context).verdict
    if before is not Verdict.ALLOWED:
        assert after is not Verdict.ALLOWED
    if part in {"context", "value"}:
        assert after in {before, Verdict.UNKNOWN}


@QUICK
@given(questions(), statements(effects=("Allow",)), st.integers(0, 1))
def test_a_wider_allow_never_allows_less(question, statement, which):
    """Action * instead of some, Resource * instead of some: the same answer or nearer to allowed."""
    actor, action, target, context = question
    narrow = {key: value for key, value in statement.items() if not key.startswith("Not")}
    narrow = {"Action": ["kms:Decrypt"], "Resource": list(RESOURCES[:2])} | narrow
    wide = narrow | ({"Action": "*"} if which else {"Resource": "*"})
    own = () if isinstance(actor.identity, Unread) else actor.identity
    answers = [rank((replace(actor, identity=(*own, policy(each))), action, target, context)) for each in (narrow, wide)]
    assert answers[0] <= answers[1]


@QUICK
@given(questions())
def test_an_unknown_answer_says_what_is_missing(question):
    """And only an unknown one does; every answer has words and a layer."""
    decision = decide(*question)
    assert bool(decision.missing) == (decision.verdict is Verdict.UNKNOWN)
    assert decision.because
    assert decision.because[-1] != "."


@QUICK
@given(questions())
def test_explaining_and_the_verdict_alone_agree_with_deciding(question):
    """Three ways to ask, one answer; the layers contain the statement that decides."""
    decision, explained = decide(*question), explain(*question)
    assert replace(explained, layers=()) == decision
    verdict = {Truth.NO: Verdict.DENIED, Truth.MAYBE: Verdict.UNKNOWN, Truth.YES: Verdict.ALLOWED}[verdict_of(Request(*question))]
    assert verdict is decision.verdict
    if decision.ground.statement is not None:
        assert decision.ground in [ground for layer, _, grounds in explained.layers for ground in grounds if layer is decision.ground.layer]


@QUICK
@given(questions(), st.permutations(range(4)))
def test_the_order_of_policies_and_statements_does_not_matter(question, order):
    """Neither for the verdict nor for whether it is known."""
    actor, action, target, context = question
    if isinstance(actor.identity, Unread):
        return
    found = [json.loads(each.body.text)["Statement"] for each in reversed(actor.identity)]
    shuffled = [policy(*(each[place] for place in order if place < len(each))) for each in found]
    assert rank((replace(actor, identity=tuple(shuffled)), action, target, context)) == rank(question)


VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.sampled_from(["*", "Allow", "s3:*", "${", "${a}"])
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["AWS", "Service", "Bool", "k"]), inner, max_size=2)
    ),
    max_leaves=6,
)
ELEMENTS = st.dictionaries(
    st.sampled_from(["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition", "Else"]),
    VALUES,
)
DOCUMENTS = st.one_of(
    VALUES, st.fixed_dictionaries({"Statement": st.one_of(ELEMENTS, st.lists(ELEMENTS, max_size=3))}, optional={"Version": VALUES})
)


@QUICK
@given(st.one_of(st.text(max_size=20), DOCUMENTS.map(json.dumps)))
def test_no_text_makes_the_reader_fail(text):
    """Whatever stands there: a policy with problems, that allows nothing by a statement with one."""
    found = parse(text, name="p")
    actor = Actor(kind=PrincipalKind.ROLE, arn=ROLE, account=HERE, identity=(found,))
    decision = explain(actor, "s3:GetObject", Target(arn="arn:aws:s3:::data/x", account=HERE))
    broken = {problem.path[1] for problem in found.problems if len(problem.path) > 1}
    assert decision.verdict is not Verdict.ALLOWED or decision.ground.statement not in broken
    assert decision.verdict is not Verdict.ALLOWED or all(problem.path for problem in found.problems)


def naive_pattern(pattern, text):
    """Wildcards by the standard library: brackets are its own, so they are taken out of its hands."""
    return fnmatch.fnmatchcase(text, re.sub(r"\[", "[[]", pattern))


def naive_arn(pattern, arn):
    """Part by part, the last with all its colons."""
    parts, wanted = arn.split(":", 5), pattern.split(":", 5)
    return len(parts) == len(wanted) == 6 and all(naive_pattern(*pair) for pair in zip(wanted, parts, strict=True))


TEXTS = st.text("ab:*?[]/\n", max_size=8)


@QUICK
@given(TEXTS, TEXTS)
def test_patterns_are_those_of_a_naive_matcher(pattern, text):
    """Any text against any pattern."""
    assert glob(pieces(pattern))(text) == naive_pattern(pattern, text)


@QUICK
@given(
    st.lists(st.sampled_from(["a", "*", "?", "b*", ""]), min_size=6, max_size=8),
    st.lists(st.sampled_from(["a", "bc", "", "b"]), min_size=6, max_size=8),
)
def test_arn_patterns_are_those_of_a_naive_matcher(pattern, arn):
    """Wildcards stay in their part."""
    test = arn_glob(pieces(":".join(pattern)))
    assert test is not None
    assert test(":".join(arn)) == naive_arn(":".join(pattern), ":".join(arn))


def naive_resource(pattern, arn, colons=0):
    """One character after the other: a star stays in its part of an ARN unless it ends the part, or the part is the last one."""
    if not pattern:
        return not arn
    head, rest = pattern[0], pattern[1:]
    if head == "*":
        stays = colons < 5 and rest[:1] not in {"", ":"}
        return naive_resource(rest, arn, colons) or (
            arn != "" and not (stays and arn[0] == ":") and naive_resource(pattern, arn[1:], colons)
        )
    if arn == "" or (head == "?" and colons < 5 and arn[0] == ":") or head not in {"?", arn[0]}:
        return False
    return naive_resource(rest, arn[1:], colons + (head == ":"))


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.sampled_from(["a", "*", "?", ":", "*:", "a*b", ":*a"]), max_size=9).map("".join),
    st.lists(st.sampled_from(["a", "b", ":", "ab", ":a"]), max_size=9).map("".join),
)
def test_patterns_of_resources_are_those_of_a_naive_matcher(pattern, arn):
    """AWS's rule for stars within and at the end of the parts of an ARN."""
    assert resource_glob(pieces(pattern))(arn) == naive_resource(re.sub(r"\*+", "*", pattern), arn)


def test_patterns_with_many_stars_take_no_time():
    """A policy somebody else wrote can't keep the evaluator busy for ever."""
    for compiled in (glob, resource_glob):
        assert compiled(pieces("*a" * 40 + "*b"))("a" * 2000) is False
        assert compiled(pieces("*:*:*:*:*:b"))("a:" * 500 + "c") is False
        assert compiled(pieces("*:*b:*:*b:*:b"))("b:" * 500 + "c") is False
    like = arn_glob(pieces("arn:aws:iam::1:role/" + "*a" * 40 + "*b"))
    assert like is not None
    assert like("arn:aws:iam::1:role/" + "a" * 2000) is False


def naive_condition(operator, wanted, values):
    """What AWS's pages say of one operator, one key and its values in a call, read aloud: None is an absent key."""
    quantifier, _, name = operator.rpartition(":")
    exists_only = name.endswith("IfExists")
    name = name.removesuffix("IfExists")
    negative = "Not" in name
    like = {"Like": naive_pattern, "Equals": lambda pattern, text: pattern == text}["Like" if "Like" in name else "Equals"]

    def one(text):
        hit = any(like(pattern, text) for pattern in wanted)
        return not hit if negative else hit

    if quantifier == "ForAllValues":
        return all(one(text) for text in values or ())
    if quantifier == "ForAnyValue":
        return any(one(text) for text in values or ())
    if values is None:
        return negative or exists_only
    return one(values[0])


OPERATORS = [
    f"{quantifier}{base}{suffix}"
    for quantifier in ("", "ForAllValues:", "ForAnyValue:")
    for base in ("StringEquals", "StringNotEquals", "StringLike", "StringNotLike")
    for suffix in ("", "IfExists")
    if (quantifier, suffix) != ("ForAnyValue:", "IfExists")  # AWS's pages contradict each other: not known
]


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(OPERATORS),
    st.lists(st.sampled_from(["a", "b", "a*", "?", "*"]), min_size=1, max_size=3),
    st.one_of(st.none(), st.lists(st.sampled_from(["a", "b", "ab", "c*", "*"]), min_size=1, max_size=3)),
)
def test_conditions_are_those_of_a_naive_interpreter(operator, wanted, values):
    """A role that is allowed one action under one condition, in a call of which everything is known."""
    if values and ":" not in operator:
        values = values[:1]
    found = policy({"Effect": "Allow", "Action": "backup:*", "Resource": "*", "Condition": {operator: {"aws:TagKeys": wanted}}})
    actor = Actor(kind=PrincipalKind.ROLE, arn=ROLE, account=HERE, identity=(found,))
    context = Context(values={} if values is None else {"AWS:tagkeys": tuple(values)}, complete=True)
    verdict = decide(actor, "backup:StartBackupJob", Target(arn=RESOURCES[0], account=HERE), context).verdict
    assert verdict is (Verdict.ALLOWED if naive_condition(operator, wanted, values) else Verdict.DENIED)
