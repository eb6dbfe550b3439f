"""Every experiment of the course that needs a graphics card, each in a process of its own.

    python -m course_utils.machine.card --to card.json

It needs PyTorch alone; TensorFlow's experiments say why where TensorFlow sees no card.
"""
