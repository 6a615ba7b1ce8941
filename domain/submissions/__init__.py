"""What producers send, and the answers they receive."""
