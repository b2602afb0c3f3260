"""What holds, and what does not."""


class Report:
    def __init__(self, is_quiet=False):
        self.is_quiet = is_quiet
        self.passed = 0
        self.failed = 0

    def check(self, holds, problem):
        """Counts a check, and prints the problem of one that fails."""
        if holds:
            self.passed += 1
        else:
            self.failed += 1
            if self.is_quiet:
                return False
            print(f"FAIL {problem}", flush=True)
        return bool(holds)

    def finish(self):
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed or not self.passed else 0
