"""Languages that no rule reads, by the suffixes of their files."""

from __future__ import annotations

# Their files are counted, so that no report is silent about them.
NOT_READ = {
    ".php": "PHP",
    ".rb": "Ruby",
    ".go": "Go",
    ".java": "Java",
    ".kt": "Kotlin",
    ".cs": "C#",
    ".rs": "Rust",
    ".pl": "Perl",
    ".pm": "Perl",
    ".scala": "Scala",
    ".ex": "Elixir",
    ".exs": "Elixir",
    ".lua": "Lua",
    ".swift": "Swift",
    ".dart": "Dart",
    ".ps1": "PowerShell",
    ".coffee": "CoffeeScript",
    ".ejs": "EJS",
    ".erb": "ERB",
    ".md": "Markdown",
    ".markdown": "Markdown",
    ".mdx": "Markdown",
    ".rst": "reStructuredText",
}
