"""The commands of `huying`, a file per noun; `cli` puts them together."""
