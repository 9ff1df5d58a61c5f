"""Widgets made from the settings table, and the session's own copy of the settings.

Streamlit forgets a widget that is not drawn; the settings record in the session does not.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from time import monotonic
from typing import Any

import streamlit as st

from explorer.errors import InputError
from explorer.screens.parts.link import taken_from_link
from explorer.settings import Choice, Numbers, Settings, Several, Switch, Whole, read_query, settings_of

# For so many seconds after a callback has set a widget the browser may not have heard of it.
UNHEARD = 2.0


class Form:
    """The widgets of one settings record; drawing one reads its value into the record."""

    def __init__(self, name: str, record: type[Settings]):
        self._name = name
        self._described = settings_of(record)
        self._problem: InputError | None = None
        entries = taken_from_link(record)
        if entries or name not in st.session_state:
            settings, problems = read_query(record, entries)
            st.session_state[name] = settings
            st.session_state["link_problems"] += problems

    @property
    def settings(self) -> Any:
        return st.session_state[self._name]

    def draw(self, name: str, *, options: Mapping[Any, str] | None = None, **looks: Any) -> Any:
        """Draw the widget of a setting and return its value; `options` narrows a choice."""
        setting, key, now = self._described[name], self._key(name), getattr(self.settings, name)
        # A widget that the browser has not shown yet (in a closed popover) starts from its default there, whatever
        # the session holds: so the default is the setting. Streamlit allows only one of both where a callback set it.
        was_set = key in self._set_by_callback
        self._set_by_callback.discard(key)
        if self._is_from_before(key):
            # The browser sends all values with every change, this one perhaps before it has heard that it was set, and
            # shows the new one afterwards: the picture would be that of the old one.
            st.session_state[key] = now
            was_set = True
        default = {} if was_set else {"value": now}
        match setting:
            case Whole(label, _, low, high, help_, usual):
                value = st.slider(label, low, max(usual or high, now), key=key, help=help_, **default, **looks)
            case Choice(label, _, known, help_):
                value = _draw_choice(label, options or known, now, was_set, key=key, help=help_, **looks)
            case Several(label, _, known, help_):
                default = {} if was_set else {"default": now}
                chosen = st.multiselect(
                    label, list(known), format_func=known.get, key=key, help=help_, **default, **looks
                )
                value = tuple(option for option in known if option in chosen)
            case Switch(label, _, help_):
                value = st.toggle(label, key=key, help=help_, **default, **looks)
            case Numbers(label, _, help_):
                value = st.text_input(label, key=key, help=help_, **default, **looks)
        try:
            st.session_state[self._name] = replace(self.settings, **{name: value})
        except InputError as error:
            self._problem = error  # the setting keeps its last good value, the widget what was typed
        return getattr(self.settings, name)

    def chosen(self, name: str) -> Any:
        """Return what the widget of a setting holds, which a callback sees before the setting has it."""
        return st.session_state[self._key(name)]

    def check(self) -> None:
        """Raise InputError where something typed into a widget cannot be used."""
        if self._problem is not None:
            raise self._problem

    def dice(self, *names: str, **looks: Any) -> None:
        """Draw a button that gives the named seeds other values."""
        st.button(
            "Another seed",
            key=f"{self._name}_dice",
            icon=":material/casino:",
            on_click=self._roll(names),
            **looks,
        )

    def change(self, name: str, value: Any) -> None:
        """Set a setting from a callback, together with its widget."""
        key = self._key(name)
        before = [st.session_state.get(key), *self._values_before(key)]
        self._set_lately[key] = monotonic() + UNHEARD, [each for each in before if each != value]
        st.session_state[self._name] = replace(self.settings, **{name: value})
        st.session_state[key] = value
        self._set_by_callback.add(key)

    def _is_from_before(self, key: str) -> bool:
        """Whether a widget has a value from before a callback set it a moment ago."""
        return key in st.session_state and st.session_state[key] in self._values_before(key)

    def _values_before(self, key: str) -> list[Any]:
        until, values = self._set_lately.get(key, (0.0, []))
        return values if monotonic() < until else []

    def _roll(self, names: tuple[str, ...]) -> Callable[[], None]:
        def roll() -> None:
            for name in names:
                setting, now = self._described[name], getattr(self.settings, name)
                others = (setting.usual or setting.high) - setting.low
                drawn = setting.low + secrets.randbelow(others)
                self.change(name, drawn + (drawn >= now))

        return roll

    @property
    def _set_by_callback(self) -> set[str]:
        return st.session_state.setdefault(f"{self._name}_set_by_callback", set())

    @property
    def _set_lately(self) -> dict[str, tuple[float, list[Any]]]:
        """By widget, until when the browser may not know what it was set to, and what it had before."""
        return st.session_state.setdefault(f"{self._name}_set_lately", {})

    def _key(self, name: str) -> str:
        return f"{self._name}_{name}"


def _draw_choice(
    label: str, options: Mapping[Any, str], now: Any, was_set: bool, *, slider: bool = False, **looks: Any
) -> Any:
    """Draw a choice as a slider over its named options, or as a box."""
    names = list(options)
    if slider:
        default = {} if was_set else {"value": now}
        return st.select_slider(label, names, format_func=options.get, **default, **looks)
    default = {} if was_set else {"index": names.index(now)}
    return st.selectbox(label, names, format_func=options.get, **default, **looks)
