"""Two themes of our own, dark and light; every text colour reads at 4.5:1 or better."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="tutor-dark",
    dark=True,
    primary="#6ea8fe",
    secondary="#8fb8c9",
    accent="#bba4f5",
    success="#63c98a",
    warning="#e0b04c",
    error="#f0817a",
    foreground="#d7dde5",
    background="#11151a",
    surface="#181e25",
    panel="#202832",
    variables={
        "text-primary": "#8bbaff",
        "text-secondary": "#9cc6d8",
        "text-accent": "#c7b3fa",
        "text-success": "#74d79a",
        "text-warning": "#e8bf68",
        "text-error": "#ff9d96",
        "text-muted": "#9aa6b4",
        "text-disabled": "#7f8b99",
        "block-cursor-background": "#6ea8fe",
        "block-cursor-foreground": "#0c1014",
        "block-cursor-blurred-background": "#2a3442",
        "block-cursor-blurred-foreground": "#d7dde5",
        "border": "#6ea8fe",
        "border-blurred": "#5f6c7b",
        "scrollbar": "#3c4857",
        "scrollbar-background": "#181e25",
        "input-selection-background": "#35517d",
        "screen-selection-background": "#35517d",
    },
)

LIGHT = Theme(
    name="tutor-light",
    dark=False,
    primary="#1558b0",
    secondary="#2c6478",
    accent="#6b3fb5",
    success="#1a7f42",
    warning="#8a5a00",
    error="#b3261e",
    foreground="#1d2329",
    background="#f8f9fb",
    surface="#eef1f5",
    panel="#e4e8ee",
    variables={
        "text-primary": "#0f4a97",
        "text-secondary": "#23566a",
        "text-accent": "#5a31a0",
        "text-success": "#12632f",
        "text-warning": "#714900",
        "text-error": "#981b15",
        "text-muted": "#525d69",
        "text-disabled": "#616c78",
        "block-cursor-background": "#1558b0",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-blurred-background": "#cdd6e2",
        "block-cursor-blurred-foreground": "#1d2329",
        "border": "#1558b0",
        "border-blurred": "#7b8794",
        "scrollbar": "#a9b4c0",
        "scrollbar-background": "#eef1f5",
        "input-selection-background": "#b7cdec",
        "screen-selection-background": "#b7cdec",
    },
)

THEMES = (DARK, LIGHT)
