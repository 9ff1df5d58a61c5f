"""The measured data files that come with the package; files/SOURCES.md says where each is from."""

from importlib.resources import files


def shipped_text(file_name: str) -> str:
    """The text of one shipped file; it works from a clone, an installed wheel and a zip file alike."""
    return files("explorer.datasets").joinpath("files", file_name).read_text(encoding="utf-8")
