"""Expressions of a flow: a small language of its own, so that nothing in a flow file can run code.

    expression  = conjunction { "or" conjunction }
    conjunction = negation { "and" negation }
    negation    = "not" negation | comparison
    comparison  = sum [ ("==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "not" "in") sum ]
    sum         = product { ("+" | "-") product }
    product     = factor { ("*" | "/" | "%") factor }
    factor      = "-" factor | atom
    atom        = number | 'text' | "text" | true | false | null | name { "." name }
                | function "(" [ expression { "," expression } ] ")" | "[" [ expression { "," ... } ] "]" | "(" expression ")"

Values are text, numbers, true, false, null and lists of them. What a caller keyed in is text, so that leading zeros
stay; beside a number it counts as the number it spells. An order of null with anything is false. `and` and `or`
give true or false. No loops, no assignment, no attribute of any object: every expression ends, and its size
(`LONGEST`, `DEEPEST`, `MOST_PARTS`) and the size of what it makes are bounded.
"""

from ivr.expressions.evaluation import Expression, Scope, compile_expression, truth
from ivr.expressions.functions import Value

__all__ = ["Expression", "Scope", "Value", "compile_expression", "truth"]
