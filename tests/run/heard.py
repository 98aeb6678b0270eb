"""A listener that keeps what it is told."""


class Heard:
    def __init__(self):
        self.plans, self.results, self.notices = [], [], []

    def planned(self, summary):
        self.plans.append(summary)

    def finished(self, result, cached):
        self.results.append((result.spec, cached))

    def notice(self, text):
        self.notices.append(text)
