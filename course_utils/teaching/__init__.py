"""For those who teach: pages, schedules, a workshop, quizzes, slides, a room of machines."""
