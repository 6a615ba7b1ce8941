"""Writing of a Final Draft file: lines become paragraphs, with their notes, page breaks and title page."""
