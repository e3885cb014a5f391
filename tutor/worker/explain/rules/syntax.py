"""Code that Python could not read: one friendly sentence, no rules of grammar."""

from __future__ import annotations

import re

from tutor.plain import clip
from tutor.wire.explanation import Explanation, Fix

_TABLE: list[tuple[str, str, str, str]] = [
    (r"expected ':'|expected ':'", "A colon is missing",
     "Lines that begin a block (if, for, while, def, class, with, else) end with a colon.",
     "add : at the end of the line"),
    (r"'(.)' was never closed", "A bracket was never closed",
     "Python read on to the end and found no partner for it.", "add the closing bracket"),
    (r"closing parenthesis '(.)' does not match opening parenthesis '(.)'",
     "The brackets do not match", "Each bracket is closed by one of its own kind.", ""),
    (r"unmatched '(.)'", "There is a closing bracket too many",
     "Nothing is open that it could close.", "remove it, or add the opening one"),
    (r"unterminated (?:f-)?string literal|EOL while scanning", "A text was never closed",
     "A text ends with the same quote that began it, on the same line.", "add the closing quote"),
    (r"unterminated triple-quoted", "A long text was never closed",
     "It ends with the three quotes that began it.", 'add the closing """'),
    (r"expected an indented block after (.*?) on line (\d+)", "A block is missing",
     "The line with the colon promises indented lines below it.",
     "indent what belongs to it by 4 spaces, or write pass"),
    (r"unexpected indent", "This line is indented too far",
     "Only lines below a colon are indented.", "move it to the left"),
    (r"unindent does not match any outer indentation level", "The indentation is uneven",
     "A line that ends a block stands exactly below the lines before that block.",
     "indent every level by 4 spaces"),
    (r"inconsistent use of tabs", "Tabs and spaces are mixed",
     "They look alike, but Python counts them differently.", "use spaces only"),
    (r"Maybe you meant '==' |cannot assign to .* here\. Maybe you meant", "= assigns, == compares",
     "A single = gives a name a value, and cannot be part of a condition.", "write == to compare"),
    (r"invalid syntax\. Perhaps you forgot a comma", "Something is missing between two values",
     "Perhaps a comma, or an operator such as *.", "put a comma or an operator between them"),
    (r"cannot assign to (.*)", "This cannot get a value",
     "On the left of = stand names, items and attributes.", ""),
    (r"'return' outside function", "return stands outside a function",
     "Perhaps the line is indented too little.", "indent it into the function"),
    (r"'(break|continue)' (?:outside|not properly in) loop", "This stands outside a loop",
     "break and continue work only within for and while.", ""),
    (r"positional argument follows keyword argument", "The order of the arguments is not possible",
     "Arguments with a name come after those without.", "move name=value to the end"),
    (r"Missing parentheses in call to 'print'", "print needs parentheses",
     "print is a function.", "print(…)"),
    (r"invalid (?:non-printable )?character|invalid character '(.)'",
     "There is a character that Python does not know",
     "Copied code often holds typographic quotes or dashes, or invisible spaces.",
     "type the quotes and spaces of this line anew"),
    (r"invalid decimal literal|leading zeros",
     "A name or number begins in a way that is not possible",
     "Names do not begin with a digit, numbers not with 0.", ""),
    (r"expected 'except' or 'finally' block", "A try needs an except",
     "After the lines of try comes what happens on an error.", "add except Exception as error:"),
    (r"keyword argument repeated", "An argument was given twice", "Each name may appear once.", ""),
    (r"'await' outside|'yield' outside", "This works only in a function", "", ""),
]  # fmt: skip


def syntax(error: SyntaxError, file: str) -> Explanation:
    """What Python could not read, and the nearest remedy."""
    message = clip(error.msg or "", 500)
    text = clip((error.text or "").strip() if type(error.text) is str else "", 200)
    title, why, remedy = "Python could not read this line", "", ""
    for pattern, its_title, its_why, its_remedy in _TABLE:
        if re.search(pattern, message):
            title, why, remedy = its_title, its_why, its_remedy
            break
    own = error.filename == file
    fixes = (Fix(remedy),) if remedy else ()
    if not why:
        why = "Look at the marked place and just before it: a bracket, quote, comma or colon."
        if re.match(r"(else|elif)\s*$|else if\b", text):
            why = "Python writes `elif condition:` and `else:`."
        elif re.search(r"\b\w+\s*\+\+|\+\+\s*\w+", text):
            why = "Python has no ++; write x += 1."
        elif re.search(r"&&|\|\|", text):
            why = "Python writes `and` and `or`."
    line = error.lineno if own and type(error.lineno) is int else 0
    column = error.offset if own and type(error.offset) is int else 0
    return Explanation("syntax", title, why, text, max(line, 0), max(column, 0), fixes=fixes)
