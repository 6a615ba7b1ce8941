"""Decoders of legacy contents: text as an application stored it becomes lines, and lines become that text again."""
