"""Templates are skeletons: what they may do is loops, ifs on names, and lookups."""

from __future__ import annotations

import pytest
from jinja2 import UndefinedError, nodes

from partialc.emit.templates import environment, templates_folder

ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.Getattr,
    nodes.Getitem,
    nodes.For,
    nodes.If,
    nodes.Not,
)


def forbidden(text: str) -> list[str]:
    """What a template holds beyond the allowed constructs."""
    tree = environment().parse(text)
    found = [
        type(node).__name__
        for node in tree.find_all(nodes.Node)
        if not isinstance(node, ALLOWED)
    ]
    for branch in tree.find_all(nodes.If):
        test = branch.test.node if isinstance(branch.test, nodes.Not) else branch.test
        if not isinstance(test, nodes.Name | nodes.Getattr):
            found.append(f"if on {type(test).__name__}")
    return found


@pytest.mark.parametrize("name", environment().list_templates() or [None])
def test_a_template_holds_no_logic(name: str | None) -> None:
    if name is None:
        pytest.fail(f"no templates in {templates_folder()}")
    text = (templates_folder() / name).read_text()
    assert forbidden(text) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{{ a + b }}", "Add"),
        ("{{ a | upper }}", "Filter"),
        ("{{ f(a) }}", "Call"),
        ("{% set a = b %}", "Assign"),
        ("{% if a == b %}{% endif %}", "Compare"),
        ("{% if a['k'] %}{% endif %}", "if on Getitem"),
    ],
)
def test_logic_is_noticed(text: str, fault: str) -> None:
    assert fault in forbidden(text)


def test_an_undefined_name_is_an_error_and_nothing_is_escaped() -> None:
    with pytest.raises(UndefinedError):
        environment().from_string("{{ missing }}").render()
    assert environment().from_string("{{ a }}\n").render(a="x < y") == "x < y\n"
