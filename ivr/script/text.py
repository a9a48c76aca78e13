"""The script on paper: Markdown with boxes to tick."""

from ivr.script.document import Choice, Script, Step
from ivr.words import Language, say


def as_markdown(script: Script, language: Language) -> str:
    lines = [f"# {script.title}", "", f"{script.flow} · {script.version[:12]} · {script.language}", ""]
    for step in script.steps:
        lines += _step(step, language)
    if script.checks:
        lines += [f"## {say('script.checks', language)}", ""]
        lines += [f"- [ ] {name}: `{check}`" for name, check in script.checks.items()]
        lines.append("")
    return "\n".join(lines)


def _step(step: Step, language: Language) -> list[str]:
    lines = [f"## {step.title}" + (f" ({step.name})" if step.title != step.name else ""), ""]
    if step.skip_if:
        lines += [f"*{say('script.skip', language, condition=step.skip_if)}*", ""]
    if step.words:
        lines += [f"> {step.words}", ""]
    if step.must_be_heard:
        lines += [f"**{say('script.must_be_heard', language)}**", ""]
    if step.slow:
        lines += [f"*{say('script.slow', language)}*", ""]
    if step.consent:
        lines += [f"**{say('script.consent', language)}**", ""]
    if step.hint:
        lines += [f"*{step.hint}*", ""]
    lines += _answers(step, language)
    lines += _onwards(step, language)
    return [*lines, ""]


def _answers(step: Step, language: Language) -> list[str]:
    lines = [_choice(choice, step, language) for choice in step.choices]
    if step.kind in ("number", "rating"):
        lines.append(f"- {say('script.number', language, least=step.least, most=step.most)}: ______")
    elif step.kind in ("text", "input"):
        lines.append(f"- {say('script.text', language)}: ______________________")
    if step.refusal:
        lines.append(f"- [ ] {step.refusal.label} → {step.refusal.next}")
    return lines


def _choice(choice: Choice, step: Step, language: Language) -> str:
    label = f"**{choice.label}**" if choice.emphasis else choice.label
    more = f": ______________ ({say('script.own_words', language)})" if choice.say else ""
    onwards = f" → {choice.next}" if choice.next != step.next else ""
    return f"- [ ] {label}{more}{onwards}"


def _onwards(step: Step, language: Language) -> list[str]:
    lines = [f"- `{condition}` → {target}" for condition, target in step.conditions]
    if step.kind == "end":
        lines.append(say("script.end", language, result=step.result or ""))
    elif step.next and step.kind != "choose":
        lines += ["", f"→ {step.next}"]
    return lines
