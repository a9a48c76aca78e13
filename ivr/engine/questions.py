"""Survey questions: options by key, several keys, numbers, ratings, voice; refusal, skipping, one answer kept at a time."""

from collections.abc import Iterator

from ivr.engine import commands as do
from ivr.engine.asking import ask, entered, repeats, wrong
from ivr.engine.events import Event, RecordDone
from ivr.engine.keys import Input, Wanted
from ivr.engine.turn import Turn
from ivr.expressions import Value
from ivr.flow.builtin import NAMES, PREFIX
from ivr.flow.nodes import Question
from ivr.flow.nodes.questions import Option
from ivr.flow.prompts import label_in


def enter_question(turn: Turn, node: Question) -> None:
    if node.skip_if is not None and node.skip_if(turn):
        turn.settle(turn.state.node, "not_asked")
        turn.goto(node.next)
        return
    if node.consent and not _disclosed(turn):
        turn.fault("consent asked for before everything was disclosed")
        return
    _put(turn, node)


def _disclosed(turn: Turn) -> bool:
    return all(name in turn.state.heard for name in turn.flow.head.disclosures)


def _put(turn: Turn, node: Question) -> None:
    first = len(turn.words)
    turn.say(node.prompt, barge_in=node.barge_in, rate=node.rate)
    _say_keys(turn, node)
    turn.state.asked = turn.state.node
    turn.state.said = " ".join(one.text for one in turn.words[first:])[:1000] if node.consent else ""
    if node.kind == "record":
        _listen(turn, node)
        return
    # consent is never given ahead of its question
    _answered(turn, node, ask(turn, node, _wanted(turn, node), ahead=not node.consent))


def resume_question(turn: Turn, node: Question, event: Event) -> None:
    if isinstance(event, RecordDone):
        _heard(turn, node, event)
        return
    _answered(turn, node, entered(turn, event, _wanted(turn, node)))


# --- how to answer ----------------------------------------------------------------------------------------------------


def _say_keys(turn: Turn, node: Question) -> None:
    if node.keys_prompt is not None:
        turn.say(node.keys_prompt, barge_in=node.barge_in, rate=node.rate)
        return
    prepared = turn.flow.prepared
    key = ("keys", turn.state.node, turn.state.language)
    words = prepared.get(key)
    if words is None:
        first = len(turn.words)
        used = _say_built_in(turn, node)
        words = turn.words[first:]
        if used <= NAMES:  # a flow's own wording of these may speak of the session as well
            prepared[key] = words
        return
    turn.words.extend(words)


def _say_built_in(turn: Turn, node: Question) -> set[str]:
    """Gives the names its words depend on."""
    used: set[str] = set()
    for name, _, local in key_words(node, turn.state.language):
        turn.local = local
        prompt = turn.flow.prompt(PREFIX + name)
        turn.words.append(turn.spoken(prompt, PREFIX + name, node.barge_in, node.rate))
        turn.local = {}
        used |= prompt.names()
    return used


def key_words(node: Question, language: str) -> Iterator[tuple[str, str, dict[str, Value]]]:
    """How to answer it: built-in prompts, the option's code for each option, and the values the prompt puts in."""
    for option in node.options:
        label = label_in(option.label, language, option.code)
        yield "option", option.code, {"label": label, "key": _key(language, option.key)}
    if node.kind == "multiple":
        yield "enough", "", {"key": _key(language, node.enough_key)}
    elif node.kind == "number":
        yield "number", "", {}
    elif node.kind == "rating":
        yield (
            "rating_zero_is_ten" if node.zero_is_ten else "rating",
            "",
            {"least": node.min, "most": node.max},
        )


def _key(language: str, key: str) -> Value:
    """`#` and `*` have names, and a synthesiser does not know them."""
    names = {"en": {"#": "hash", "*": "star"}, "zh": {"#": "井号键", "*": "星号键"}}
    return names.get(language, {}).get(key, key)


def _wanted(turn: Turn, node: Question) -> Wanted:
    key = ("wanted", turn.state.node)
    wanted: Wanted | None = turn.flow.prepared.get(key)
    if wanted is None:
        wanted = turn.flow.prepared[key] = _made_wanted(turn, node)
    return wanted


def _made_wanted(turn: Turn, node: Question) -> Wanted:
    refusal = turn.flow.head.refusal
    refuse = refusal.key if refusal is not None and node.refusal else ""
    if node.kind == "single":
        keys = {option.key for option in node.options}
        return Wanted(1, keys=frozenset([*keys, *refuse, *node.repeat_key]))
    if node.kind == "rating" and node.zero_is_ten:
        return Wanted(1, keys=frozenset([*"0123456789", *refuse, *node.repeat_key]))
    instant = frozenset([*node.repeat_key, *(refuse if refuse in ("*", "#") else "")])
    most = len(node.options) if node.kind == "multiple" else len(str(node.max))
    return Wanted(max(1, most), node.enough_key, instant=instant)


# --- the answer -------------------------------------------------------------------------------------------------------


def _answered(turn: Turn, node: Question, found: Input | None) -> None:
    if found is None:
        return
    state, taken = turn.state, found.taken
    state.wait, state.buffer = "", found.rest
    refusal = turn.flow.head.refusal
    if repeats(node, found):
        return
    if refusal is not None and node.refusal and taken == refusal.key:
        turn.settle(state.node, "refused")
        turn.goto(refusal.next)
        return
    if not taken:
        _in_vain(turn, node, "no_input")
        return
    options = _options(node, taken)
    value = _value(node, taken, options)
    turn.local = {"value": value}
    if value is None or (node.check is not None and not node.check(turn)):
        _in_vain(turn, node, "invalid")
        return
    _keep(turn, node, value, options)


def _options(node: Question, taken: str) -> list[Option]:
    """Those chosen, in the order of the question, each once; none when a key stands for nothing."""
    chosen = [option for option in node.options if option.key in taken]
    return chosen if len(chosen) == len(set(taken)) else []


def _value(node: Question, taken: str, options: list[Option]) -> Value:
    """None when it is no answer."""
    match node.kind:
        case "single":
            return options[0].code if options else None
        case "multiple":
            return [option.code for option in options] or None
        case _:
            if not (taken.isascii() and taken.isdigit()):
                return None
            number = 10 if node.zero_is_ten and taken == "0" else int(taken)
            return number if node.min <= number <= node.max else None


def _keep(turn: Turn, node: Question, value: Value, options: list[Option]) -> None:
    facts = {name: fact for option in options for name, fact in option.facts.items()}
    for name, fact in facts.items():
        turn.set(name, fact)
    state = turn.state
    state.pending = {"value": value, "facts": facts, "next": options[0].next if len(options) == 1 else None}
    if any(option.record for option in options):
        state.tries = 0
        turn.say(node.record_prompt, rate=node.rate)
        _listen(turn, node)
        return
    _go_on(turn, node, "")


def _go_on(turn: Turn, node: Question, clip: str) -> None:
    pending = turn.state.pending or {"value": clip, "facts": {}, "next": None}
    turn.settle(turn.state.node, "answered", pending["value"], pending["facts"], clip)
    turn.goto(pending["next"] or node.next)


def _in_vain(turn: Turn, node: Question, failure: str) -> None:
    name = turn.state.node
    if not wrong(turn, node, failure):
        turn.settle(name, "no_answer")


# --- a voice ----------------------------------------------------------------------------------------------------------


def _listen(turn: Turn, node: Question) -> None:
    turn.state.buffer = ""
    turn.commands.append(
        do.Record(
            prompts=turn.take_words(),
            longest_s=node.longest,
            silence_s=node.silence,
            terminator=node.enough_key,
            beep=True,
            turn=turn.wait("record"),
        )
    )


def _heard(turn: Turn, node: Question, event: RecordDone) -> None:
    state = turn.state
    state.wait = ""
    if event.clip and event.seconds >= 1:
        _go_on(turn, node, event.clip[:200])
        return
    chosen = state.pending is not None
    state.tries += 1
    if state.tries < node.tries:
        turn.say(node.no_input)
        if chosen:
            turn.say(node.record_prompt, rate=node.rate)
            _listen(turn, node)
        return  # a question for a voice is put again from its beginning
    if chosen:  # the option itself was chosen: that much is an answer
        _go_on(turn, node, "")
        return
    name = state.node
    turn.fail(node.on_no_input or node.on_failure, "no_input")
    turn.settle(name, "no_answer")
