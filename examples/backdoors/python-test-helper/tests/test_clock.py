import unittest

from fakeclock import Clock


class ClockTest(unittest.TestCase):
    def test_goes_forward(self):
        clock = Clock()
        before = clock.now
        clock.forward(60)
        self.assertEqual(clock.now - before, 60)
